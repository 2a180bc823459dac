"""Each night what was posted is proved, and what could not be is said."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from aiokafka import AIOKafkaProducer

from connectors.fortnox.sandbox.books import Draft, Row
from infra import registry, telemetry, watch
from infra.deciding.decider import Decider
from infra.delivery.reading import NotRead
from infra.intake.accepting import Unavailable
from infra.leases import Leases
from infra.parting import parting
from infra.postgres import Engine, text
from infra.proving import nightly, records
from infra.proving.comparing import accept, compare, compare_known
from infra.proving.nightly import prove_company
from schemas import ids
from schemas.events import Fact
from schemas.ledger import LedgerPartRead, LedgerRetrieved, LedgerRow, LedgerSource, LedgerVoucher, ObjectCode
from schemas.proofs import BooksProved
from tests.connectors.fortnox.doctor_driver import company, doctor_driver, voucher
from tests.infra.facts import record


class Owned:
    """A lease that is ours."""

    def check(self) -> None:
        """Raise nothing."""


async def test_a_company_is_proved_once_a_night(engine: Engine, tmp_path: Path) -> None:
    """Not before it has posted, not before the night after; what is found is kept, and the gauges show it."""
    fortnox = company(4712)
    async with doctor_driver(engine, tmp_path, fortnox) as visit:
        soon = datetime.now(UTC) + timedelta(hours=1)  # noqa: TID251 - the test's clock
        assert await records.due(engine, soon) == []
        await visit.journal(voucher(), "delivered", {"voucher": {"series": "F", "number": 1, "year_id": 4}}, 3600.0)
        assert await records.due(engine, soon - timedelta(hours=2)) == []
        assert await records.due(engine, soon) == [visit.tenant]

        await prove_company(visit.host, visit.tenant, Owned())  # type: ignore[arg-type]
        [kept] = await records.kept(engine, visit.tenant)
        assert [(each.kind, each.voucher) for each in kept.differences] == [("deleted", "F 1")]
        assert (kept.posted, kept.asked_by) == (1, "each night")
        assert await records.due(engine, datetime.now(UTC) - timedelta(minutes=1)) == []  # noqa: TID251 - the same
        calls = visit.calls
        assert sum(calls.values()) == 2, calls

        async with engine.connect() as connection:
            await watch.Watch(engine)._look(connection)
        assert telemetry.PROOF_DIFFERENCES.labels(visit.tenant, "2026")._value.get() == 1
        assert 0 <= telemetry.PROOF_AGE.labels(visit.tenant)._value.get() < 60

        await accept(visit.host, visit.tenant, kept.differences[0].id, "anna", "we know")
        [without] = await records.kept(engine, visit.tenant)
        assert (without.green, without.accepted, without.read_at) == (True, 1, kept.read_at)
        assert visit.calls == calls, "nothing is read for that"
        await prove_company(visit.host, visit.tenant, Owned())  # type: ignore[arg-type]
        [kept] = await records.kept(engine, visit.tenant)
        assert (kept.green, kept.accepted) == (True, 1)


async def test_what_is_on_its_way_is_no_difference(engine: Engine, tmp_path: Path) -> None:
    """An order without an end, and one that was delivered a moment ago."""
    async with doctor_driver(engine, tmp_path, company(4713)) as visit:
        await visit.journal(voucher(key=1), "unknown", None)
        await visit.journal(voucher(key=2), "delivered", {"voucher": {"series": "F", "number": 9, "year_id": 4}}, 1.0)
        await visit.journal(
            voucher(key=3), "delivered", {"voucher": {"series": "F", "number": 8, "year_id": 4}}, 3600.0
        )
        await prove_company(visit.host, visit.tenant, Owned())  # type: ignore[arg-type]
        [kept] = await records.kept(engine, visit.tenant)
        assert [each.voucher for each in kept.differences] == ["F 8"]
        assert len(kept.on_their_way) == 2


async def test_what_is_not_read_is_not_proved(engine: Engine, tmp_path: Path) -> None:
    """Fortnox is away: nothing is kept, the reason is, and the age goes on."""
    async with doctor_driver(engine, tmp_path, company(4714)) as visit:
        await visit.journal(voucher(), "delivered", {"voucher": {"series": "F", "number": 1, "year_id": 4}}, 3600.0)
        await records.due(engine, datetime.now(UTC))  # noqa: TID251 - the test's clock
        visit.books.companies.pop(visit.fortnox.database_number)
        with pytest.raises(NotRead):
            await nightly.prove_company(visit.host, visit.tenant, Owned())  # type: ignore[arg-type]
        assert await records.kept(engine, visit.tenant) == []
        async with engine.connect() as connection:
            query = text("select done_at, trouble from proof_rounds where tenant = :t")
            row = (await connection.execute(query, {"t": visit.tenant})).one()
        assert row.done_at is None
        assert row.trouble


async def test_the_proof_of_a_year_that_got_another_last_day_is_told_of_no_more(
    engine: Engine, producer: AIOKafkaProducer, tmp_path: Path
) -> None:
    """Its differences would alert for ever: nothing compares it again. Not though it was read, and the new one not."""
    decider = Decider(engine, producer, registry.flows())
    async with doctor_driver(engine, tmp_path, company(4715)) as visit:
        await visit.journal(voucher(), "delivered", {"voucher": {"series": "F", "number": 1, "year_id": 4}}, 3600.0)
        now = datetime.now(UTC)  # noqa: TID251 - the test's clock
        await records.due(engine, now)
        facts = year("S", "fortnox", read_at=now)
        await decider.decide([record(visit.tenant, fact) for fact in facts])
        was = await compare_known(visit.host, visit.tenant, date(2026, 12, 31))
        assert was is not None
        assert not was.green
        prolonged = was.model_copy(
            update={
                "year_to": date(2027, 6, 30),
                "differences": (),
                "count": 0,
                "read_at": was.read_at + timedelta(days=1),
            }
        )
        await records.keep(engine, visit.tenant, prolonged)
        assert await records.kept(engine, visit.tenant) == [prolonged]
        assert await records.unproved(engine) == {}


async def test_a_year_that_was_read_is_compared_when_it_is_there(
    engine: Engine, producer: AIOKafkaProducer, tmp_path: Path
) -> None:
    """A file with the till's takings is looked through: they were booked twice. A later reading is, too; once each."""
    decider = Decider(engine, producer, registry.flows())
    async with doctor_driver(engine, tmp_path, company(4715)) as visit:
        await visit.journal(voucher(), "delivered", {"voucher": {"series": "F", "number": 1, "year_id": 4}}, 3600.0)
        soon = datetime.now(UTC) + timedelta(hours=1)  # noqa: TID251 - the test's clock
        assert await records.due(engine, soon) == [visit.tenant]
        assert await records.unproved(engine) == {}

        for source, series, kinds in (("sie", "S", ["booked_twice"]), ("fortnox", "F", [])):
            facts = year(series, source, read_at=soon)
            await decider.decide([record(visit.tenant, fact) for fact in facts])
            if source == "fortnox":  # what came out of a file is overwritten on request
                await decider.decide([record(visit.tenant, facts[-1].model_copy(update={"overwrite": True}))])
            assert await records.unproved(engine) == {visit.tenant: [date(2026, 12, 31)]}
            proved = await compare_known(visit.host, visit.tenant, date(2026, 12, 31))
            assert proved is not None
            assert [each.kind for each in proved.differences] == kinds
            assert proved.source == source
            assert await records.unproved(engine) == {}
            for each in proved.differences:  # nobody reads a file again for that
                await accept(visit.host, visit.tenant, each.id, "anna", "the till's import is ended")
            (*_, told) = (fact for fact in visit.told if isinstance(fact, BooksProved))
            assert (told.source, told.green, told.read_at) == (source, True, proved.read_at)
            soon += timedelta(hours=1)


