"""The only file of this connector that talks to Huma: every call with its token, its budget and its record.

Bodies are never logged or kept, and neither are the values of searches.
"""

import json
from collections.abc import AsyncIterator, Callable
from functools import partial
from http import HTTPStatus
from typing import Final, TypeVar

from connectors.huma import classify, encode, refusal_words
from connectors.huma.classify import One, Written
from connectors.huma.settings import HumaSettings
from connectors.huma.translate import SYSTEM
from connectors.huma.wire import Fields
from infra import tenants, words
from infra.access.connections import Connection, Connections, Renew, TokenOutcome
from infra.delivery.answers import Missing, Page, Unauthorised
from infra.delivery.calls import UNREACHABLE_WAIT, Calls, told, unanswered, unheard
from infra.delivery.reading import answered, pages
from infra.http import Client, NoAnswer, NotSent, Response
from infra.plugin import Attempt, Host, NotRevoked
from infra.verdicts import Granted, Refused, Rejected, RetryLater, Unknown
from schemas.words import Text

PARTY: Final = "Huma"
_Answer = TypeVar("_Answer")


class Huma:
    """One company's Huma, over a client of the caller's.

    Args:
        tries: how often a question is asked at most.
        token: an access token that is only tried; None takes the company's.
    """

    def __init__(self, tenant: str, host: Host, client: Client, *, tries: int = 1, token: str | None = None) -> None:
        self.tenant, self.host = tenant, host
        self._tries, self._tried = tries, token
        self._connections = Connections(host.engine, host.vault)
        self._renew = _renewing(host.settings.of(HumaSettings), tenant)
        self._calls = Calls(client, SYSTEM, PARTY, tenant, host.settings.of(HumaSettings).api_url, _told)

    async def chosen(self) -> Fields:
        """Return the fields that the company has chosen."""
        settings, _ = await tenants.settings_in_force(self.host.engine, self.tenant)
        return settings.hr_fields(SYSTEM)

    async def one(self, request: encode.Request, attempt: Attempt) -> One | Missing:
        """Read one record. Raises NotRead."""
        return await self._ask(request, attempt, classify.one)

    def pages(self, request: encode.Request, attempt: Attempt) -> AsyncIterator[Page]:
        """Read a list to its end. Raises NotRead."""
        return pages(PARTY, request, lambda request: self._ask(request, attempt, classify.page))

    async def write(
        self, request: encode.Request, attempt: Attempt, values: tuple[str, ...]
    ) -> Written | Rejected | RetryLater | Unknown:
        """Write a record, once; ``values`` are what must not be shown of an answer that repeats them."""
        return await self._call(request, attempt, read=partial(classify.written, values=values), lost=unheard)

    async def _ask(
        self, request: encode.Request, attempt: Attempt, read: Callable[[Response], _Answer | RetryLater | Unauthorised]
    ) -> _Answer:
        lost = unanswered(PARTY)
        return await answered(lambda: self._call(request, attempt, read=read, lost=lost), self._tries)

    async def _call(
        self,
        request: encode.Request,
        attempt: Attempt,
        *,
        read: Callable[[Response], _Answer | Unauthorised],
        lost: Callable[[str], _Answer],
    ) -> _Answer | RetryLater:
        """Make a call; when its access token is refused, nothing was done, and it is made once more with a new one."""
        for _ in range(2):
            token = self._tried or await self._connections.access(self.tenant, SYSTEM, self._renew)
            if isinstance(token, RetryLater):
                return token
            answer = await self._calls.send(request, token, attempt, read=read, lost=lost)
            if not isinstance(answer, Unauthorised):
                return answer
            if self._tried is None:
                await self._connections.refused(self.tenant, SYSTEM, token)
        return classify.fresh_token_refused()


async def ask_for_token(
    settings: HumaSettings, tenant: str, secret: str, may_send: Callable[[], None] | None = None
) -> TokenOutcome:
    """Ask for an access token with a company's client id and secret, in the form in which its connection keeps them."""
    form = {"grant_type": "client_credentials", **json.loads(secret)}
    try:
        async with Client(timeout=settings.request_timeout, headers={"Accept": "application/json"}) as client:
            answer = await client.send("POST", f"{settings.api_url}/auth/oauth/token", form=form, may_send=may_send)
    except (NotSent, NoAnswer) as error:
        why = refusal_words.TOKENS_UNREACHABLE(how=str(error))
        return RetryLater.saying(UNREACHABLE_WAIT, "auth_unreachable", why)
    return classify.token(answer, tenant)


async def end_consent(host: Host, held: Connection) -> str:
    """Have a company's tokens revoked; return what is left to do in Huma. Raises NotRevoked."""
    left = f"delete bokbuss's client id and its webhook in the Huma of {held.tenant}"
    secret = await Connections(host.engine, host.vault).refresh_token(held.tenant, SYSTEM)
    settings = host.settings.of(HumaSettings)
    granted = (
        await ask_for_token(settings, held.tenant, secret)
        if secret
        else Refused("needs_consent", refusal_words.NOTHING_KEPT())
    )
    if isinstance(granted, Refused):
        return left  # nothing that we hold opens anything
    if not isinstance(granted, Granted):
        raise NotRevoked(f"Huma has not confirmed that the access is revoked: {granted.why}")
    bearer = {"Authorization": f"Bearer {granted.access}"}
    try:
        async with Client(timeout=settings.request_timeout, headers=bearer) as client:
            answer = await client.send("POST", f"{settings.api_url}/auth/oauth/revoke")
    except (NotSent, NoAnswer) as error:
        raise NotRevoked(f"Huma has not confirmed that the access is revoked: {error}") from error
    if answer.status >= HTTPStatus.BAD_REQUEST:
        raise NotRevoked(f"Huma has not confirmed that the access is revoked: status {answer.status}")
    return left


def kept(client_id: str, client_secret: str) -> str:
    """Return a company's client id and secret as one text."""
    return json.dumps({"client_id": client_id, "client_secret": client_secret})


def _renewing(settings: HumaSettings, tenant: str) -> Renew:
    async def renew(_held: Connection, secret: str | None, may_send: Callable[[], None]) -> TokenOutcome:
        if secret is None:
            return Refused("needs_consent", refusal_words.NOTHING_KEPT())
        return await ask_for_token(settings, tenant, secret, may_send)

    return renew


def _told(answer: object) -> tuple[str, Text]:
    match answer:
        case Written():
            return "written", words.WRITTEN()
        case One():
            return "ok", words.READ()
        case _:
            return told(answer)
