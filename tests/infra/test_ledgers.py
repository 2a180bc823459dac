"""Years as those read them who show or compare them, over a real broker and a real database."""

from collections.abc import Sequence
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from aiokafka import AIOKafkaProducer

from infra import ledgers, registry, speaking
from infra.deciding.decider import Decider
from infra.intake import telling
from infra.parting import parting
from infra.postgres import Engine, text
from schemas.base import Message
from schemas.commands import HoldForReview
from schemas.events import ReviewAnswered
from schemas.ledger import (
    LedgerAccount,
    LedgerBalance,
    LedgerPartRead,
    LedgerRequested,
    LedgerRetrieved,
    LedgerRow,
    LedgerSource,
    LedgerVoucher,
)
from tests.infra.facts import record

pytestmark = pytest.mark.usefixtures("added")

NOON = datetime(2026, 2, 1, 12, tzinfo=UTC)
TEN = Decimal("10.00")


def year(
    numbers: Sequence[int],
    source: LedgerSource = "fortnox",
    hour: int = 0,
    ends: int = 2025,
    *,
    last: date | None = None,
) -> list[Message]:
    """Return the facts of a reading of a calendar year, or one that is longer, with vouchers of these numbers."""
    rows = (LedgerRow(account="1910", amount=TEN), LedgerRow(account="3000", amount=-TEN))
    with parting() as parts:
        parts.account(LedgerAccount(number="1910", name="Kassa"))
        parts.balance(LedgerBalance(account="1910", kind="closing", amount=TEN))
        for number in numbers:
            parts.voucher(LedgerVoucher(series="A", number=str(number), day=date(ends, 5, 1), text="Kaffe", rows=rows))
        read = parts.whole(date(ends, 1, 1), last or date(ends, 12, 31))
        closing = read.retrieved(source, read_at=NOON.replace(hour=12 + hour), requested_by="anna")
        return [*read.part(one.part for one in read.parts), closing]


@pytest.fixture
def decider(engine: Engine, producer: AIOKafkaProducer) -> Decider:
    """Return the decider of a process, with the flows that there are."""
    return Decider(engine, producer, registry.flows())


async def tell(decider: Decider, tenant: str, facts: Sequence[Message]) -> None:
    """Decide on facts together."""
    await decider.decide([record(tenant, fact) for fact in facts])


async def test_a_year_is_read_as_it_is(decider: Decider, engine: Engine, tenant: str) -> None:
    """Its row says where it comes from; its parts and vouchers stream in their order."""
    assert await ledgers.years(engine, tenant) == ()
    numbers = [*range(1, 2001), 7]
    facts = year(numbers)
    await tell(decider, tenant, facts)
    [row] = await ledgers.years(engine, tenant)
    assert (row.first, row.last, row.source, row.waits) == (date(2025, 1, 1), date(2025, 12, 31), "fortnox", "")
    assert row.retrieved == facts[-1]
    async with ledgers.opened(engine, tenant, row.last) as books:
        assert books is not None
        assert [part async for part in books.parts()] == facts[:-1]
        assert [part.part async for part in books.parts(["chart"])] == ["chart"]
        found = [voucher async for voucher in books.vouchers()]
        assert [int(voucher.number) for voucher in found] == sorted(numbers)
    async with ledgers.opened(engine, tenant, date(2024, 12, 31)) as books:
        assert books is None


@pytest.mark.parametrize("last", [date(2026, 6, 30), date(2025, 4, 30)], ids=["prolonged", "cut"])
async def test_a_year_that_got_another_last_day_is_told_from_the_one_it_was(
    decider: Decider, engine: Engine, tenant: str, last: date
) -> None:
    """No two years of a company share a day: the one that was read later counts, and who wants 2025 gets no other."""
    facts = [*year([1]), *year([1], hour=1, last=last), *year([1], ends=2024), *year([1], "sie", hour=2, ends=2023)]
    await tell(decider, tenant, facts)
    known = {one.last: one for one in await ledgers.years(engine, tenant)}
    was = known.pop(date(2025, 12, 31))
    assert was.replaced_by == (date(2025, 1, 1), last)
    assert {one.replaced_by for one in known.values()} == {None}
    meant = ledgers.meant([was, *known.values()], 2025)
    assert meant == (known[last] if last.year == 2025 else None)
    assert ledgers.meant([was, *known.values()], was.last) == was, "by its last day it is still to be had"
    async with ledgers.opened(engine, tenant, was.last) as books:
        assert books is not None
        assert books.year == was
    await tell(decider, tenant, year([1, 2], hour=3))
    now = {one.last: one.replaced_by for one in await ledgers.years(engine, tenant)}
    assert (now[was.last], now[last]) == (None, (date(2025, 1, 1), was.last)), "it was changed back"


