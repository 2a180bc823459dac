"""A closing voucher goes to the books that it names, and not where another one books the same on that day."""

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, cast
from uuid import UUID

import pytest

from connectors.fortnox import sandbox
from connectors.fortnox.classify import Year
from connectors.fortnox.orders import doubles
from connectors.fortnox.sandbox import CostCentre, Fault, Faults
from connectors.fortnox.sandbox.books import Draft, Row
from infra.delivery.journal import Journal
from infra.postgres import Engine, text
from infra.verdicts import AlreadyThere, Delivered, Rejected, RetryLater
from schemas import ids
from schemas.commands import VoucherRow
from tests.connectors.fortnox.lane_driver import attempt, carry_out, connected, voucher

LAST = date(2025, 12, 31)
BOOKED = datetime(2026, 1, 9, tzinfo=UTC)
ZERO = Decimal(0)
DEPRECIATION = (VoucherRow(account=7832, debit=Decimal("480.00")), VoucherRow(account=1229, credit=Decimal("480.00")))


@pytest.fixture
def books() -> sandbox.Company:
    """Return a company whose series I is open for manual entry."""
    return sandbox.Company(4711, organisation_number="556000-0001", manual_series=("A", "I"))


@pytest.fixture
async def lane(engine: Engine, books: sandbox.Company) -> AsyncIterator[Any]:
    """Return the company's lane."""
    async with connected(engine, books) as connection:
        yield connection


def closing(key: str = "spiris/2025#1", **fields: Any) -> Any:
    """Return an order for a closing voucher."""
    data = {"flow": "yearend", "series": "I", "voucher_date": LAST, "description": "Avskrivning", "rows": DEPRECIATION}
    return voucher(key, **(data | {"look_for_double": True} | fields))


def by_hand(books: sandbox.Company, *rows: tuple[int, str, str], day: date = LAST, said: str = "Bokslut") -> None:
    """Let somebody book a voucher in series A."""
    booked = tuple(Row(account, Decimal(debit), Decimal(credit)) for account, debit, credit in rows)
    books.book(Draft(books.year_on(day).id, "A", day, said, booked), BOOKED, BOOKED)  # type: ignore[union-attr] # it has


async def test_a_voucher_that_nobody_has_booked_goes_out_in_two_calls_of_its_own(
    lane: Any, books: sandbox.Company
) -> None:
    """One that looks for a double, and the one that books."""
    by_hand(books, (7832, "480.00", "0"), (1229, "0", "479.00"), (1220, "0", "1.00"))
    by_hand(books, (7832, "480.00", "0"), (1229, "0", "480.00"), day=date(2025, 12, 30))
    await carry_out(lane, closing("spiris/2025#0", rows=DEPRECIATION[::-1]))
    before = dict(books.calls.routes)
    verdict = await carry_out(lane, closing())
    assert isinstance(verdict, Rejected | Delivered)
    after = {route: times - before.get(route, 0) for route, times in books.calls.routes.items()}
    assert {route: times for route, times in after.items() if times} == {"GET /3/sie/{type}": 1, "POST /3/vouchers": 1}


class Ledger:
    """A Fortnox that answers with one SIE file, whatever it is asked."""

    def __init__(self, content: bytes) -> None:
        self.content = content

    async def ask(self, *_asked: object, **_how: object) -> bytes:
        """Return the file."""
        return self.content


async def test_the_ledger_of_another_year_tells_of_no_double() -> None:
    """Fortnox's document spells the year's parameter in two ways: one that is not heeded gives the chosen year."""
    sie = b"""#FLAGGA 0\r\n#FORMAT PC8\r\n#SIETYP 4\r\n#PROGRAM "x" 1\r\n#GEN 20260401\r\n#FNAMN "Acme"\r\n
#RAR 0 20260101 20261231\r\n#KONTO 7832 "a"\r\n#KONTO 1229 "b"\r\n#IB 0 1229 0.00\r\n#UB 0 1229 0.00\r\n"""
    year = Year(3, date(2025, 1, 1), LAST)
    found = await doubles.find(cast("Any", Ledger(sie)), closing().data, year, attempt())
    assert isinstance(found, RetryLater)
    assert (found.code, found.who) == ("other_year", "developer")
    assert "2026-01-01 to 2026-12-31" in found.why


