"""A financial year's ledger out of Fortnox: two calls, whole or not at all, and only what differs is told again."""

import json
from collections.abc import AsyncIterator
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from connectors.fortnox.classify import Year
from connectors.fortnox.ledger import fresh
from connectors.fortnox.ledger.years import Refused, chosen
from connectors.fortnox.sandbox import Company, Fault, Faults
from infra.commanding import Failed
from infra.intake.sightings import Sightings
from infra.postgres import Engine
from infra.verdicts import Delivered, Rejected
from schemas.ledger import ReadLedger
from tests.connectors.fortnox.ledger_driver import (
    NUMBER,
    TENANT,
    LedgerDriver,
    book,
    ledger_driver,
    order,
    read_in_a_process,
)

pytestmark = pytest.mark.usefixtures("hurried")


TWO_CALLS = {"GET /3/financialyears": 1, "GET /3/sie/{type}": 1}


@pytest.fixture
async def books(engine: Engine, tmp_path: Path) -> AsyncIterator[LedgerDriver]:
    """Yield a company with 250 vouchers in 2026 and three in 2025."""
    company = Company(NUMBER)
    book(company, 250)
    book(company, 3, date(2025, 1, 1))
    async with ledger_driver(engine, tmp_path, company) as driver:
        yield driver


async def test_a_year_is_two_calls_and_all_its_vouchers(books: LedgerDriver) -> None:
    """With chart and balances, by debit and credit; what closes it names the parts that were told."""
    verdict = await books.read(order(year=2026))
    assert isinstance(verdict, Delivered)
    assert (verdict.record, verdict.note) == ("2026-12-31", "2026-12-31: 250 vouchers, 5 of 5 parts new")
    assert books.calls == TWO_CALLS
    vouchers = [voucher for part in books.parts for voucher in part.vouchers]
    assert [(v.series, int(v.number)) for v in vouchers] == [("A", number) for number in range(1, 251)]
    assert all(v.rows[0].amount == int(v.number) + Decimal("0.25") == -v.rows[1].amount for v in vouchers)
    closing = {b.account: b.amount for part in books.parts for b in part.balances if b.kind == "closing"}
    assert closing == {"1930": Decimal("31437.50"), "3001": Decimal("-31437.50")}
    [closed] = books.closed
    assert (closed.source, closed.vouchers, closed.rows, closed.year) == ("fortnox", 250, 500, 2026)
    assert (closed.year_from, closed.year_to, closed.requested_by) == (date(2026, 1, 1), date(2026, 12, 31), "Anna")
    assert [part.part for part in closed.parts] == sorted(part.part for part in books.parts)
    assert closed.organisation_number == "5560000001"
    assert books.told[-1] is closed


async def test_only_what_differs_is_told_again(books: LedgerDriver) -> None:
    """One voucher more is one block of vouchers and the balances; a year is closed each time all the same."""
    await books.read(order(year=2026))
    books.told.clear()
    await books.read(order(year=2026, key="again"))
    assert (books.parts, len(books.closed)) == ([], 1)
    book(books.fortnox, 1, date(2026, 12, 31))
    await books.read(order(year=2026, key="and again"))
    assert [part.part for part in books.parts] == ["balances", "vouchers/A/0000002"]
    books.told.clear()
    await books.read(order(year=2026, key="over", overwrite=True))
    assert (books.parts, books.closed[0].overwrite) == ([], True)


async def test_the_last_years_are_those_that_have_begun(books: LedgerDriver) -> None:
    """The coming year is none of them."""
    await books.read(order(last=2))
    assert [(closed.year, closed.vouchers) for closed in books.closed] == [(2026, 250), (2025, 3)]
    books.told.clear()
    await books.read(order(key="one", last=0))
    assert [closed.year for closed in books.closed] == [2026]


def test_of_two_years_that_end_in_one_the_one_that_is_meant_is_read() -> None:
    """From broken years to calendar years there is a short one: what was loaded of the other year stays."""
    broken = Year(1, date(2023, 5, 1), date(2024, 4, 30))
    short = Year(2, date(2024, 5, 1), date(2024, 12, 31))

    def read(year_to: date | None) -> tuple[Year, ...]:
        wanted: ReadLedger = order(year=2024, year_to=year_to).data
        return chosen((short, broken), wanted, date(2026, 1, 1))

    assert [read(None), read(short.last), read(broken.last)] == [(short, broken), (short,), (broken,)]
    with pytest.raises(Refused, match="ends in 2024-06-30; there is"):
        read(date(2024, 6, 30))