async def test_a_year_stays_what_it_is_while_it_is_read(decider: Decider, engine: Engine, tenant: str) -> None:
    """A later reading becomes the year meanwhile, and its old parts leave the state; who reads sees none of it."""
    await tell(decider, tenant, year(range(1, 3001)))
    async with ledgers.opened(engine, tenant, date(2025, 12, 31)) as books:
        assert books is not None
        vouchers = books.vouchers()
        seen = [await anext(vouchers)]
        await tell(decider, tenant, year(range(5001, 5003), hour=1))
        seen += [voucher async for voucher in vouchers]
        assert [int(voucher.number) for voucher in seen] == [*range(1, 3001)]
    async with engine.connect() as connection:
        kept = text("select count(*) from flow_state where tenant = :t and flow = 'ledger' and key like '%@%'")
        assert await connection.scalar(kept, {"t": tenant}) == 2 * 3


async def test_what_waits_is_said(decider: Decider, engine: Engine, tenant: str) -> None:
    """A year that is asked about, with the question and the difference; one whose parts are on their way."""
    await tell(decider, tenant, year([1], "sie"))
    await tell(decider, tenant, year([1, 2], hour=1))
    await tell(decider, tenant, year([1], ends=2024)[1:])
    asked, late = await ledgers.years(engine, tenant)
    assert (asked.source, asked.waits, asked.reason) == ("sie", "person", "loaded_from_file")
    assert [str(line) for line in asked.question[1:]] == ["vouchers added (1): A 2"]
    assert speaking.heard(asked.question[1], "sv") == "nya verifikationer (1): A 2"
    assert (late.source, late.retrieved, late.waits, late.missing) == (None, None, "parts", 1)
    async with ledgers.opened(engine, tenant, late.last) as books:
        assert books is None


async def test_what_a_year_waits_for_is_told_with_the_next_reading(
    decider: Decider, engine: Engine, tenant: str
) -> None:
    """A person lets a year be overwritten while a later one is told, and a part of that leaves with the file's."""
    answers: list[ReviewAnswered] = []

    async def accept(company: str, _system: str, facts: Sequence[Message]) -> tuple[str, ...]:
        if any(isinstance(fact, LedgerRetrieved) for fact in facts):
            await tell(decider, company, answers)
            answers.clear()
        await tell(decider, company, facts)
        return ()

    async def read(text: str, hour: int, source: LedgerSource = "fortnox") -> None:
        with parting() as parts:
            parts.voucher(LedgerVoucher(series="A", number="1", day=date(2025, 5, 1), text=text))
            whole = parts.whole(date(2025, 1, 1), date(2025, 12, 31))
            await telling.tell(engine, accept, tenant, source, whole, read_at=NOON.replace(hour=hour))

    await read("as in the file", 12, "sie")
    await read("otherwise", 13)
    async with engine.connect() as connection:
        state = text("select state->'hold' from flow_state where tenant = :t and key = 'ledger/2025-12-31'")
        hold = HoldForReview.model_validate(await connection.scalar(state, {"t": tenant}), strict=False)
    answers.append(
        ReviewAnswered(
            hold_id=hold.id_in(tenant),
            flow=hold.flow,
            about=hold.key,
            answer="overwrite",
            answered_by="anna",
            answered_at=NOON,
        )
    )
    await read("as in the file", 14)
    [year] = await ledgers.years(engine, tenant)
    assert (year.source, year.waits, year.missing) == ("fortnox", "parts", 1)
    await read("as in the file", 15)
    [year] = await ledgers.years(engine, tenant)
    assert (year.source, year.waits) == ("fortnox", "")
    async with ledgers.opened(engine, tenant, year.last) as books:
        assert books is not None
        assert [voucher.text async for voucher in books.vouchers()] == ["as in the file"]


async def test_what_was_asked_for_is_said(decider: Decider, engine: Engine, tenant: str) -> None:
    """Of each year and of the last years what was asked for last."""
    one = LedgerRequested(year=2025, requested_by="anna", requested_at=NOON)
    two = LedgerRequested(last=2, requested_by="bo", requested_at=NOON)
    await tell(decider, tenant, [one, two])
    found = await ledgers.requests(engine, tenant)
    assert [(each.asked, each.running, each.failed) for each in found] == [(one, True, ""), (two, True, "")]


def test_the_toys_of_this_file_are_facts() -> None:
    """What is told here is what travels."""
    assert [type(fact) for fact in year([1])] == [LedgerPartRead] * 3 + [LedgerRetrieved]