@pytest.mark.parametrize(
    "rows",
    [
        ((7832, "480.00", "0"), (1229, "0", "480.00")),
        ((1229, "0", "400.00"), (7832, "480.00", "0"), (1229, "0", "80.00")),
    ],
    ids=["row for row", "in other rows"],
)
async def test_what_somebody_has_booked_by_hand_is_named_and_not_booked_again(
    lane: Any, books: sandbox.Company, rows: tuple[Any, ...]
) -> None:
    """The same sums on the same accounts on the same day, whatever its text and series."""
    by_hand(books, (1930, "1.00", "0"), (1910, "0", "1.00"))
    by_hand(books, *rows, said="SIE-import")
    verdict = await carry_out(lane, closing())
    assert isinstance(verdict, Rejected)
    assert (verdict.code, str(verdict.voucher), verdict.who) == ("suspected_double", "A 2", "accountant")
    assert "A 2" in verdict.why
    assert len(list(books.vouchers())) == 2
    again = await carry_out(lane, closing(step="book/2", look_for_double=False))
    assert isinstance(again, Delivered), "a person says that it is another event"


async def test_what_only_moves_an_amount_is_told_apart_by_where_it_moves_it(lane: Any, books: sandbox.Company) -> None:
    """Between cost centres: on its account it is nothing, as is every other such voucher of that day."""
    books.cost_centres |= {code: CostCentre(code, code) for code in "123"}
    amount = Decimal("90.00")
    for to in "23":
        moved = (Row(7832, amount, ZERO, cost_centre=to), Row(7832, ZERO, amount, cost_centre="1"))
        books.book(Draft(books.year_on(LAST).id, "A", LAST, "Omföring", moved), BOOKED, BOOKED)  # type: ignore[union-attr] # it has
    sold = (Row(1930, amount, ZERO), Row(3001, ZERO, amount))  # a year in which nothing has a balance is none to read
    books.book(Draft(books.year_on(LAST).id, "A", LAST, "Dagskassa", sold), BOOKED, BOOKED)  # type: ignore[union-attr] # it has

    def order(origin: str, key: str) -> Any:
        to = VoucherRow(account=7832, debit=amount, cost_centre="3")
        return closing(key, rows=(to, VoucherRow(account=7832, credit=amount, cost_centre=origin)))

    verdict = await carry_out(lane, order("1", "spiris/2025#1"))
    assert isinstance(verdict, Rejected)
    assert (verdict.code, str(verdict.voucher)) == ("suspected_double", "A 2")
    assert isinstance(await carry_out(lane, order("2", "spiris/2025#2")), Delivered)


async def test_our_own_vouchers_are_no_doubles(lane: Any, books: sandbox.Company) -> None:
    """Two entries with equal amounts are two."""
    for number in range(2):
        assert isinstance(await carry_out(lane, closing(f"spiris/2025#{number}")), Delivered)
    assert len(list(books.vouchers())) == 2


async def booked(engine: Engine, order: Any, voucher: str) -> None:
    """Let the journal have it that an order was carried out as this voucher."""
    await Journal(engine, "fortnox").insert([(0, order)])
    done = """update journal set state = 'delivered', finished_at = clock_timestamp(), outcome = cast(:outcome as jsonb)
              where order_id = cast(:id as uuid)"""
    async with engine.begin() as connection:
        await connection.execute(text(done), {"id": order.id, "outcome": f'{{"voucher": {voucher}}}'})


async def test_what_another_flow_of_ours_has_booked_is_a_double(
    lane: Any, books: sandbox.Company, engine: Engine
) -> None:
    """The same takings come in from the till and in a file of entries: the till's voucher is named."""
    till = closing("openpos/K1/1", flow="daysales", look_for_double=False)
    assert isinstance(await carry_out(lane, till), Delivered)
    await booked(engine, till, '{"series": "I", "number": 1, "year_id": 3}')
    verdict = await carry_out(lane, closing("sie/batch#A 1"))
    assert isinstance(verdict, Rejected)
    assert (verdict.code, str(verdict.voucher)) == ("suspected_double", "I 1")
    assert len(list(books.vouchers())) == 1


