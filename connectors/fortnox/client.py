"""The only file of this connector that talks to Fortnox: tokens, look-ups, the one writing request, the search for it.

Bodies are never logged or kept: a connection holds a token, the financial years, and a list's numbers while it looks.
"""

import asyncio
import base64
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import date
from http import HTTPStatus
from typing import Any, Final, TypeVar
from urllib.parse import urlencode, urlsplit
from uuid import UUID

from connectors.fortnox import classify, encode
from connectors.fortnox.classify import Page, Token, Unauthorised, Year
from infra import clock, telemetry
from infra.http import Client, NoAnswer, NotSent, Response
from infra.plugin import (
    Absent,
    AlreadyThere,
    Attempt,
    Company,
    Connection,
    Delivered,
    Look,
    Rejected,
    RetryLater,
    Unknown,
    Verdict,
)
from infra.settings import FortnoxSettings, Settings
from schemas import ids
from schemas.audit import Call
from schemas.commands import PostVoucher, VoucherRef
from schemas.envelope import Envelope

_SINK: Final = "fortnox"
_ASK_AGAIN: Final = 60.0  # seconds between two questions for a financial year that is not there
_UNREACHABLE_WAIT: Final = 2.0
_BRIEF_WAIT: Final = 5.0
_UNAUTHORISED_WAIT: Final = 60.0
_MARGIN: Final = 300.0  # a token is renewed so many seconds before its end, a short one at 80 %
_PAGES: Final = 200  # of one day in one series: no list is that long

_log = telemetry.log(__name__)
_Answer = TypeVar("_Answer")


@asynccontextmanager
async def connect(company: Company, settings: Settings) -> AsyncIterator[Connection]:
    """Open a company's connection to Fortnox. Nothing is sent until the first order."""
    async with Client(timeout=settings.fortnox.request_timeout, headers={"Accept": "application/json"}) as client:
        yield _Connection(company, settings.fortnox, client)


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
            return RetryLater(_BRIEF_WAIT, "auth_unreachable", f"Fortnox's token endpoint does not answer: {error}")
        return classify.token(answer)


class _Connection:
    """One company's connection. Used by one lane, one order at a time."""

    def __init__(self, company: Company, settings: FortnoxSettings, client: Client) -> None:
        self._company, self._settings, self._client = company, settings, client
        self._tokens = _Tokens(company, settings, client)
        self._years: tuple[Year, ...] | None = None
        self._asked: dict[date, float] = {}

    async def write(self, order: Envelope[PostVoucher], attempt: Attempt) -> Verdict:
        """Book a voucher: the financial year from memory or by a look-up, then one POST, whose answer decides."""
        year = await self._year(order.data.voucher_date, attempt)
        if not isinstance(year, Year):
            return year
        return await self._ask(
            encode.voucher(order, year.id),
            attempt,
            read=lambda response: classify.classify(response, series=order.data.series, year_id=year.id),
            lost=lambda why: Unknown(f"the voucher was sent and no answer came: {why}"),
        )

    async def probe(self, order: Envelope[PostVoucher], attempt: Attempt) -> Look:
        """Look for the order's mark among the vouchers of its series, year and date, to the last page."""
        year = await self._year(order.data.voucher_date, attempt)
        if isinstance(year, Rejected):  # when it was sent there was a year; so this look says nothing
            return RetryLater(_ASK_AGAIN, year.code, year.why, year.who)
        return year if isinstance(year, RetryLater) else await self._search(order, year, attempt)

    async def _search(self, order: Envelope[PostVoucher], year: Year, attempt: Attempt) -> Look:
        mark = ids.mark(UUID(order.id))
        found: list[VoucherRef] = []
        seen: set[tuple[Any, Any]] = set()  # told apart, since a page that came twice hides another
        complete = False
        for number in range(1, _PAGES + 1):
            page = await self._list(encode.voucher_list(order, year.id, number), "Vouchers", attempt)
            if isinstance(page, RetryLater):
                return page
            vouchers = classify.marked(page.items, mark, series=order.data.series, year_id=year.id)
            if isinstance(vouchers, RetryLater):
                return vouchers
            found += vouchers
            before = len(seen)
            seen |= {(item.get("VoucherSeries"), item.get("VoucherNumber")) for item in page.items}
            complete = len(seen) == page.total if page.total is not None else len(page.items) < encode.LIMIT
            if complete or len(seen) == before:
                break
        if found:
            return self._found(sorted(set(found), key=lambda voucher: voucher.number), order, attempt)
        if not complete:
            _amend(attempt, f"{len(seen)} vouchers read, not all that Fortnox counts")
            return RetryLater(_BRIEF_WAIT, "list_moved", "Fortnox's list of vouchers changed while it was read")
        _amend(attempt, f"the mark is not among {len(seen)} vouchers")
        return Absent()

    def _found(self, vouchers: list[VoucherRef], order: Envelope[PostVoucher], attempt: Attempt) -> AlreadyThere:
        names = ", ".join(map(str, vouchers))
        if len(vouchers) == 1:
            _amend(attempt, f"found {names}")
        else:  # somebody copied one, or the promise was broken: a person has to look
            _amend(attempt, f"{len(vouchers)} vouchers carry this mark: {names}")
            _log.error(
                "several_vouchers_carry_one_mark", tenant=self._company.tenant, order_id=order.id, vouchers=names
            )
        return AlreadyThere(vouchers[0])

    async def _year(self, day: date, attempt: Attempt) -> Year | Rejected | RetryLater:
        """Return the financial year that holds a day: from memory, else from the whole list, else asked for the day."""
        if self._years is None:
            answer = await self._list(encode.year_list(), "FinancialYears", attempt)
            if isinstance(answer, RetryLater):
                return answer
            self._years = classify.years(answer.items)
        now = clock.monotonic()
        self._asked = {asked: at for asked, at in self._asked.items() if now < at + _ASK_AGAIN}
        if not any(year.holds(day) for year in self._years) and day not in self._asked:
            answer = await self._list(encode.year_list(day), "FinancialYears", attempt)
            if isinstance(answer, RetryLater):
                return answer
            self._asked[day] = now
            self._years += classify.years(answer.items)
        for year in self._years:
            if year.holds(day):
                return year
        why = f"the company has no financial year in Fortnox that holds {day}; create it there"
        return Rejected(classify.YEAR_MISSING, why, "accountant")

    async def _list(self, request: encode.Request, key: str, attempt: Attempt) -> Page | RetryLater:
        return await self._ask(
            request,
            attempt,
            read=lambda response: classify.page(response, key),
            lost=lambda why: RetryLater(_BRIEF_WAIT, "unreachable", f"Fortnox did not answer: {why}"),
        )

    async def _ask(
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
            telemetry.THROTTLED.labels(self._company.tenant).inc()
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


def _amend(attempt: Attempt, verdict: str) -> None:
    """Write into the last call what came of the whole search."""
    attempt.calls[-1] = attempt.calls[-1].model_copy(update={"verdict": verdict[:200]})
