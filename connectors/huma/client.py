"""The only file of this connector that talks to Huma: every call with its token, its budget and its record.

Bodies are never logged or kept, and neither are the values of searches.
"""

import json
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from http import HTTPStatus
from typing import Final, TypeVar
from urllib.parse import urlsplit

from connectors.huma import classify, encode
from connectors.huma.classify import Missing, One, Page, Written
from connectors.huma.settings import HumaSettings
from connectors.huma.translate import SYSTEM
from infra import clock, telemetry
from infra.access.connections import Connections, Held, Outcome, Renew
from infra.http import Client, NoAnswer, NotSent, Response
from infra.plugin import Attempt, Host, NotRevoked
from infra.verdicts import Granted, Refused, Rejected, RetryLater, Unknown
from schemas.audit import Call

_UNREACHABLE_WAIT: Final = 2.0
_RESTARTS: Final = 3
_Answer = TypeVar("_Answer")


class NotRead(Exception):
    """A question has no answer for now; ``verdict`` says why, and when to ask again."""

    def __init__(self, verdict: RetryLater) -> None:
        self.verdict = verdict
        super().__init__(verdict.why)


class Huma:
    """One company's Huma, over a client of the caller's.

    Args:
        tries: how often a question is asked at most.
        token: an access token that is only tried; None takes the company's.
    """

    def __init__(self, tenant: str, host: Host, client: Client, *, tries: int = 1, token: str | None = None) -> None:
        self.tenant, self.host = tenant, host
        self._tries, self._tried = tries, token
        self._settings = host.settings.of(HumaSettings)
        self._connections = Connections(host.engine, host.vault)
        self._renew = _renewing(self._settings, tenant)
        self._client = client

    async def one(self, request: encode.Request, attempt: Attempt) -> One | Missing:
        """Read one record. Raises NotRead."""
        return await self._ask(request, attempt, classify.one)

    async def pages(self, request: encode.Request, attempt: Attempt) -> AsyncIterator[Page]:
        """Read a list to its end, page by page, by whatever size of page it answers with.

        Each page begins with the last record of the one before. If it does not, records before it are gone, and others
        moved past us: the list is read from its beginning again, so a record may come twice, but none is missed.

        Raises:
            NotRead: also when a list moves each time it is read.
        """
        for _ in range(_RESTARTS):
            offset, last = 0, None
            while True:
                page = await self._ask(request.at(offset), attempt, classify.page)
                items = page.items
                if last is not None:
                    if not items or items[0].get("id") != last:
                        break
                    items = items[1:]
                if items or not offset:
                    yield Page(items, page.total)
                reached = offset + len(page.items)
                if reached >= page.total:
                    return
                if not items:
                    break
                offset, last = reached - 1, items[-1].get("id")
        why = "Huma's list changed each time while it was read"
        raise NotRead(RetryLater(_UNREACHABLE_WAIT, "list_moved", why, alone=True))

    async def write(
        self, request: encode.Request, attempt: Attempt, values: tuple[str, ...]
    ) -> Written | Rejected | RetryLater | Unknown:
        """Write a record, once; ``values`` are what must not be shown of an answer that repeats them."""
        return await self._call(
            request,
            attempt,
            read=lambda response: classify.written(response, values),
            lost=lambda why: Unknown(f"it was sent and no answer came: {why}"),
        )

    async def _ask(
        self, request: encode.Request, attempt: Attempt, read: Callable[[Response], _Answer | RetryLater]
    ) -> _Answer:
        tries = 0
        while True:
            answer = await self._call(request, attempt, read=read, lost=_unanswered)
            if not isinstance(answer, RetryLater):
                return answer
            tries += 1
            if answer.who is not None or tries >= self._tries:
                raise NotRead(answer)
            await clock.sleep(answer.after)

    async def _call(
        self,
        request: encode.Request,
        attempt: Attempt,
        *,
        read: Callable[[Response], _Answer],
        lost: Callable[[str], _Answer | RetryLater],
    ) -> _Answer | RetryLater:
        """Make a call; when its access token is refused, nothing was done, and it is made once more with a new one."""
        for _ in range(2):
            token = self._tried or await self._connections.access(self.tenant, SYSTEM, self._renew)
            if isinstance(token, RetryLater):
                return replace(token, why=token.why.replace("bokbuss connect", f"bokbuss {SYSTEM} connect"))
            answer = await self._send(request, attempt, token, read, lost)
            if answer is not None:
                return answer
            if self._tried is None:
                await self._connections.refused(self.tenant, SYSTEM, token)
        return classify.fresh_token_refused()

    async def _send(
        self,
        request: encode.Request,
        attempt: Attempt,
        token: str,
        read: Callable[[Response], _Answer],
        lost: Callable[[str], _Answer | RetryLater],
    ) -> _Answer | RetryLater | None:
        """Send a request and put it on record; None when the token is refused."""
        await attempt.take()
        at, start = clock.now(), clock.monotonic()
        status: int | None = None
        answer: _Answer | RetryLater | None
        try:
            response = await self._client.send(
                request.method,
                f"{self._settings.api_url}/{request.path}",
                may_send=attempt.may_send,
                headers={"Authorization": f"Bearer {token}"}
                | ({"Content-Type": "application/json"} if request.body else {}),
                content=request.body,
            )
        except NotSent as error:
            answer = RetryLater(_UNREACHABLE_WAIT, "unreachable", f"Huma cannot be reached: {error}")
        except NoAnswer as error:
            answer = lost(str(error))
        else:
            status = response.status
            answer = None if classify.refused_token(response) else read(response)
            if (wait := classify.throttled(response)) is not None:
                telemetry.THROTTLED.labels(self.tenant, SYSTEM).inc()
                await attempt.throttled(wait)
        seconds = clock.monotonic() - start
        outcome, verdict = _told(answer)
        telemetry.REQUESTS.labels(SYSTEM, request.operation, outcome).inc()
        telemetry.REQUEST_SECONDS.labels(SYSTEM).observe(seconds)
        method, _, path = request.shown.partition(" ")
        attempt.calls.append(
            Call(
                at=at,
                request=f"{method} {urlsplit(self._settings.api_url).path}{path}",
                status=status,
                milliseconds=round(seconds * 1000),
                verdict=verdict[:200],
            )
        )
        return answer


