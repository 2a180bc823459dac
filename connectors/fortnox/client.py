"""The only file of this connector that talks to Fortnox: every call with its token, its budget and its record.

Bodies are never logged or kept; what is kept of a company's set-up is in ``reference.py``.
"""

import asyncio
import base64
from collections.abc import Callable
from datetime import date
from http import HTTPStatus
from typing import Final, TypeVar
from urllib.parse import urlencode, urlsplit

from connectors.fortnox import classify, encode
from connectors.fortnox.classify import Page, Token, Unauthorised, Year
from connectors.fortnox.reference import Reference
from infra import clock, telemetry
from infra.http import Client, NoAnswer, NotSent, Response
from infra.plugin import (
    Attempt,
    Company,
    Delivered,
    Host,
    Rejected,
    RetryLater,
    Unknown,
)
from infra.settings import FortnoxSettings
from schemas.audit import Call

_SINK: Final = "fortnox"
_YEARS_LAST: Final = 3600.0
_ASK_AGAIN: Final = 60.0  # seconds between two questions for a financial year that is not there
_UNREACHABLE_WAIT: Final = 2.0
BRIEF_WAIT: Final = 5.0
_UNAUTHORISED_WAIT: Final = 60.0
_MARGIN: Final = 300.0  # a token is renewed so many seconds before its end, a short one at 80 %

_log = telemetry.log(__name__)
_Answer = TypeVar("_Answer")


class _Tokens:
    """One company's access token: client credentials, in memory, renewed before it ends, one renewal at a time."""

    def __init__(self, company: Company, settings: FortnoxSettings, client: Client) -> None:
        self._company, self._settings, self._client = company, settings, client
        self._lock = asyncio.Lock()
        self._token: Token | None = None
        self._renew_at = 0.0

    async def current(self) -> Token | RetryLater:
        """Return a token that is good for a while, asking for one if need be."""
        async with self._lock:
            if self._token and clock.monotonic() < self._renew_at:
                return self._token
            asked = clock.monotonic()
            answer = await self._ask()
            telemetry.TOKEN_RENEWALS.labels(answer.code if isinstance(answer, RetryLater) else "ok").inc()
            if isinstance(answer, Token):
                self._token = answer
                self._renew_at = asked + max(answer.expires_in - _MARGIN, answer.expires_in * 0.8)
            return answer

    def drop(self, refused: Token) -> None:
        """Forget a token that Fortnox refused, unless another has come in its place."""
        if self._token is refused:
            self._token = None

    async def _ask(self) -> Token | RetryLater:
        if self._company.database_number is None:
            tenant = self._company.tenant
            why = f"company {tenant} is not connected to Fortnox; run: bokbuss connect {tenant}"
            return RetryLater(300.0, "consent_missing", why, "operator")
        pair = f"{self._settings.client_id}:{self._settings.client_secret.get_secret_value()}"
        try:
            answer = await self._client.send(
                "POST",
                f"{self._settings.auth_url}/token",
                headers={
                    "Authorization": f"Basic {base64.b64encode(pair.encode()).decode()}",
                    "TenantId": str(self._company.database_number),
                },
                form={"grant_type": "client_credentials"},
            )
        except (NotSent, NoAnswer) as error:
            return RetryLater(BRIEF_WAIT, "auth_unreachable", f"Fortnox's token endpoint does not answer: {error}")
        return classify.token(answer)


