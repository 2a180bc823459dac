"""Reference data is read whole and once, shared by processes, kept small, and dropped when an answer contradicts it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import pytest

from connectors.fortnox import errors
from connectors.fortnox.doctor import reference
from connectors.fortnox.doctor.reference import CONTRADICTED, CachedList
from connectors.fortnox.session import Session
from infra import store
from infra.http import Client
from infra.plugin import Host
from infra.postgres import text
from infra.verdicts import Rejected, RetryLater
from tests.connectors.fortnox import test_client as bare
from tests.connectors.fortnox.test_client import Lane, Wire, says

wire = bare.wire
CHART = [
    {
        "Number": 1000 + number,
        "Description": "Konto",
        "Active": True,
        "SRU": 7201,
        "BalanceBroughtForward": 1.5,
        "Year": 4,
    }
    for number in range(1200)
]
LOCKED = "GET /3/settings/lockedperiod"


def attempt() -> Any:
    """Return an attempt of a lane that may always send."""
    return Lane().attempt()


def page(items: list[dict[str, Any]], total: int | None, key: str = "Accounts") -> bytes:
    """Return a page of a list; without a total where Fortnox sends none."""
    meta = {} if total is None else {"MetaInformation": {"@TotalResources": total}}
    return says(200, meta | {key: items})


def pages(items: list[dict[str, Any]], size: int = 500) -> list[Any]:
    """Return a list's pages."""
    return [page(items[at : at + size], len(items)) for at in range(0, len(items), size)]


@asynccontextmanager
async def fortnox(wire: Wire, tenant: str = "acme", number: int = 123456) -> AsyncIterator[Session]:
    """Open a company's Fortnox, as one of its processes does."""
    company = replace(bare.COMPANY, tenant=tenant, database_number=number)
    assert wire.engine is not None
    async with wire.engine.begin() as database:
        await database.execute(bare.ADD, {"tenant": tenant, "number": company.database_number})
    async with Client(timeout=60.0) as client:
        yield Session(company, Host(bare.settings(wire.url), wire.engine, bare.VAULT, None, None), client)


async def test_a_list_is_read_to_its_end_and_kept_small(wire: Wire) -> None:
    """Every page, 500 a time; of each account only what is used."""
    wire.replies["GET /3/accounts"] = pages(CHART)
    async with fortnox(wire) as ours:
        kept = await ours.reference.get("accounts", attempt(), year_id=4)
    assert isinstance(kept, CachedList)
    assert kept.items == tuple({"Number": each["Number"], "Description": "Konto", "Active": True} for each in CHART)
    assert [asked.params for asked in wire.of("GET /3/accounts")] == [
        {"financialyear": "4", "limit": "500"},
        {"financialyear": "4", "limit": "500", "page": "2"},
        {"financialyear": "4", "limit": "500", "page": "3"},
    ]


async def test_what_there_is_one_of_is_a_list_of_one(wire: Wire) -> None:
    """The locked period is asked for without pages; where nothing is locked the date is left out."""
    wire.replies[LOCKED] = [says(200, {"LockedPeriod": {"EndDate": "2025-12-31"}}), says(200, {"LockedPeriod": {}})]
    async with fortnox(wire) as ours:
        locked = await ours.reference.get("locked_period", attempt())
        open_ = await ours.reference.get("locked_period", attempt(), max_age=0)
    assert isinstance(locked, CachedList)
    assert isinstance(open_, CachedList)
    assert (locked.items, open_.items) == (({"EndDate": "2025-12-31"},), ({},))
    assert [asked.params for asked in wire.of(LOCKED)] == [{}, {}]


async def test_processes_share_what_one_of_them_read(wire: Wire) -> None:
    """A young list is taken from the database, another year's or an old one is not; companies share nothing."""
    async with fortnox(wire) as ours, fortnox(wire) as theirs, fortnox(wire, "other", 7) as strangers:
        wire.replies["GET /3/companyinformation"] = [bare.whose(123456), bare.whose(123456), bare.whose(7)]
        kept = await ours.reference.get("series", attempt(), year_id=4)
        assert await theirs.reference.get("series", attempt(), year_id=4) == kept
        assert await ours.reference.get("series", attempt(), year_id=4) is kept
        assert len(wire.of("GET /3/voucherseries")) == 1
        await theirs.reference.get("series", attempt(), year_id=3)
        await strangers.reference.get("series", attempt(), year_id=4)
        assert len(wire.of("GET /3/voucherseries")) == 3
        renewed = await theirs.reference.get("series", attempt(), year_id=4, max_age=0)
        assert isinstance(renewed, CachedList)
        assert isinstance(kept, CachedList)
        assert renewed.read_at > kept.read_at
        assert len(wire.of("GET /3/voucherseries")) == 4