async def ask_for_token(
    settings: HumaSettings, tenant: str, secret: str, may_send: Callable[[], None] | None = None
) -> Outcome:
    """Ask for an access token with a company's client id and secret, in the form in which its connection keeps them."""
    form = {"grant_type": "client_credentials", **json.loads(secret)}
    try:
        async with Client(timeout=settings.request_timeout, headers={"Accept": "application/json"}) as client:
            answer = await client.send("POST", f"{settings.api_url}/auth/oauth/token", form=form, may_send=may_send)
    except (NotSent, NoAnswer) as error:
        return RetryLater(_UNREACHABLE_WAIT, "auth_unreachable", f"Huma's token endpoint cannot be reached: {error}")
    return classify.token(answer, tenant)


async def end_consent(host: Host, held: Held) -> str:
    """Have a company's tokens revoked; return what is left to do in Huma. Raises NotRevoked."""
    left = f"delete bokbuss's client id and its webhook in the Huma of {held.tenant}"
    secret = await Connections(host.engine, host.vault).refresh_token(held.tenant, SYSTEM)
    settings = host.settings.of(HumaSettings)
    granted = await ask_for_token(settings, held.tenant, secret) if secret else Refused("needs_consent", "")
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
    async def renew(_held: Held, secret: str | None, may_send: Callable[[], None]) -> Outcome:
        if secret is None:
            return Refused("needs_consent", "no client id and secret are kept")
        return await ask_for_token(settings, tenant, secret, may_send)

    return renew


def _unanswered(why: str) -> RetryLater:
    return RetryLater(_UNREACHABLE_WAIT, "unreachable", f"Huma did not answer: {why}", alone=True)


def _told(answer: object) -> tuple[str, str]:  # noqa: PLR0911 - one for each answer
    """Return an answer's bounded name, and its story for the audit trail."""
    match answer:
        case Written():
            return "written", "written"
        case Rejected(code, _, _):
            return "rejected", f"rejected: {code}"
        case RetryLater(_, code, _, _):
            return "retry_later", f"retry later: {code}"
        case Unknown(why):
            return "unknown", f"unknown: {why}"
        case None:
            return "token_refused", "the access token is refused"
        case Page(items, total):
            return "ok", f"{len(items)} of {total}"
        case _:
            return "ok", "there is no such record" if isinstance(answer, Missing) else "read"