class Fortnox:
    """One company's Fortnox: calls with token, budget and record. Used by one lane, one order at a time."""

    def __init__(self, company: Company, host: Host, client: Client) -> None:
        self.company, self.host = company, host
        self._settings: FortnoxSettings = host.settings.fortnox
        self._client = client
        self._tokens = _Tokens(company, self._settings, client)
        self.reference = Reference(self)

    async def year(self, day: date, attempt: Attempt) -> Year | Rejected | RetryLater:
        """Return the financial year that holds a day; for a day without one Fortnox is asked once a minute."""
        for max_age in (_YEARS_LAST, _ASK_AGAIN):
            kept = await self.reference.get("years", attempt, max_age=max_age)
            if isinstance(kept, RetryLater):
                return kept
            for year in classify.years(kept.items):
                if year.holds(day):
                    return year
        why = f"the company has no financial year in Fortnox that holds {day}; create it there"
        return Rejected(classify.YEAR_MISSING, why, "accountant")

    async def list(self, request: encode.Request, key: str, attempt: Attempt) -> Page | RetryLater:
        """Return one page of the list that stands under ``key``."""
        return await self.ask(
            request,
            attempt,
            read=lambda response: classify.page(response, key),
            lost=lambda why: RetryLater(BRIEF_WAIT, "unreachable", f"Fortnox did not answer: {why}"),
        )

    async def ask(
        self,
        request: encode.Request,
        attempt: Attempt,
        *,
        read: Callable[[Response], _Answer | Unauthorised],
        lost: Callable[[str], _Answer],
    ) -> _Answer | RetryLater:
        """Send a request, once more if its token was refused: a 401 did nothing, so that is safe for a POST as well."""
        for _ in range(2):
            token = await self._tokens.current()
            if isinstance(token, RetryLater):
                return token
            await attempt.take()
            answer = await self._send(request, token, attempt, read=read, lost=lost)
            if not isinstance(answer, Unauthorised):
                return answer
            self._tokens.drop(token)
        return RetryLater(
            _UNAUTHORISED_WAIT,
            "unauthorised",
            "Fortnox refuses a new access token as well (401); let the company connect again",
            "operator",
        )

    async def _send(
        self,
        request: encode.Request,
        token: Token,
        attempt: Attempt,
        *,
        read: Callable[[Response], _Answer | Unauthorised],
        lost: Callable[[str], _Answer],
    ) -> _Answer | RetryLater | Unauthorised:
        at, start = clock.now(), clock.monotonic()
        status: int | None = None
        answer: _Answer | RetryLater | Unauthorised
        try:
            response = await self._client.send(
                request.method,
                f"{self._settings.api_url}/{request.resource}",
                may_send=attempt.may_send,
                headers={"Authorization": f"Bearer {token.text}"}
                | ({"Content-Type": "application/json"} if request.body else {}),
                params=request.params,
                content=request.body,
            )
            status, answer = response.status, read(response)
        except NotSent as error:
            answer = RetryLater(_UNREACHABLE_WAIT, "unreachable", f"Fortnox cannot be reached: {error}")
        except NoAnswer as error:
            answer = lost(str(error))
        seconds = clock.monotonic() - start
        operation = f"{request.method} {request.resource}"
        outcome, verdict = _told(answer)
        telemetry.REQUESTS.labels(_SINK, operation, outcome).inc()
        telemetry.REQUEST_SECONDS.labels(_SINK).observe(seconds)
        if status == HTTPStatus.TOO_MANY_REQUESTS:
            telemetry.THROTTLED.labels(self.company.tenant).inc()
        path = f"{urlsplit(self._settings.api_url).path}/{request.resource}?{urlencode(request.params)}"
        attempt.calls.append(
            Call(
                at=at,
                request=f"{request.method} {path}",
                status=status,
                milliseconds=round(seconds * 1000),
                verdict=verdict[:200],
            )
        )
        return answer


def _told(answer: object) -> tuple[str, str]:
    """Return an answer's bounded name, and its story for the audit trail."""
    match answer:
        case Delivered(voucher, note):
            return "delivered", f"delivered {voucher} {note}".rstrip()
        case Rejected(code, _, _):
            return "rejected", f"rejected: {code}"
        case RetryLater(_, code, _, _):
            return "retry_later", f"retry later: {code}"
        case Unknown(why):
            return "unknown", f"unknown: {why}"
        case Unauthorised():
            return "unauthorised", "the access token was refused"
        case Page(items, _):
            return "ok", f"{len(items)} listed"
        case _:
            raise TypeError(f"an answer of Fortnox's cannot be a {type(answer).__name__}")


def amend(attempt: Attempt, verdict: str) -> None:
    """Write into the last call what came of the whole search."""
    attempt.calls[-1] = attempt.calls[-1].model_copy(update={"verdict": verdict[:200]})