async def test_what_another_process_dropped_or_renewed_is_noticed(wire: Wire, monkeypatch: pytest.MonkeyPatch) -> None:
    """Memory is believed for a minute; then the database is asked, which costs Fortnox nothing if nothing changed."""
    monkeypatch.setattr(reference, "_TRUSTED", 0.0)
    async with fortnox(wire) as ours, fortnox(wire) as theirs:
        kept = await ours.reference.get("years", attempt())
        assert await ours.reference.get("years", attempt()) is kept
        renewed = await theirs.reference.get("years", attempt(), max_age=0)
        assert await ours.reference.get("years", attempt()) == renewed
        assert len(wire.of("GET /3/financialyears")) == 2
        await theirs.reference.drop("years")
        await ours.reference.get("years", attempt())
        assert len(wire.of("GET /3/financialyears")) == 3


async def test_an_answer_drops_what_it_contradicts_in_its_year(wire: Wire) -> None:
    """Accounts of another year, and lists of which it says nothing, stay."""
    async with fortnox(wire) as ours:
        for kind, year in (("accounts", 4), ("accounts", 3), ("cost_centres", 0), ("years", 0)):
            await ours.reference.get(kind, attempt(), year_id=year)  # type: ignore[arg-type]
        before = len(wire.asked)
        await ours.reference.heed(RetryLater(5.0, "account_missing", ""), 4)
        await ours.reference.heed(Rejected("unbalanced", "", "developer"), 4)
        await ours.reference.heed(Rejected("cost_centre_refused", "", "accountant"), 4)
        assert wire.engine is not None
        async with wire.engine.connect() as database:
            left = await database.execute(text("select kind, year_id from reference_data order by kind, year_id"))
            assert left.all() == [("accounts", 3), ("years", 0)]
        for kind, year in (("accounts", 4), ("accounts", 3), ("cost_centres", 0), ("years", 0)):
            await ours.reference.get(kind, attempt(), year_id=year)  # type: ignore[arg-type]
    assert [asked.path for asked in wire.asked[before:]] == ["/3/accounts", "/3/costcenters"]


async def test_a_year_that_was_taken_away_is_noticed(wire: Wire) -> None:
    """Fortnox's refusal ends what is remembered of the years: the next order is not sent into the same one again."""
    wire.replies["GET /3/financialyears"] = [bare.years((4, 2026)), bare.years((9, 2026))]
    wire.replies["POST /3/vouchers"] = [
        says(400, {"ErrorInformation": {"message": "Räkenskapsåret finns inte", "code": 2009998}}),
        says(201, bare.booked(Year=9)),
    ]
    async with bare.connected(wire) as connection:
        assert isinstance(await connection.write(bare.ORDER, attempt()), Rejected)
        await connection.write(bare.ORDER, attempt())
    assert [asked.params for asked in wire.of("POST /3/vouchers")] == [{"financialyear": "4"}, {"financialyear": "9"}]


@pytest.mark.parametrize(
    "first",
    [
        [page(CHART[:500], 501), page([], 501)],
        [page(CHART[:500], 501), page(CHART[:1], 501)],
        [page(CHART[:500], 501), page(CHART[500:502], 502)],
        [page(CHART[:500], 501), page([], 500)],
        [page(CHART[:500], None), page(CHART[:500], None)],
        [page(CHART[:3], 2), page([], 2)],
    ],
    ids=["too few", "twice", "grew", "shrank", "no end", "too many"],
)
async def test_a_list_that_moved_is_read_again(wire: Wire, first: list[Any]) -> None:
    """Pages of which one was read before and one after a change make no list."""
    wire.replies["GET /3/accounts"] = [*first, *pages(CHART[:600])]
    async with fortnox(wire) as ours:
        kept = await ours.reference.get("accounts", attempt(), year_id=4)
    assert isinstance(kept, CachedList)
    assert len(kept.items) == 600


