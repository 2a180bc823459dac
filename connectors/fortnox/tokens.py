"""Tokens from Fortnox: the questions that its token endpoint answers, and one company's current access token."""

import base64
from collections.abc import Callable, Mapping
from typing import Final

from connectors.fortnox import classify, waiting_words
from connectors.fortnox.settings import FortnoxSettings, settings_of
from infra.access.connections import ANSWER_SECONDS, Connection, Connections, Renew, TokenOutcome
from infra.http import Client, NoAnswer, NotSent, Response
from infra.plugin import Company, Host, NotRevoked
from infra.verdicts import Refused, RetryLater, Unanswered

SYSTEM: Final = "fortnox"
_PATIENCE: Final = 600.0
"""Seconds that an answer is waited for. A rotated refresh token that comes late is still the company's only one."""
_WAIT: Final = 2.0


async def exchange(settings: FortnoxSettings, code: str, redirect_uri: str) -> TokenOutcome:
    """Exchange the code of a consent for tokens. A code works once, within ten minutes."""
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": redirect_uri}
    return await _ask(settings, form, patience=settings.request_timeout)


async def revoke(settings: FortnoxSettings, refresh_token: str) -> bool:
    """Let Fortnox forget a refresh token; tell whether it said so. Access tokens cannot be revoked, they run out."""
    form = {"token_type_hint": "refresh_token", "token": refresh_token}
    try:
        answer = await _post(settings, "revoke", form, patience=settings.request_timeout)
    except (NotSent, NoAnswer):
        return False
    return classify.revoked(answer)


async def end_consent(host: Host, held: Connection) -> str:
    """Have a company's consent revoked; return what is left to do at Fortnox. Raises NotRevoked."""
    refresh = await connections(host).refresh_token(held.tenant, SYSTEM)
    if refresh is None:
        return f"no token of ours can be revoked: remove the integration in the Fortnox of {held.tenant}"
    if not await revoke(settings_of(host, held.tenant), refresh):
        raise NotRevoked("Fortnox has not confirmed that the access is revoked")
    return ""


class AccessTokens:
    """One company's access token, renewed before it ends by one process for all."""

    def __init__(self, company: Company, host: Host) -> None:
        self._tenant = company.tenant
        self._connections = connections(host)
        self._renew = renewing(settings_of(host, company.tenant))

    async def current(self) -> str | RetryLater:
        """Return a token that is good for a while."""
        return await self._connections.access(self._tenant, SYSTEM, self._renew)

    async def opens(self, token: str, number: int, name: str) -> RetryLater | None:
        """Take note which company a token opens; None when it is this one."""
        return await self._connections.opens(self._tenant, SYSTEM, token, number, name)

    async def refused(self, token: str) -> None:
        """Forget a token that Fortnox refused, unless another has come in its place."""
        await self._connections.refused(self._tenant, SYSTEM, token)


def connections(host: Host) -> Connections:
    """Return the connections of all companies, with Fortnox's patience."""
    patience = min(host.settings.of(FortnoxSettings).request_timeout, ANSWER_SECONDS)
    return Connections(host.engine, host.vault, answer_seconds=patience)


def renewing(settings: FortnoxSettings) -> Renew:
    """Return what asks Fortnox for new tokens, by whichever grant a company's connection is held."""

    async def renew(held: Connection, refresh: str | None, may_send: Callable[[], None]) -> TokenOutcome:
        if held.grant_type == "authorization_code":
            if refresh is None:
                return Refused("needs_consent", waiting_words.NO_REFRESH_TOKEN())
            form = {"grant_type": "refresh_token", "refresh_token": refresh}
            return await _ask(settings, form, may_send=may_send, patience=_PATIENCE)
        if held.database_number is None:
            return Refused("needs_consent", waiting_words.NUMBER_NOT_KNOWN())
        headers = {"TenantId": str(held.database_number)}
        form = {"grant_type": "client_credentials"}
        return await _ask(settings, form, headers=headers, may_send=may_send, patience=_PATIENCE)

    return renew


async def _ask(
    settings: FortnoxSettings,
    form: Mapping[str, str],
    *,
    headers: Mapping[str, str] | None = None,
    may_send: Callable[[], None] | None = None,
    patience: float,
) -> TokenOutcome:
    """Ask the token endpoint."""
    try:
        answer = await _post(settings, "token", form, headers=headers, may_send=may_send, patience=patience)
    except NotSent as error:
        why = waiting_words.TOKENS_UNREACHABLE(how=str(error))
        return RetryLater.saying(_WAIT, "auth_unreachable", why)
    except NoAnswer as error:
        return Unanswered(waiting_words.TOKENS_SILENT(how=str(error)))
    return classify.token(answer)


async def _post(
    settings: FortnoxSettings,
    path: str,
    form: Mapping[str, str],
    *,
    headers: Mapping[str, str] | None = None,
    may_send: Callable[[], None] | None = None,
    patience: float,
) -> Response:
    pair = f"{settings.client_id}:{settings.client_secret.get_secret_value()}"
    basic = {"Authorization": f"Basic {base64.b64encode(pair.encode()).decode()}"}
    async with Client(timeout=patience, headers={"Accept": "application/json"}) as client:
        return await client.send(
            "POST", f"{settings.auth_url}/{path}", headers=basic | dict(headers or {}), form=form, may_send=may_send
        )