def test_of_two_years_that_end_in_one_none_is_taken_for_the_one_that_is_meant() -> None:
    """What is proved, or whose open invoices are read, is one year: whoever names both is asked which."""
    broken = Year(1, date(2023, 5, 1), date(2024, 4, 30))
    short = Year(2, date(2024, 5, 1), date(2024, 12, 31))
    known = (Year(3, date(2025, 1, 1), date(2025, 12, 31)), short, broken)
    assert [fresh.chosen(known, wanted).id for wanted in (2025, short.last, broken.last)] == [3, 2, 1]
    with pytest.raises(Failed, match="2024: 2024-05-01 to 2024-12-31, 2023-05-01 to 2024-04-30; name the one meant"):
        fresh.chosen(known, 2024)


async def test_a_year_that_is_not_there_is_refused_with_those_that_are(books: LedgerDriver) -> None:
    """It is the accountant's move."""
    verdict = await books.read(order(year=2019))
    assert isinstance(verdict, Rejected)
    assert (verdict.code, verdict.who) == ("financial_year_missing", "accountant")
    assert "ends in 2019; there is: 2027-01-01 to 2027-12-31, 2026-01-01" in verdict.why


async def test_a_year_that_is_too_large_is_refused_by_its_setting(engine: Engine, tmp_path: Path) -> None:
    """Before it fills a disk."""
    company = Company(NUMBER)
    book(company, 100)
    async with ledger_driver(engine, tmp_path, company, ledger_bytes=5_000) as books:
        verdict = await books.read(order(year=2026))
        assert isinstance(verdict, Rejected)
        assert (verdict.code, verdict.who) == ("ledger_too_large", "operator")
        assert "5,000 bytes; allow more: BOKBUSS_FORTNOX__LEDGER_BYTES" in verdict.why
        assert books.told == []


async def test_the_books_of_another_company_are_not_told(books: LedgerDriver) -> None:
    """Organisation numbers are compared before the first part."""
    books.fortnox.organisation_number = "556999-9999"
    verdict = await books.read(order(year=2026))
    assert isinstance(verdict, Rejected)
    assert (verdict.code, books.told) == ("other_company", [])
    assert "5569999999" not in verdict.why


async def test_a_file_that_was_cut_on_its_way_is_read_again(books: LedgerDriver) -> None:
    """Half a year never passes for one."""
    cut = [None, Fault.CUT_ANSWER, Fault.HTML_WITHOUT_COMMIT, Fault.CUT_ANSWER]
    books.fortnox.faults = Faults(only=["GET /3/financialyears", "GET /3/sie/{type}"], script=cut)
    assert isinstance(await books.read(order(year=2026)), Delivered)
    assert books.calls["GET /3/sie/{type}"] == 4
    assert [closed.vouchers for closed in books.closed] == [250]


@pytest.mark.parametrize("seed", range(2))
async def test_a_third_of_all_answers_lost_changes_no_fact(engine: Engine, tmp_path: Path, seed: int) -> None:
    """What is told is the same, byte for byte, as without faults."""
    company = Company(NUMBER)
    book(company, 250)
    async with ledger_driver(engine, tmp_path, company, ledger_timeout=1.0) as books:
        await books.read(order(year=2026))
        calm = {(fact.key, fact.sha256) for fact in books.closed}
        books.told.clear()
        company.faults = Faults.evenly(0.35, seed)
        for number in range(3):
            assert isinstance(await books.read(order(key=f"again {number}", year=2026)), Delivered)
        assert {(fact.key, fact.sha256) for fact in books.closed} == calm
        assert books.parts == []


@pytest.mark.parametrize("step", ["ledger.told:1", "ledger.told:2", "ledger.closed:1", "ledger.closed:2"])
async def test_killed_anywhere_it_goes_on_where_it_was(
    books: LedgerDriver, engine: Engine, prepared_url: str, tmp_path: Path, step: str
) -> None:
    """Every part is told, and each year closed; a year that was closed for this order is not read again."""
    asked = order(last=2)
    assert await read_in_a_process(books, prepared_url, asked, f"{step}:kill") == -9
    assert await read_in_a_process(books, prepared_url, asked, "") == 0
    facts = [json.loads(line) for line in (tmp_path / "facts").read_text().splitlines()]
    seen = await Sightings(engine, TENANT, "ledger").every("ledger 2026-12-31")
    assert {f"ledger/2026-12-31/{part}" for part in seen} < {key for key, _ in facts}
    assert {key for key, _ in facts} >= {"ledger/2026-12-31", "ledger/2025-12-31"}
    assert facts[-1][0] == "ledger/2025-12-31"
    assert books.calls["GET /3/sie/{type}"] == 3, "of two years one was read twice: the one that it was killed in"
