"""The connection to Fortnox, against a bare socket server that answers as badly as the world does."""

import asyncio
import base64
import json
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from prometheus_client import REGISTRY
from pydantic import SecretStr

from connectors.fortnox import SYSTEM
from connectors.fortnox.doctor import preflight
from connectors.fortnox.settings import FortnoxSettings
from infra import clock
from infra.access import connections
from infra.access.vault import Vault
from infra.environment import whole
from infra.plugin import Attempt, Company, Host
from infra.postgres import Engine, text
from infra.settings import Settings
from infra.verdicts import Absent, AlreadyThere, Delivered, Rejected, RetryLater, Unknown
from schemas import envelope, ids
from schemas.commands import AttachFile, PostVoucher, UpsertEmployee, VoucherRef, VoucherRow, WriteAbsence
from schemas.invoices import CreateInvoice, FindCustomer
from schemas.ledger import ReadLedger
from tests.connectors.fortnox.lane_driver import EVERY
from tests.infra.opened import opened

COMPANY = Company(tenant="acme", organisation_number="556677-8899", database_number=123456)
SECRET = "hush-hush"
VAULT = Vault(b"test")
ADD = text(
    """insert into tenants (tenant, database_number, created_at) values (:tenant, :number, clock_timestamp())
       on conflict do nothing"""
)
F12 = VoucherRef(series="F", number=12, year_id=4)
HTML = b"HTTP/1.1 %d X\r\nContent-Type: text/html\r\nContent-Length: 12\r\nConnection: close\r\n\r\n<html>Oops</"

Reply = bytes | Callable[[asyncio.StreamWriter], Awaitable[None]]