async def test_a_year_that_cannot_be_compared_keeps_no_other_and_no_proof_of_the_night(
    engine: Engine, producer: AIOKafkaProducer, tmp_path: Path
) -> None:
    """Of a year that came in as a file a part is gone: the books themselves are proved all the same."""
    decider = Decider(engine, producer, registry.flows())
    async with doctor_driver(engine, tmp_path, company(4717)) as visit:
        await visit.journal(voucher(), "delivered", {"voucher": {"series": "F", "number": 1, "year_id": 4}}, 3600.0)
        now = datetime.now(UTC)  # noqa: TID251 - the test's clock
        await records.due(engine, now)
        await visit.execute(text("update proof_rounds set due_at = '2026-01-01' where tenant = :t"), t=visit.tenant)
        await decider.decide([record(visit.tenant, fact) for fact in year("S", "sie", read_at=now)])
        part = text("delete from flow_state where tenant = :t and key like '%vouchers%content'")
        await visit.execute(part, t=visit.tenant)
        assert visit.tenant in await records.unproved(engine)
        stop = asyncio.Event()
        leases = Leases(engine, 10.0)
        running = asyncio.create_task(nightly.run(replace(visit.host, leases=leases), stop))
        try:
            async with asyncio.timeout(30):
                while not (kept := await records.kept(engine, visit.tenant)):  # noqa: ASYNC110 - the database tells it
                    await asyncio.sleep(0.1)
        finally:
            stop.set()
            await running
        assert [(each.source, each.posted) for each in kept] == [("fortnox", 1)]
        assert visit.tenant in await records.unproved(engine)