async def test_a_reversal_by_hand_is_a_double_though_it_has_copied_the_mark(lane: Any, books: sandbox.Company) -> None:
    """What it takes back carries that mark; a reversal of ours would carry its own."""
    first = closing("spiris/2025#0", look_for_double=False)
    verdict = await carry_out(lane, first)
    assert isinstance(verdict, Delivered)
    back = {
        "purpose": "reverse",
        "step": "reverse",
        "rows": tuple(row.swapped for row in DEPRECIATION),
        "relates_to": (verdict.voucher,),
        "takes_back": UUID(first.id),
    }
    said = f"Avskrivning {ids.mark(UUID(first.id))}"
    by_hand(books, (1229, "480.00", "0"), (7832, "0", "480.00"), said=said)
    by_hand(books, (1930, "1.00", "0"), (3001, "0", "1.00"))  # a year in which nothing has a balance is none to read
    verdict = await carry_out(lane, closing("spiris/2025#0", **back))
    assert isinstance(verdict, Rejected)
    assert (verdict.code, str(verdict.voucher)) == ("suspected_double", "A 1")
    assert isinstance(await carry_out(lane, closing("spiris/2025#0", **back | {"look_for_double": False})), Delivered)


async def test_our_own_voucher_is_known_by_its_number_when_its_text_was_cut(
    lane: Any, books: sandbox.Company, engine: Engine
) -> None:
    """The journal has the number that Fortnox gave it."""
    by_hand(books, (7832, "480.00", "0"), (1229, "0", "480.00"), said="Avskrivning, avkortad")
    ours = closing("spiris/2025#0")
    await booked(engine, ours, '{"series": "A", "number": 1, "year_id": 3}')
    assert isinstance(await carry_out(lane, closing()), Delivered)


async def test_a_lost_answer_is_found_by_its_mark_and_never_taken_for_a_double(
    lane: Any, books: sandbox.Company
) -> None:
    """Whatever goes wrong with a third of the calls, the SIE file among them."""
    books.faults = Faults(7, dict.fromkeys(Fault, 0.35 / len(Fault)), None, seconds=dict.fromkeys(Fault, 0.15))
    for number in range(6):
        verdict = await carry_out(lane, closing(f"spiris/2025#{number}"))
        assert isinstance(verdict, Delivered | AlreadyThere), verdict
    assert len(list(books.vouchers())) == 6


async def test_what_cannot_be_looked_through_is_not_booked(lane: Any, books: sandbox.Company) -> None:
    """It waits: a double would stay in the books for ever."""
    books.faults = Faults(script=[Fault.HTML_WITHOUT_COMMIT], only="GET /3/sie/{type}")
    verdict = await lane.write(closing(), attempt())
    assert isinstance(verdict, RetryLater)
    assert list(books.vouchers()) == []


@pytest.mark.parametrize(
    ("names", "code"),
    [
        ({"organisation_number": "5599990016"}, "another_organisation"),
        ({"organisation_number": "5560000001", "database_number": 4712}, "another_database"),
        ({"organisation_number": "5560000001", "database_number": 4711}, None),
    ],
)
async def test_a_voucher_goes_to_no_other_books_than_it_names(
    lane: Any, books: sandbox.Company, names: dict[str, Any], code: str | None
) -> None:
    """Organisation number and database, asked of Fortnox itself, at the first write and every one after it."""
    for number in range(2):
        verdict = await carry_out(lane, closing(f"spiris/2025#{number}", **names))
        if code is None:
            assert isinstance(verdict, Delivered)
        else:
            assert isinstance(verdict, Rejected)
            assert (verdict.code, verdict.who) == (code, "operator")
    assert len(list(books.vouchers())) == (0 if code else 2)
    assert books.calls.routes["GET /3/companyinformation"] <= 2


async def test_the_series_that_is_not_locked_takes_vouchers_in_a_locked_period(
    lane: Any, books: sandbox.Company
) -> None:
    """Others are not even sent."""
    books.locked_until = LAST
    verdict = await carry_out(lane, closing(exempt_from_lock=True))
    assert isinstance(verdict, Delivered)
    refused = await carry_out(lane, closing("spiris/2025#2", series="A"))
    assert isinstance(refused, Rejected)
    assert refused.code == "period_locked"
