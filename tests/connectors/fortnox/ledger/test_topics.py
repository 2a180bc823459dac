"""Events are hints: a burst of them is one reading of the year that they name, and what they miss the night finds."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs
from websockets.asyncio.client import connect as dial

from connectors.fortnox import SYSTEM
from connectors.fortnox.ledger import topics
from connectors.fortnox.ledger.hints import Hint, Hints, read
from connectors.fortnox.sandbox import Company, Fault, Faults
from connectors.fortnox.sandbox.topics import ROUTE
from connectors.fortnox.settings import FortnoxSettings
from infra import clock
from infra.postgres import Engine
from tests.connectors.fortnox.ledger_driver import DOCUMENTS, NUMBER, TENANT, LedgerDriver, book, ledger_driver, order

pytestmark = pytest.mark.usefixtures("hurried")


COMPANIES = {NUMBER: TENANT}


# --- What events say ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("event", "hint"),
    [
        ({"topic": "vouchers", "tenantId": NUMBER, "id": "4-A-17"}, Hint(TENANT, 4)),
        ({"topic": "vouchers", "tenantId": NUMBER, "id": "4-A-B-17"}, Hint(TENANT, 4)),
        ({"topic": "vouchers", "tenantId": str(NUMBER), "id": "4-A-17"}, Hint(TENANT, 4)),
        ({"topic": "vouchers", "tenantId": True}, None),
        ({"topic": "vouchers", "tenantId": NUMBER, "entityId": "17", "year": 2026}, Hint(TENANT, None)),
        ({"topic": "invoices", "tenantId": NUMBER, "id": "4-A-17"}, None),
        ({"topic": "vouchers", "tenantId": 1, "id": "4-A-17"}, None),
        ({"topic": "vouchers", "tenantId": "x"}, None),
        ({}, None),
    ],
)
def test_an_event_names_a_company_and_a_year(event: dict[str, Any], hint: Hint | None) -> None:
    """As far as it does; what it is about otherwise is nothing to us."""
    assert Hint.of(event, COMPANIES) == hint


@pytest.mark.parametrize("message", ["", "[]", "7", "{", b"\xff", "[" * 100_000])
def test_what_is_no_event_is_none(message: str | bytes) -> None:
    """Whatever comes over the line."""
    assert read(message) == {}


def test_a_pause_collects_what_comes_and_does_not_last_for_ever() -> None:
    """Ten seconds of quiet; a company that is never quiet waits ten times as long."""
    hints = Hints(10.0)
    for second in range(0, 95, 5):
        hints.take(Hint(TENANT, 4), float(second))
        assert hints.due(float(second)) == ()
    hints.take(Hint(TENANT, 3), 95.0)
    assert hints.due(101.0) == (TENANT,)
    assert hints.done(TENANT) == {3, 4}
    assert hints.due(200.0) == ()
    hints.take(Hint(TENANT, None), 200.0)
    assert hints.due(209.0) == ()
    assert hints.due(210.0) == (TENANT,)
    assert hints.done(TENANT) is None


# --- Over the sandbox's WebSocket -----------------------------------------------------------------------------------


@asynccontextmanager
async def listening(books: LedgerDriver) -> AsyncIterator[None]:
    """Let hints be taken, and wait until the sandbox tells them."""
    stop = asyncio.Event()
    running = asyncio.create_task(topics.run(books.host, stop))
    await until(lambda: bool(books.fortnox._listeners))
    yield
    stop.set()
    await running


async def until(test: Callable[[], bool], within: float = 120.0) -> None:
    """Wait until something is so."""
    deadline = clock.monotonic() + within
    while not test():
        assert clock.monotonic() < deadline
        await asyncio.sleep(0.05)


@pytest.fixture
async def books(engine: Engine, tmp_path: Path) -> AsyncIterator[LedgerDriver]:
    """Yield a company whose last two years were asked for once, and told."""
    company = Company(NUMBER)
    book(company, 1)
    book(company, 1, date(2025, 1, 1))
    async with ledger_driver(engine, tmp_path, company, events_pause=0.5) as driver:
        await driver.consented(DOCUMENTS)
        await driver.read(order(last=2))
        driver.told.clear()
        driver.fortnox.calls.routes.clear()
        yield driver


async def test_a_burst_of_events_is_one_reading_of_the_year(books: LedgerDriver) -> None:
    """Of the year that they name: two calls for thirty vouchers."""
    async with listening(books):
        book(books.fortnox, 30)
        await until(lambda: bool(books.closed))
        await asyncio.sleep(1.0)
    assert [(closed.year, closed.vouchers, closed.requested_by) for closed in books.closed] == [(2026, 31, "an event")]
    assert books.calls == {"GET /3/financialyears": 1, "GET /3/sie/{type}": 1}


async def test_many_companies_are_listened_to_on_one_connection(books: LedgerDriver) -> None:
    """The answer repeats every token: those of some hundred companies are more than a message may hold."""
    settings, numbers = books.host.settings.of(FortnoxSettings), range(20_001, 20_201)
    names = [await books.add(number) for number in numbers]
    told = topics._Topics(books.host)
    async with dial(str(settings.events_url), max_size=topics._LARGEST, proxy=None) as socket:
        await told._add(socket, names)
        answer = await told._ask(socket, command="list-tenants-v1")
    assert answer["tenantIds"] == sorted(told.companies) == [*numbers]


async def test_a_company_whose_fortnox_is_slow_keeps_no_other_from_its_turn(books: LedgerDriver) -> None:
    """The other one's year is read, or is not, while the first one's file is still on its way."""
    books.fortnox.faults = Faults(
        only=["GET /3/sie/{type}"], script=[Fault.SLOW_BEFORE_COMMIT], seconds={Fault.SLOW_BEFORE_COMMIT: 8.0}
    )
    told, stop = topics._Topics(books.host), asyncio.Event()
    for tenant in (TENANT, "not-connected"):
        told.hints.take(Hint(tenant, None), clock.monotonic() - 100.0)
    with capture_logs() as logs:
        refreshing = asyncio.create_task(told._refresh(stop))
        await until(lambda: any(one.get("tenant") == "not-connected" for one in logs))
        assert books.closed == []
        await until(lambda: bool(books.closed))
        stop.set()
        await refreshing


async def test_a_connection_that_breaks_is_made_again(books: LedgerDriver) -> None:
    """The event that it broke with is lost; the next one is followed."""
    async with listening(books):
        books.fortnox.faults = Faults(only=[ROUTE], script=[Fault.RESET_BEFORE_COMMIT])
        before = books.fortnox._listeners.copy()
        book(books.fortnox, 1)
        await until(lambda: bool(books.fortnox._listeners) and books.fortnox._listeners != before)
        book(books.fortnox, 1)
        await until(lambda: bool(books.closed))
    assert books.closed[0].vouchers == 3


async def test_who_never_asked_for_a_ledger_is_not_listened_to(engine: Engine, tmp_path: Path) -> None:
    """No token of theirs goes anywhere."""
    async with ledger_driver(engine, tmp_path, Company(NUMBER)) as books:
        await books.consented(DOCUMENTS)
        stop = asyncio.Event()
        running = asyncio.create_task(topics.run(books.host, stop))
        await asyncio.sleep(1.0)
        stop.set()
        await running
        assert books.fortnox._listeners == []
        assert books.fortnox.calls.routes == {}


async def test_without_an_address_the_job_waits_until_it_is_asked_to_stop(engine: Engine, tmp_path: Path) -> None:
    """A job that ends by itself ends its process."""
    async with ledger_driver(engine, tmp_path, Company(NUMBER), events_url=None) as books:
        stop = asyncio.Event()
        jobs = [asyncio.create_task(job.run(books.host, stop)) for job in SYSTEM.jobs]
        await asyncio.sleep(1.0)
        assert not [job for job in jobs if job.done()]
        stop.set()
        await asyncio.gather(*jobs)