async def test_a_proof_that_was_not_told_is_made_once_more(
    engine: Engine, producer: AIOKafkaProducer, tmp_path: Path
) -> None:
    """Kafka was away: what a file has twice would wait for nobody, and a file is compared once only."""
    decider = Decider(engine, producer, registry.flows())
    async with doctor_driver(engine, tmp_path, company(4718)) as visit:
        await visit.journal(voucher(), "delivered", {"voucher": {"series": "F", "number": 1, "year_id": 4}}, 3600.0)
        now = datetime.now(UTC)  # noqa: TID251 - the test's clock
        await records.due(engine, now)
        await decider.decide([record(visit.tenant, fact) for fact in year("S", "sie", read_at=now)])

        async def away(_tenant: str, _system: str, _facts: Sequence[Fact]) -> tuple[str, ...]:
            raise Unavailable("not accepted, send it again: KafkaTimeoutError")

        with pytest.raises(Unavailable):
            await compare_known(replace(visit.host, accept=away), visit.tenant, date(2026, 12, 31))
        assert await records.unproved(engine) == {visit.tenant: [date(2026, 12, 31)]}
        assert await compare_known(visit.host, visit.tenant, date(2026, 12, 31)) is not None
        assert await records.unproved(engine) == {}
        [told] = [fact for fact in visit.told if isinstance(fact, BooksProved)]
        assert [each.kind for each in told.differences] == ["booked_twice"]
        [difference] = told.differences
        with pytest.raises(Unavailable):
            await accept(replace(visit.host, accept=away), visit.tenant, difference.id, "anna", "the import is ended")
        await accept(visit.host, visit.tenant, difference.id, "anna", "the import is ended")
        assert [fact.green for fact in visit.told if isinstance(fact, BooksProved)] == [False, True]


def year(series: str, source: LedgerSource, read_at: datetime) -> list[LedgerPartRead | LedgerRetrieved]:
    """Return the facts of a reading of a year that holds the takings of ``voucher``, in a series."""
    centre = (ObjectCode(dimension=1, code="S1"),)
    booked = (
        LedgerRow(account="1910", amount=Decimal("125.00")),
        LedgerRow(account="3001", amount=Decimal("-100.00"), objects=centre),
        LedgerRow(account="2611", amount=Decimal("-25.00")),
    )
    with parting() as parts:
        parts.voucher(LedgerVoucher(series=series, number="1", day=date(2026, 4, 10), text="Dagskassa", rows=booked))
        read = parts.whole(date(2026, 1, 1), date(2026, 12, 31))
        closing = read.retrieved(source, read_at=read_at, requested_by="anna")
        return [*read.part(one.part for one in read.parts), closing]


