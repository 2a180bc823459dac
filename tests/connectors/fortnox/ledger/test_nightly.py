"""Every night the open years of whoever once asked for a ledger are read in full."""

import asyncio
from collections.abc import AsyncIterator
from datetime import date, timedelta
from pathlib import Path

import pytest

from connectors.fortnox.classify import Year
from connectors.fortnox.forms import ledger
from connectors.fortnox.ledger import nightly
from connectors.fortnox.sandbox import Company
from infra import clock
from infra.documents import Documents
from infra.intake.sightings import Sightings
from infra.postgres import Engine
from tests.connectors.fortnox.ledger_driver import (
    DOCUMENTS,
    NUMBER,
    TENANT,
    LedgerDriver,
    attach,
    book,
    ledger_driver,
    order,
)

YEARS = tuple(Year(at - 2022, date(at, 1, 1), date(at, 12, 31)) for at in (2027, 2026, 2025, 2024))
TODAY = date(2026, 11, 30)


@pytest.fixture
async def books(engine: Engine, tmp_path: Path) -> AsyncIterator[LedgerDriver]:
    """Yield a company with a voucher in each of two years."""
    company = Company(NUMBER)
    book(company, 1)
    book(company, 1, date(2025, 1, 1))
    async with ledger_driver(engine, tmp_path, company) as driver:
        await driver.consented(DOCUMENTS)
        yield driver


async def one_night(books: LedgerDriver, until: int) -> None:
    """Let the nightly reading run until so many years were closed, and half a second more."""
    stop = asyncio.Event()
    running = asyncio.create_task(nightly.follow(books.host, stop))
    deadline = clock.monotonic() + 120
    while len(books.closed) < until and clock.monotonic() < deadline:  # noqa: ASYNC110 - of a job that goes on
        await asyncio.sleep(0.05)
    await asyncio.sleep(0.5)
    stop.set()
    await running


async def test_each_night_what_is_open_is_read(books: LedgerDriver) -> None:
    """Nothing of a company that never asked, nor twice a night; documents where some were wanted before."""
    await one_night(books, 0)
    assert books.calls == {}
    await books.read(order(last=2, documents=True))
    books.told.clear()
    await one_night(books, 0)
    assert books.told == []
    attach(books.fortnox, 1, b"%PDF")
    book(books.fortnox, 1)
    before = Sightings(books.host.engine, TENANT, "fortnox")
    await before.read(nightly.NIGHT, clock.now() - timedelta(days=1, minutes=1), 2)
    await one_night(books, 2)
    assert [(closed.year, closed.vouchers, closed.requested_by) for closed in books.closed] == [
        (2026, 2, "every night"),
        (2025, 1, "every night"),
    ]
    assert [part.part for part in books.parts] == ["balances", "vouchers/A/0000000"]
    assert (await Documents(books.host.engine, TENANT).counts())[date(2026, 12, 31)].stored == 1


async def test_a_year_that_is_locked_is_left_alone(books: LedgerDriver) -> None:
    """Nothing can be booked in it any more."""
    await books.read(order(last=2))
    books.told.clear()
    books.fortnox.locked_until = date(2025, 12, 31)
    await nightly.read_open_years(books.host, TENANT)
    assert [closed.year for closed in books.closed] == [2026]


@pytest.mark.parametrize(
    ("before", "locked", "years"),
    [
        (["ledger/2025-12-31"], "", [2026, 2025]),
        (["ledger/2025-12-31"], "2025-12-31", [2026]),
        (["ledger/2025-12-31"], "2026-06-30", [2026]),
        (["ledger/2026-12-31"], "", [2026]),
        (["ledger/2024-12-31", "ledger/2026-12-31"], "2024-06-30", [2026, 2025, 2024]),
        (["ledger/2026-12-31"], "2026-12-31", []),
    ],
)
def test_what_may_still_change_is_read(before: list[str], locked: str, years: list[int]) -> None:
    """From the oldest year that was asked for to the one that runs; the coming year has not begun."""
    assert [year.last.year for year in nightly.still_open(YEARS, before, locked, TODAY)] == years


@pytest.mark.parametrize("end", [None, "", "API_NORIGHT", "i fjol"])
def test_an_end_of_the_lock_that_is_not_shown_closes_no_year(end: str | None) -> None:
    """Else no year would be read any more, and each night would pass for read."""
    locked = ledger.locked_until({"EndDate": end})
    assert [year.last.year for year in nightly.still_open(YEARS, ["ledger/2025-12-31"], locked, TODAY)] == [2026, 2025]
    assert ledger.locked_until({"EndDate": "2025-12-31T00:00:00"}) == "2025-12-31"
