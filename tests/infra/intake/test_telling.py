"""A year that was read is told by its parts, once each, and closed; over a real database."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, date, datetime
from decimal import Decimal

from infra import store
from infra.intake.telling import tell
from infra.parting import parting
from infra.plugin import YearRead
from infra.postgres import Engine, text
from schemas import ids
from schemas.events import Fact
from schemas.ledger import LedgerPartRead, LedgerRetrieved, LedgerRow, LedgerSource, LedgerVoucher
from tests.connectors.party import TENANT, add_company

NOW = datetime(2026, 2, 1, tzinfo=UTC)
ROW = LedgerRow(account="1910", amount=Decimal("1.00"))


class Topic:
    """What Kafka has, in its order; ``fails`` lets it be away after so many messages."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.facts: list[Fact] = []
        self.fails = 10**6

    async def accept(self, tenant: str, _system: str, facts: Sequence[Fact]) -> tuple[str, ...]:
        assert tenant == TENANT
        await asyncio.sleep(0)  # others get their turn
        if len(self.facts) + len(facts) > self.fails:
            raise ConnectionError
        self.facts += facts
        return tuple(ids.fact_id(fact.key, ids.revision(fact)) for fact in facts)

    async def tell(self, *numbers: int, text: str = "", source: LedgerSource = "sie") -> list[str]:
        """Tell a year with vouchers of these numbers; return which parts were told, and what closed them."""
        before = len(self.facts)
        closing, told = await self.tell_freely(*numbers, text=text, source=source)
        facts = self.facts[before:]
        assert facts[-1] == closing
        assert closing.source == source
        assert told == tuple(ids.fact_id(fact.key, ids.revision(fact)) for fact in facts)
        return [fact.part if isinstance(fact, LedgerPartRead) else "closed" for fact in facts]

    async def tell_freely(
        self, *numbers: int, text: str = "", source: LedgerSource = "sie"
    ) -> tuple[LedgerRetrieved, tuple[str, ...]]:
        """Tell a year while others may do so, too."""
        with parting() as parts:
            for number in numbers:
                day = date(2025, 1, 1)
                parts.voucher(LedgerVoucher(series="A", number=str(number), day=day, text=text, rows=(ROW,)))
            year: YearRead = parts.whole(date(2025, 1, 1), date(2025, 12, 31))
            return await tell(self.engine, self.accept, TENANT, source, year, read_at=NOW, requested_by="anna")


async def test_a_part_is_told_when_it_differs_and_every_reading_is_closed(engine: Engine) -> None:
    """Whoever told it: the next source need not tell it again."""
    await add_company(engine)
    topic = Topic(engine)
    assert await topic.tell(1, 150) == ["balances", "chart", "vouchers/A/0000000", "vouchers/A/0000001", "closed"]
    assert await topic.tell(1, 150, source="fortnox") == ["closed"]
    assert await topic.tell(1, 2, 150) == ["vouchers/A/0000000", "closed"]
    assert await topic.tell(1) == ["vouchers/A/0000000", "closed"]
    assert await topic.tell(1, 150) == ["vouchers/A/0000001", "closed"], "it was gone in between"


async def test_what_was_not_acknowledged_is_told_again(engine: Engine) -> None:
    """Kafka is away in the middle: nothing is closed, and the next reading tells what is missing."""
    await add_company(engine)
    topic = Topic(engine)
    topic.fails = 10
    try:
        await topic.tell(*range(0, 1500, 100))
    except ConnectionError:
        assert [type(fact) for fact in topic.facts] == [LedgerPartRead] * 10
    topic.fails = 10**6
    assert len(await topic.tell(*range(0, 1500, 100))) == 7 + 1


async def test_readings_of_one_year_do_not_mix(engine: Engine) -> None:
    """Each one's parts and what closes them stand together, and each year is what its closing says."""
    await add_company(engine)
    topic = Topic(engine)
    texts = ["a", "b", "a", "c"]
    await asyncio.gather(*(topic.tell_freely(*range(0, 3000, 100), text=text) for text in texts))
    known: dict[str, str] = {}
    for fact in topic.facts:
        if isinstance(fact, LedgerPartRead):
            known[fact.part] = ids.revision(fact)
        else:
            assert isinstance(fact, LedgerRetrieved)
            assert {one.part: one.sha256[:16] for one in fact.parts} == known


async def test_many_years_at_once_leave_connections_to_others(prepared_url: str) -> None:
    """Each has one to itself while it is told, and asks for another: all at work, each would wait for the others."""
    few = store.engine(prepared_url, 2)

    async def accept(_tenant: str, _system: str, facts: Sequence[Fact]) -> tuple[str, ...]:
        await asyncio.sleep(0.1)
        await store.scalar(few, text("select 1"))
        return tuple(fact.key for fact in facts)

    async def load(company: str) -> int:
        with parting() as parts:
            year = parts.whole(date(2025, 1, 1), date(2025, 12, 31))
            return len((await tell(few, accept, company, "sie", year, read_at=NOW))[1])

    told = await asyncio.gather(*(load(f"company-{number % 6}") for number in range(12)))
    assert len(told) == 12
    await few.dispose()