async def test_what_carries_the_mark_of_a_voucher_of_another_year_is_on_record(engine: Engine, tmp_path: Path) -> None:
    """It was said that nothing is on record of it, and a company stayed closed for it after a restore."""
    fortnox, now = company(4719), datetime.now(UTC)  # noqa: TID251 - the sandbox's clock
    async with doctor_driver(engine, tmp_path, fortnox) as visit:
        order = voucher(date(2025, 12, 31))
        posted = {"voucher": {"series": "F", "number": 300, "year_id": 3}}
        await visit.journal(order, "delivered", posted, 3600.0)
        rows = (
            Row(1910, Decimal(0), Decimal(125)),
            Row(3001, Decimal(100), Decimal(0), cost_centre="S1"),
            Row(2611, Decimal(25), Decimal(0)),
        )
        text_of_it = f"Dagsavslut {ids.mark(order.id_in(visit.tenant))}"
        fortnox.book(Draft(4, "A", date(2026, 1, 2), text_of_it, rows), now, now)
        proved = await compare(visit.host, visit.tenant, 2026, asked_by="anna")
        [difference] = proved.differences
        assert (difference.kind, difference.voucher, difference.others) == ("reversed_by_hand", "F 300", ("A 1",))


async def test_takings_of_the_last_day_of_a_year_that_are_booked_again_in_the_next_one_are_found(
    engine: Engine, tmp_path: Path
) -> None:
    """By hand, on the first working day: they were in the proof of neither year."""
    fortnox, now = company(4720), datetime.now(UTC)  # noqa: TID251 - the sandbox's clock
    async with doctor_driver(engine, tmp_path, fortnox) as visit:
        posted = {"voucher": {"series": "F", "number": 300, "year_id": 3}}
        await visit.journal(voucher(date(2025, 12, 31)), "delivered", posted, 3600.0)
        rows = (
            Row(1910, Decimal(125), Decimal(0)),
            Row(3001, Decimal(0), Decimal(100)),
            Row(2611, Decimal(0), Decimal(25)),
        )
        fortnox.book(Draft(4, "A", date(2026, 1, 2), "Dagskassa", rows), now, now)
        proved = await compare(visit.host, visit.tenant, 2026, asked_by="anna")
        [difference] = proved.differences
        assert (difference.kind, difference.voucher, difference.others) == ("booked_twice", "F 300", ("A 1",))
        assert proved.posted == 0


async def test_a_series_that_others_book_in_as_well_is_accepted(engine: Engine, tmp_path: Path) -> None:
    """All their vouchers in it, those that come later as well; nothing else."""
    fortnox, now = company(4716), datetime.now(UTC)  # noqa: TID251 - the sandbox's clock
    rows = (Row(6570, Decimal(10), Decimal(0)), Row(1930, Decimal(0), Decimal(10)))
    for _ in range(3):  # F 1 to 3
        fortnox.book(Draft(4, "F", date(2026, 4, 11), "Avgift", rows), now, now)
    async with doctor_driver(engine, tmp_path, fortnox) as visit:
        await visit.journal(voucher(), "delivered", {"voucher": {"series": "F", "number": 1, "year_id": 4}}, 3600.0)
        proved = await compare(visit.host, visit.tenant, 2026, asked_by="anna")
        found = [("number_reused", "F 1"), ("foreign", "F 2"), ("foreign", "F 3")]
        assert [(each.kind, each.voucher) for each in proved.differences] == found
        await records.accept(engine, visit.tenant, records.shared("F"), "anna", "")
        proved = await compare(visit.host, visit.tenant, 2026, asked_by="anna")
        assert [(each.kind, each.voucher) for each in proved.differences] == found[:1]
        assert proved.accepted == 2
        assert [fact.count for fact in visit.told if isinstance(fact, BooksProved)] == [3, 1]