async def test_a_list_that_always_moves_is_kept_for_later(wire: Wire) -> None:
    """After three readings the caller hears of it; nothing is remembered."""
    wire.replies["GET /3/accounts"] = [page(CHART[:2], 3)]
    async with fortnox(wire) as ours:
        for _ in range(2):
            answer = await ours.reference.get("accounts", attempt(), year_id=4)
            assert isinstance(answer, RetryLater)
            assert answer.code == "list_moved"
    assert len(wire.of("GET /3/accounts")) == 2 * 3 * 2


async def test_the_chart_of_another_year_is_not_this_years(wire: Wire) -> None:
    """Fortnox's document names no year for these lists: vouchers would be refused, or let go, by another chart."""
    wire.replies["GET /3/accounts"] = [page([account | {"Year": 3} for account in CHART[:2]], 2)]
    async with fortnox(wire) as ours:
        answer = await ours.reference.get("accounts", attempt(), year_id=4)
        assert isinstance(answer, RetryLater)
        assert answer.code == "list_unreadable"
        wire.replies["GET /3/accounts"] = [page([account | {"Year": "4"} for account in CHART[:2]], 2)]
        assert isinstance(await ours.reference.get("accounts", attempt(), year_id=4), CachedList)


@pytest.mark.parametrize("size", [100, 500])
async def test_a_list_without_a_total_ends_with_a_page_that_is_not_full(wire: Wire, size: int) -> None:
    """Fortnox's document leaves the count out for cost centres, and the limit: 100 is a page, then."""
    wire.replies["GET /3/costcenters"] = [page([{"Code": str(n)} for n in range(size)], None, "CostCenters")]
    wire.replies["GET /3/costcenters"] += [page([{"Code": "last"}], None, "CostCenters")]
    async with fortnox(wire) as ours:
        kept = await ours.reference.get("cost_centres", attempt())
    assert isinstance(kept, CachedList)
    assert len(kept.items) == size + 1


@pytest.mark.parametrize(
    ("reply", "calls"),
    [
        (says(400, {"ErrorInformation": {"message": "Saknar behörighet för scope.", "code": 2000663}}), 1),
        (says(403, {"ErrorInformation": {"message": "Har inte behörighet.", "code": 2001339}}), 1),
        (says(403, {"ErrorInformation": {"message": "Ingen licens.", "code": 2001101}}), 1),
        (says(429), 2),
        (says(500), 2),
    ],
    ids=["scope", "permission", "licence", "throttled", "failing"],
)
async def test_a_refusal_is_remembered_briefly(
    wire: Wire, monkeypatch: pytest.MonkeyPatch, reply: bytes, calls: int
) -> None:
    """A scope does not come from one order to the next; what passes by itself is asked for again at once."""
    wire.replies["GET /3/costcenters"] = [reply]
    async with fortnox(wire) as ours:
        answers = [await ours.reference.get("cost_centres", attempt()) for _ in range(2)]
        assert all(isinstance(answer, RetryLater) for answer in answers)
        assert len(wire.of("GET /3/costcenters")) == calls
        monkeypatch.setattr(reference, "_REFUSED", 0.0)
        await ours.reference.get("cost_centres", attempt())
    assert len(wire.of("GET /3/costcenters")) == calls + 1


async def test_without_a_database_a_list_is_read_and_remembered_here(wire: Wire) -> None:
    """Nothing of a lane's order fails because of it: the order's own steps need the database and say so."""
    async with fortnox(wire) as ours:
        await ours.reference.get("years", attempt())  # and the access token
        gone = store.engine("postgresql://nobody@127.0.0.1:1/nothing", 1)
        ours.host = replace(ours.host, engine=gone)
        kept = await ours.reference.get("series", attempt(), year_id=4)
        assert isinstance(kept, CachedList)
        assert await ours.reference.get("series", attempt(), year_id=4) is kept
        await ours.reference.drop("series")
        assert await ours.reference.get("series", attempt(), year_id=4) is not kept
        await gone.dispose()


async def test_throttled_reads_make_the_lane_wait(wire: Wire) -> None:
    """A 429 is told to whoever lent the call, with the seconds that Fortnox asks for."""
    told = []

    async def throttled(seconds: float) -> None:
        told.append(seconds)

    wire.replies["GET /3/costcenters"] = [says(429, None, Retry_After="7")]
    async with fortnox(wire) as ours:
        await ours.reference.get("cost_centres", replace(attempt(), throttled=throttled))
    assert told == [7.0]


def test_every_code_that_drops_a_list_is_one_of_ours() -> None:
    """A code that was renamed would drop nothing any more."""
    assert all(errors.is_known(code) for code in CONTRADICTED)