def says(status: int, content: Any = None, **headers: str) -> bytes:
    """Return an answer's bytes; no content is an empty body."""
    body = b"" if content is None else json.dumps(content).encode()
    lines = [f"HTTP/1.1 {status} X", f"Content-Length: {len(body)}", "Connection: close"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


async def reset(writer: asyncio.StreamWriter) -> None:
    """Read the request and drop the connection."""
    writer.transport.abort()


async def half(writer: asyncio.StreamWriter) -> None:
    """Send half of a good answer and drop the connection."""
    whole = says(201, booked())
    writer.write(whole[: len(whole) - 10])
    await writer.drain()
    writer.close()


async def silence(_writer: asyncio.StreamWriter) -> None:
    """Read the request and never answer."""
    await asyncio.sleep(60)


async def drip(writer: asyncio.StreamWriter) -> None:
    """Answer a byte now and then, for ever: no single read takes long."""
    while True:
        writer.write(b"H")
        await writer.drain()
        await asyncio.sleep(0.05)


def booked(**fields: Any) -> dict[str, Any]:
    """Return a voucher as Fortnox answers it."""
    return {"Voucher": {"VoucherNumber": 12, "VoucherSeries": "F", "Year": 4} | fields}


def years(*spans: tuple[int, int]) -> bytes:
    """Return the list of financial years: id and calendar year of each."""
    items = [{"Id": number, "FromDate": f"{year}-01-01", "ToDate": f"{year}-12-31"} for number, year in spans]
    return says(200, {"MetaInformation": {"@TotalResources": len(items)}, "FinancialYears": items})


def listed(*descriptions: str, first: int = 1, total: int | None = None) -> bytes:
    """Return a page of vouchers with these descriptions, numbered from ``first``."""
    items = [
        {"VoucherSeries": "F", "VoucherNumber": number, "Year": 4, "Description": description}
        for number, description in enumerate(descriptions, first)
    ]
    meta = {} if total == -1 else {"MetaInformation": {"@TotalResources": len(items) if total is None else total}}
    return says(200, meta | {"Vouchers": items})


def token(text: str = "t0ken", expires_in: int = 3600) -> bytes:
    """Return the token endpoint's answer."""
    return says(200, {"access_token": text, "expires_in": expires_in, "token_type": "bearer", "scope": "bookkeeping"})


@dataclass(frozen=True)
class SeenRequest:
    """A request as it came."""

    method: str
    path: str
    params: dict[str, str]
    headers: dict[str, str]
    body: bytes


@dataclass
class Wire:
    """A server of raw answers: those of an operation come in turn, the last one stays."""

    replies: dict[str, list[Reply]] = field(
        default_factory=lambda: {
            "POST /oauth-v1/token": [token()],
            "GET /3/financialyears": [years((4, 2026), (1, 2025))],
            "GET /3/companyinformation": [says(200, {"CompanyInformation": {"DatabaseNumber": 123456}})],
            "POST /3/vouchers": [says(201, booked())],
            "GET /3/vouchers": [listed()],
            "GET /3/voucherseries": [says(200, {"VoucherSeriesCollection": [{"Code": "F", "Manual": True}]})],
            "GET /3/accounts": [says(200, {"Accounts": [{"Number": n, "Active": True} for n in (1930, 3001)]})],
            "GET /3/costcenters": [says(200, {"CostCenters": [{"Code": "S1", "Active": True}]})],
            "GET /3/settings/lockedperiod": [says(200, {"LockedPeriod": {"EndDate": None}})],
        }
    )
    asked: list[SeenRequest] = field(default_factory=list)
    server: asyncio.Server | None = None
    url: str = ""
    engine: Engine | None = None
    """The database of those who ask."""

    def of(self, operation: str) -> list[SeenRequest]:
        """Return the requests of one operation: method and path."""
        return [asked for asked in self.asked if f"{asked.method} {asked.path}" == operation]

    def close(self) -> None:
        """Stop taking connections."""
        assert self.server is not None
        self.server.close()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Read one request and answer it."""
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
        except asyncio.IncompleteReadError:
            writer.close()
            return
        line, *rest = head.strip().split("\r\n")
        headers = {name.lower(): value for name, value in (each.split(": ", 1) for each in rest)}
        body = await reader.readexactly(int(headers.get("content-length", 0)))
        method, target, _ = line.split(" ")
        url = urlsplit(target)
        self.asked.append(SeenRequest(method, url.path, dict(parse_qsl(url.query)), headers, body))
        replies = self.replies[f"{method} {url.path}"]
        reply = replies.pop(0) if len(replies) > 1 else replies[0]
        if isinstance(reply, bytes):
            writer.write(reply)
            await writer.drain()
            writer.close()
        else:
            await reply(writer)


@pytest.fixture
async def wire(engine: Engine) -> AsyncIterator[Wire]:
    """Run a server that books a voucher as long as nothing else is said."""
    wire = Wire(engine=engine)
    handlers: set[asyncio.Task[None]] = set()

    def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        handlers.add(asyncio.get_running_loop().create_task(serve(reader, writer)))

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await wire.serve(reader, writer)
        except ConnectionError:
            pass
        finally:
            writer.transport.abort()

    wire.server = await asyncio.start_server(handle, "127.0.0.1", 0)
    host, port = wire.server.sockets[0].getsockname()
    wire.url = f"http://{host}:{port}"
    yield wire
    wire.close()
    for handler in handlers:
        handler.cancel()
    await asyncio.gather(*handlers, return_exceptions=True)


def settings(url: str, **more: Any) -> Settings:
    """Return settings that point at a server."""
    fortnox = {
        "api_url": f"{url}/3",
        "auth_url": f"{url}/oauth-v1",
        "client_id": "our-id",
        "client_secret": SecretStr(SECRET),
        "request_timeout": 5.0,
    }
    return whole()(fortnox=FortnoxSettings(**(fortnox | more)))


@asynccontextmanager
async def connected(wire: Wire, company: Company = COMPANY, **more: Any) -> AsyncIterator[Any]:
    """Open a connection to a server."""
    async with wire.engine.begin() as database:
        await database.execute(ADD, {"tenant": company.tenant, "number": company.database_number})
    async with opened(EVERY, company, Host(settings(wire.url, **more), wire.engine, VAULT, None, None)) as connection:
        yield connection


def order_on(day: date = date(2026, 3, 31), description: str = "Dagskassa") -> Any:
    """Return an order for a voucher."""
    amount = Decimal("1234.50")
    data = PostVoucher(
        flow="daysales",
        key=f"openpos/3/{day}",
        revision="0123456789abcdef",
        step="book",
        rule="a_new_day_is_booked",
        purpose="book",
        series="F",
        voucher_date=day,
        description=description,
        rows=(VoucherRow(account=1930, debit=amount), VoucherRow(account=3001, credit=amount)),
    )
    return envelope.wrap(
        data,
        message_id=str(data.id_in("acme")),
        source="/streams/daysales",
        time=datetime(2026, 3, 31, 21, tzinfo=UTC),
        tenant="acme",
    )


ORDER = order_on()
MARK = ids.mark(ORDER.data.id_in("acme"))


class LeaseLost(Exception):
    """The lane belongs to another process."""


@dataclass
class Lane:
    """What a lane lends to the connection, and what it counted."""

    lost_after: int = 1000
    taken: int = 0
    allowed: int = 0

    def attempt(self) -> Attempt:
        """Return an attempt of this lane."""
        return Attempt(may_send=self.may_send, take=self.take)

    def may_send(self) -> None:
        """Allow the first requests."""
        self.allowed += 1
        if self.allowed > self.lost_after:
            raise LeaseLost

    async def take(self) -> None:
        """Count."""
        self.taken += 1


async def test_a_voucher_is_booked_in_the_year_of_its_date(wire: Wire) -> None:
    """One token, one look at years and set-up, one POST that carries the year's id; the answer names the voucher."""
    lane = Lane()
    attempt = lane.attempt()
    async with connected(wire) as connection:
        assert await connection.write(ORDER, attempt) == Delivered(F12)
    asked = wire.of("POST /oauth-v1/token")[0]
    assert base64.b64decode(asked.headers["authorization"].removeprefix("Basic ")).decode() == f"our-id:{SECRET}"
    assert (asked.headers["tenantid"], asked.body) == ("123456", b"grant_type=client_credentials")
    posted = wire.of("POST /3/vouchers")[0]
    assert posted.params == {"financialyear": "4"}
    assert (posted.headers["authorization"], posted.headers["content-type"]) == ("Bearer t0ken", "application/json")
    assert json.loads(posted.body)["Voucher"]["Description"] == f"Dagskassa {MARK}"
    assert [(call.request, call.status, call.verdict) for call in attempt.calls] == [
        ("GET /3/companyinformation", 200, "read"),
        ("GET /3/financialyears?limit=500", 200, "2 listed"),
        ("GET /3/voucherseries?financialyear=4&limit=500", 200, "1 listed"),
        ("GET /3/accounts?financialyear=4&limit=500", 200, "2 listed"),
        ("GET /3/settings/lockedperiod", 200, "read"),
        ("POST /3/vouchers?financialyear=4", 201, "delivered F 12"),
    ]
    assert (lane.taken, lane.allowed) == (6, 6)


async def test_the_second_voucher_costs_one_request(wire: Wire) -> None:
    """Token, years and set-up are remembered; another year has its own series and accounts."""
    async with connected(wire) as connection:
        await connection.write(ORDER, Lane().attempt())
        before = len(wire.asked)
        lane = Lane()
        await connection.write(order_on(date(2026, 4, 1)), lane.attempt())
        await connection.write(order_on(date(2025, 4, 1)), Lane().attempt())
    assert [(asked.path.removeprefix("/3/"), asked.params["financialyear"]) for asked in wire.asked[before:]] == [
        ("vouchers", "4"),
        ("voucherseries", "1"),
        ("accounts", "1"),
        ("vouchers", "1"),
    ]
    assert lane.taken == 1


@pytest.mark.parametrize(
    "reply",
    [
        reset,
        half,
        silence,
        drip,
        b"\x16\x03\x01 what is this\r\n\r\n",
        b"",
        says(201),
        says(201, {"Voucher": {}}),
        says(302, None, Location="/3/elsewhere"),
        says(500, {"message": "Internal Server Error"}),
        says(400),
        HTML % 200,
        HTML % 502,
    ],
    ids="""reset half silence drip garbage closed empty-201 no-number moved
    500 empty-400 html-200 html-502""".split(),  # noqa: SIM905 - shorter than 13 quoted names
)
async def test_a_lost_answer_is_unknown_and_nothing_is_sent_again(wire: Wire, reply: Reply) -> None:
    """After the bytes left, only a clear answer ends it; the one POST stays the only one."""
    wire.replies["POST /3/vouchers"] = [reply]
    attempt = Lane().attempt()
    async with connected(wire, request_timeout=3.0) as connection:
        assert isinstance(await connection.write(ORDER, attempt), Unknown)
    assert len(wire.of("POST /3/vouchers")) == 1
    assert attempt.calls[-1].verdict.startswith("unknown: ")


@pytest.mark.parametrize("reply", [reset, half, silence, b"", says(500), says(302), HTML % 200, HTML % 502, says(404)])
async def test_a_look_up_that_fails_is_no_unknown(wire: Wire, reply: Reply) -> None:
    """Reading the years changes nothing in Fortnox, so no voucher is sent and it is tried later."""
    wire.replies["GET /3/financialyears"] = [reply]
    async with connected(wire, request_timeout=2.0) as connection:
        assert isinstance(await connection.write(ORDER, Lane().attempt()), RetryLater)
        assert isinstance(await connection.probe(ORDER, Lane().attempt()), RetryLater)
    assert not wire.of("POST /3/vouchers")


async def test_a_voucher_that_cannot_leave_is_tried_later(wire: Wire) -> None:
    """A refused connection is certain: nothing was booked."""
    attempt = Lane().attempt()
    async with connected(wire) as connection:
        await connection.write(ORDER, Lane().attempt())
        wire.close()
        verdict = await connection.write(ORDER, attempt)
    assert isinstance(verdict, RetryLater)
    assert (verdict.after, verdict.code) == (2, "unreachable")
    assert [(call.status, call.verdict) for call in attempt.calls] == [(None, "retry later: unreachable")]


async def test_a_refused_token_is_renewed_once_and_the_voucher_sent_again(wire: Wire) -> None:
    """A 401 booked nothing; each try is taken from the budget and asks the lane anew."""
    wire.replies["POST /oauth-v1/token"] = [token("old"), token("new")]
    wire.replies["POST /3/vouchers"] = [says(401, {"message": "unauthorized"}), says(201, booked())]
    lane = Lane()
    attempt = lane.attempt()
    async with connected(wire) as connection:
        assert await connection.write(ORDER, attempt) == Delivered(F12)
    bearers = [asked.headers["authorization"] for asked in wire.of("POST /3/vouchers")]
    assert bearers == ["Bearer old", "Bearer new"]
    assert [call.status for call in attempt.calls] == [*[200] * 5, 401, 200, 201]
    assert (lane.taken, lane.allowed) == (8, 8)


async def test_a_company_whose_every_token_is_refused_waits_for_the_operator(wire: Wire) -> None:
    """Two refusals in a row are no passing matter."""
    wire.replies["POST /3/vouchers"] = [says(401)]
    async with connected(wire) as connection:
        verdict = await connection.write(ORDER, Lane().attempt())
    assert isinstance(verdict, RetryLater)
    assert (verdict.code, verdict.who) == ("unauthorised", "operator")
    assert len(wire.of("POST /3/vouchers")) == 2


@pytest.mark.parametrize("lost_after", [0, 1, 2])
async def test_a_lost_lease_stops_the_request(wire: Wire, lost_after: int) -> None:
    """What may_send raises goes to the lane, and no byte of the request leaves."""
    attempt = Lane(lost_after=lost_after).attempt()
    async with connected(wire) as connection:
        with pytest.raises(LeaseLost):
            await connection.write(ORDER, attempt)
    assert not wire.of("POST /3/vouchers")
    assert len(wire.of("GET /3/companyinformation") + wire.of("GET /3/financialyears")) == len(attempt.calls)
    assert len(attempt.calls) == lost_after


async def test_a_lost_lease_stops_the_second_try_too(wire: Wire) -> None:
    """After a 401 the lane is asked again before the voucher goes out once more."""
    wire.replies["POST /3/vouchers"] = [says(401), says(201, booked())]
    async with connected(wire) as connection:
        with pytest.raises(LeaseLost):
            await connection.write(ORDER, Lane(lost_after=6).attempt())
    assert len(wire.of("POST /3/vouchers")) == 1


@pytest.mark.parametrize(
    ("reply", "after", "code"),
    [
        (says(401, {"error": "invalid_client"}, Content_Type="text/plain;charset=UTF-8"), 60, "client_refused"),
        (says(400, {"error": "invalid_grant"}, Content_Type="text/html; charset=UTF-8"), 2, "consent_missing"),
        (HTML % 502, 2, "auth_unreachable"),
        (reset, 2, "auth_unreachable"),
        (silence, 2, "auth_unreachable"),
    ],
    ids=["client", "consent", "html", "reset", "silence"],
)
async def test_without_a_token_nothing_is_sent(wire: Wire, reply: Reply, after: float, code: str) -> None:
    """The lane waits under a name that says whose move it is, without the secret; the budget is not touched."""
    wire.replies["POST /oauth-v1/token"] = [reply]
    lane = Lane()
    async with connected(wire, request_timeout=2.0) as connection:
        verdict = await connection.write(ORDER, lane.attempt())
    assert isinstance(verdict, RetryLater)
    assert (verdict.after, verdict.code) == (after, code)
    assert SECRET not in repr(verdict)
    assert lane.taken == 0


def whose(number: int, name: str = "Krogen AB") -> bytes:
    """Return the information of the company that a token opens."""
    return says(200, {"CompanyInformation": {"DatabaseNumber": number, "CompanyName": name}})


async def connection_of(wire: Wire) -> tuple[str, str, int | None]:
    """Return the state of the company's connection, its reason, and the other company that its tokens opened."""
    assert wire.engine is not None
    async with wire.engine.connect() as database:
        row = (await database.execute(text("select state, reason, opened from connections"))).one()
    return row.state, row.reason, row.opened


async def test_a_token_that_opens_another_companys_books_writes_nothing(wire: Wire) -> None:
    """Not now and not with the next token: the company has to consent again, and the reason names both numbers."""
    wire.replies["POST /oauth-v1/token"] = [token("one"), token("two")]
    wire.replies["GET /3/companyinformation"] = [whose(123457, "Testkopian")]
    async with connected(wire) as connection:
        for _ in range(2):
            verdict = await connection.write(ORDER, Lane().attempt())
            assert isinstance(verdict, RetryLater)
            assert (verdict.code, verdict.who, verdict.steady) == ("other_company", "operator", True)
            assert "company 123457 (Testkopian) at fortnox, and its own is 123456" in verdict.why
    assert [asked.path for asked in wire.asked] == ["/oauth-v1/token", "/3/companyinformation"]
    state, reason, opened = await connection_of(wire)
    assert (state, opened) == ("needs_consent", 123457)
    assert "Testkopian" in reason


async def test_each_new_token_is_asked_whose_books_it_opens_before_it_writes(wire: Wire) -> None:
    """A connection can come to reach another company at any renewal; then what was sent before stays, and no more."""
    wire.replies["POST /oauth-v1/token"] = [token("one"), token("two")]
    wire.replies["POST /3/vouchers"] = [says(201, booked()), says(401), says(201, booked())]
    wire.replies["GET /3/companyinformation"] = [whose(123456), whose(123457)]
    async with connected(wire) as connection:
        assert await connection.write(ORDER, Lane().attempt()) == Delivered(F12)
        verdict = await connection.write(ORDER, Lane().attempt())
    assert isinstance(verdict, RetryLater)
    assert verdict.code == "other_company"
    assert [asked.headers["authorization"] for asked in wire.of("POST /3/vouchers")] == ["Bearer one", "Bearer one"]


async def test_a_voucher_that_names_its_books_goes_to_no_others_that_were_connected_meanwhile(
    wire: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A person connects another database while the lane works: it knows only whose books the token before opened."""
    monkeypatch.setattr(connections, "_LOOK_AGAIN", 0.0)
    wire.replies["POST /oauth-v1/token"] = [token("one"), token("two")]
    wire.replies["GET /3/companyinformation"] = [whose(123456), whose(123457)]
    theirs, others = (
        ORDER.model_copy(update={"data": ORDER.data.model_copy(update={"database_number": number})})
        for number in (123456, 123457)
    )
    async with connected(wire) as connection:
        assert await connection.write(ORDER, Lane().attempt()) == Delivered(F12)
        assert wire.engine is not None
        async with wire.engine.begin() as database:
            await database.execute(text("update tenants set database_number = 123457"))
            await database.execute(
                text("update connections set generation = generation + 1, access = null, renew_at = null")
            )
        refused = await connection.write(theirs, Lane().attempt())
        assert isinstance(refused, Rejected)
        assert (refused.code, refused.who) == ("another_database", "operator")
        assert len(wire.of("POST /3/vouchers")) == 1
        assert await connection.write(others, Lane().attempt()) == Delivered(F12)


async def test_a_company_that_cannot_be_told_is_not_written_to(wire: Wire) -> None:
    """Not knowing whose books these are is no permission; it is asked again soon, and nothing is in doubt."""
    for reply in (HTML % 502, says(200, {"CompanyInformation": {}}), reset):
        wire.replies["GET /3/companyinformation"] = [reply]
        async with connected(wire) as connection:
            verdict = await connection.write(ORDER, Lane().attempt())
        assert isinstance(verdict, RetryLater)
        assert verdict.after == 5
    assert not wire.of("POST /3/vouchers")


async def test_a_company_that_never_connected_asks_for_no_token(wire: Wire) -> None:
    """Without its number at Fortnox a token could be another company's."""
    company = Company(tenant="acme", organisation_number=None, database_number=None)
    async with connected(wire, company) as connection:
        verdict = await connection.write(ORDER, Lane().attempt())
    assert isinstance(verdict, RetryLater)
    assert (verdict.code, verdict.who) == ("consent_missing", "operator")
    assert "bokbuss connect acme" in verdict.why
    assert not wire.asked


async def test_requests_at_once_share_one_renewal(wire: Wire) -> None:
    """One renewal at a time; the others wait for its token."""

    async def slow(writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(0.1)
        writer.write(token())
        await writer.drain()
        writer.close()

    wire.replies["POST /oauth-v1/token"] = [slow]
    async with connected(wire) as connection:
        verdicts = await asyncio.gather(*(connection.write(ORDER, Lane().attempt()) for _ in range(5)))
    assert verdicts == [Delivered(F12)] * 5
    assert len(wire.of("POST /oauth-v1/token")) == 1


async def test_a_token_is_renewed_before_it_ends(wire: Wire) -> None:
    """A token of one second is used for 0.8 of it."""
    wire.replies["POST /oauth-v1/token"] = [token("first", 1), token("second")]
    async with connected(wire) as connection:
        await connection.write(ORDER, Lane().attempt())
        await clock.sleep(0.85)
        await connection.write(ORDER, Lane().attempt())
    bearers = [asked.headers["authorization"] for asked in wire.of("POST /3/vouchers")]
    assert bearers == ["Bearer first", "Bearer second"]


async def test_a_year_that_is_not_there_rejects_the_voucher_without_asking_for_ever(wire: Wire) -> None:
    """The list is read, then not again for a minute: the accountant has to create it."""
    day = date(2027, 1, 1)
    wire.replies["GET /3/financialyears"] = [years((4, 2026))]
    async with connected(wire) as connection:
        for _ in range(3):
            verdict = await connection.write(order_on(day), Lane().attempt())
            assert isinstance(verdict, Rejected)
            assert (verdict.code, verdict.who) == ("financial_year_missing", "accountant")
            assert "2027-01-01" in verdict.why
        assert await connection.write(ORDER, Lane().attempt()) == Delivered(F12)
        looked = await connection.probe(order_on(day), Lane().attempt())
    assert isinstance(looked, RetryLater)
    assert [asked.params for asked in wire.of("GET /3/financialyears")] == [{"limit": "500"}]


async def test_a_year_that_came_later_is_found(wire: Wire, monkeypatch: pytest.MonkeyPatch) -> None:
    """For a day that no year holds the list is read again after a while, and remembered."""
    monkeypatch.setattr(preflight, "_BELIEVED", 0.0)
    wire.replies["GET /3/financialyears"] = [years((4, 2026)), years((4, 2026), (9, 2027))]
    wire.replies["POST /3/vouchers"] = [says(201, booked(Year=9))]
    async with connected(wire) as connection:
        for day in (date(2027, 1, 1), date(2027, 1, 2)):
            verdict = await connection.write(order_on(day), Lane().attempt())
            assert verdict == Delivered(VoucherRef(series="F", number=12, year_id=9))
    assert len(wire.of("GET /3/financialyears")) == 2


async def test_too_many_requests_are_counted(wire: Wire) -> None:
    """A 429 is a fault of ours: the lane waits, and the metric says which company."""

    def throttled() -> float:
        return REGISTRY.get_sample_value("bokbuss_target_throttled_total", {"tenant": "acme", "sink": "fortnox"}) or 0.0

    before = throttled()
    wire.replies["POST /3/vouchers"] = [says(429, None, Retry_After="7")]
    async with connected(wire) as connection:
        verdict = await connection.write(ORDER, Lane().attempt())
    assert isinstance(verdict, RetryLater)
    assert (verdict.after, verdict.code) == (7, "throttled")
    assert throttled() == before + 1


async def test_a_refusal_names_no_text_of_the_order(wire: Wire) -> None:
    """Neither the verdict nor the trail repeats the description; the token and the secret are nowhere."""
    message = f"Värdet innehåller ej tillåtna tecken. (Lön Anna Andersson {MARK})"
    wire.replies["POST /3/vouchers"] = [says(400, {"ErrorInformation": {"code": 2000359, "message": message}})]
    attempt = Lane().attempt()
    async with connected(wire) as connection:
        verdict = await connection.write(order_on(description="Lön Anna Andersson"), attempt)
    assert isinstance(verdict, Rejected)
    said = repr((verdict, attempt.calls))
    assert not any(text in said for text in ("Anna", MARK, "t0ken", SECRET))


async def test_a_mark_is_found_on_any_page(wire: Wire) -> None:
    """The whole list is read in pages of 500, by series, year and date."""
    wire.replies["GET /3/vouchers"] = [
        listed(*["x"] * 500, total=502),
        listed("x", f"Dagskassa {MARK}", first=501, total=502),
    ]
    attempt = Lane().attempt()
    async with connected(wire) as connection:
        looked = await connection.probe(ORDER, attempt)
    assert looked == AlreadyThere(VoucherRef(series="F", number=502, year_id=4))
    day = {"voucherseries": "F", "financialyear": "4", "fromdate": "2026-03-31", "todate": "2026-03-31"}
    assert [asked.params for asked in wire.of("GET /3/vouchers")] == [
        day | {"limit": "500", "page": "1"},
        day | {"limit": "500", "page": "2"},
    ]
    assert attempt.calls[-1].verdict == "found F 502"


@pytest.mark.parametrize(
    "pages",
    [
        [listed()],
        [listed("x", f"Dagskassa {MARK}x", f"Dagskassa {MARK[:-1]}")],
        [listed(*["x"] * 500, total=501), listed("x", first=501, total=501)],
        [listed(*["x"] * 100, total=101), listed("x", first=101, total=101)],
        [listed("x", total=-1)],
        [listed(*["x"] * 500, total=-1), listed(total=-1)],
    ],
    ids=["empty", "others", "two-pages", "small-pages", "no-meta", "no-meta-two-pages"],
)
async def test_a_voucher_that_is_on_no_page_is_absent(wire: Wire, pages: list[Reply]) -> None:
    """Only a list that was read to its end says so."""
    wire.replies["GET /3/vouchers"] = list(pages)
    attempt = Lane().attempt()
    async with connected(wire) as connection:
        assert await connection.probe(ORDER, attempt) == Absent()
    assert len(wire.of("GET /3/vouchers")) == len(pages)
    assert attempt.calls[-1].verdict.startswith("it is not among ")


@pytest.mark.parametrize(
    "pages",
    [
        [listed("x", total=2), listed(total=2)],
        [listed("x", "y", total=1)],
        [listed(*["x"] * 500, total=1000)],
        [listed(*["x"] * 500, total=-1)],
        [listed(*["x"] * 500, total=501), HTML % 502],
        [listed(*["x"] * 500, total=501), reset],
        [HTML % 200],
        [says(200, {})],
        [says(200, {"Vouchers": [{"VoucherNumber": 1}], "MetaInformation": {"@TotalResources": 1}})],
        [says(500)],
        [says(429)],
        [says(403)],
        [says(401)],
        [silence],
    ],
    ids="""too-few too-many page-twice page-twice-no-meta html-later reset-later html-200 no-list no-description
    500 429 403 401 silence""".split(),  # noqa: SIM905 - shorter than 14 quoted names
)
async def test_a_list_that_cannot_be_trusted_is_read_again_later(wire: Wire, pages: list[Reply]) -> None:
    """Absent would send the voucher again: whatever is in doubt is another look."""
    wire.replies["GET /3/vouchers"] = list(pages)
    async with connected(wire, request_timeout=2.0) as connection:
        assert isinstance(await connection.probe(ORDER, Lane().attempt()), RetryLater)
    assert len(wire.of("GET /3/vouchers")) <= 2


async def test_two_vouchers_with_one_mark_are_said_aloud(wire: Wire) -> None:
    """The lower number is the order's; the trail names all, and who decides is told of what books the same again.

    A reversal by hand, which has copied the text, takes back and is no second posting.
    """

    def held(number: int, debit: str, credit: str) -> bytes:
        rows = [
            {"Account": row.account, debit: str(row.debit), credit: str(row.credit), "Removed": False}
            for row in ORDER.data.rows
        ]
        gone = {"Account": 1930, "Debit": 1, "Credit": 0, "Removed": True}
        return says(200, {"Voucher": {"VoucherNumber": number, "VoucherRows": [*rows, gone]}})

    wire.replies["GET /3/vouchers"] = [listed(f"b {MARK}", f"a {MARK}", f"c {MARK}", first=12)]
    wire.replies["GET /3/vouchers/F/13"] = [held(13, "Credit", "Debit")]
    wire.replies["GET /3/vouchers/F/14"] = [held(14, "Debit", "Credit")]
    attempt = Lane().attempt()
    async with connected(wire) as connection:
        found = await connection.probe(ORDER, attempt)
    assert found == AlreadyThere(F12, others=(F12.model_copy(update={"number": 14}),))
    assert attempt.calls[-3].verdict == "3 vouchers carry this mark: F 12, F 13, F 14"


async def test_requests_are_measured_by_operation_and_outcome(wire: Wire) -> None:
    """Labels are bounded: no id, no date, no text."""

    def counts() -> dict[tuple[str, str], float]:
        found: dict[tuple[str, str], float] = defaultdict(float)
        for metric in REGISTRY.collect():
            for sample in metric.samples:
                if sample.name == "bokbuss_target_requests_total" and sample.labels["sink"] == "fortnox":
                    found[sample.labels["operation"], sample.labels["outcome"]] = sample.value
        return found

    before = counts()
    async with connected(wire) as connection:
        await connection.write(ORDER, Lane().attempt())
        await connection.probe(ORDER, Lane().attempt())
    after = counts()
    assert {key for key in after if after[key] > before[key]} == {
        *((f"GET {resource}", "ok") for resource in ("financialyears", "voucherseries", "accounts", "settings")),
        ("GET companyinformation", "ok"),
        ("POST vouchers", "delivered"),
        ("GET vouchers", "ok"),
    }


def test_the_folder_exports_a_sink_for_every_kind_of_order() -> None:
    """The host finds the connector by its SYSTEM; each kind says how it is found again."""
    sinks = {sink.name: sink for sink in SYSTEM.sinks}
    assert sinks["fortnox"].orders == (PostVoucher, UpsertEmployee, WriteAbsence, FindCustomer, CreateInvoice)
    assert sinks["fortnox-files"].orders == (AttachFile,), "what a voucher can do without stands in no voucher's way"
    assert sinks["fortnox-ledger"].orders == (ReadLedger,), "nor does a reading, which can take an hour"
    assert {sink.system for sink in SYSTEM.sinks} == {SYSTEM.name} == {"fortnox"}
    assert all(len(kind.found_by) > 10 for sink in SYSTEM.sinks for kind in sink.kinds)
    assert {order.TOPIC for sink in SYSTEM.sinks for order in sink.orders} == {"orders.fortnox.v1"}
