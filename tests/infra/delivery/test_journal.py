"""What lanes rely on: one contract, for the real journal on a real database and for the one of the simulation."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, Protocol
from uuid import UUID

import psycopg
import pytest
from cryptography.exceptions import InvalidTag
from pydantic_core import to_json

from infra import clock, store
from infra.access import people
from infra.access.vault import Vault, lend
from infra.delivery import journal
from infra.delivery.journal import Journal, Transition, Work
from infra.delivery.pace import FEW
from infra.leases import Leases
from infra.postgres import Engine, text
from infra.trail import Entry
from schemas import envelope as envelopes
from schemas.audit import GENESIS, AuditRecord, Outcome, Shown
from schemas.commands import ReadPerson, UpsertEmployee
from schemas.envelope import Envelope, type_of
from schemas.events import EmployeeFields
from tests.ending import end_tasks
from tests.infra import virtual
from tests.infra.fake_fortnox import order
from tests.infra.memory import Database, MemoryJournal, MemoryLeases


class JournalDriver(Protocol):
    """Where orders are written down: a journal as a process has it, and what stands there."""

    journal: Any

    async def owner(self, lease: str) -> int:
        """Let a new owner have a lease; return its epoch."""
        ...

    async def states(self) -> dict[str, str]:
        """Return the state of each order by its id."""
        ...

    async def trail(self, tenant: str) -> list[AuditRecord]:
        """Return what is on record of a company."""
        ...


@dataclass
class InMemory:
    """The simulation's."""

    database: Database
    journal: MemoryJournal

    async def owner(self, lease: str) -> int:
        if held := self.database.leases.get(lease):
            held.deadline = 0.0
        taken = await MemoryLeases(self.database, "somebody", 60.0).acquire(lease)
        assert taken is not None
        return taken.epoch

    async def states(self) -> dict[str, str]:
        return {order_id: row.state for order_id, row in self.database.rows.items()}

    async def trail(self, tenant: str) -> list[AuditRecord]:
        return self.database.trail.get(tenant, [])


@dataclass
class InPostgres:
    """The real one."""

    engine: Engine
    journal: Journal

    async def owner(self, lease: str) -> int:
        async with self.engine.begin() as connection:
            await connection.execute(text("update leases set deadline = '-infinity' where name = :n"), {"n": lease})
        taken = await Leases(self.engine, 60.0).acquire(lease)
        assert taken is not None
        return taken.epoch

    async def states(self) -> dict[str, str]:
        async with self.engine.connect() as connection:
            return {str(i): s for i, s in await connection.execute(text("select order_id, state from journal"))}

    async def trail(self, tenant: str) -> list[AuditRecord]:
        query = text("select body from audit where tenant = :tenant order by id")
        async with self.engine.connect() as connection:
            bodies = await connection.scalars(query, {"tenant": tenant})
            return [AuditRecord.model_validate_json(to_json(body)) for body in bodies]


@pytest.fixture
async def postgres(prepared_url: str) -> AsyncIterator[InPostgres]:
    """Yield a journal on a real database, with its writer running."""
    engine = store.engine(prepared_url, 8)
    ours = Journal(engine, "fortnox")
    writer = asyncio.create_task(ours.write())
    yield InPostgres(engine, ours)
    assert not writer.done()
    await end_tasks(writer)
    await engine.dispose()


@pytest.fixture(params=["memory", "postgres"])
def place(request: pytest.FixtureRequest) -> JournalDriver:
    """Return each kind of journal."""
    if request.param == "postgres":
        return request.getfixturevalue("postgres")
    database = Database()
    return InMemory(database, MemoryJournal(database))


LEASE = "fortnox/a"
READS = (type_of(ReadPerson),)
LOCKED = text(
    """insert into person_keys (tenant, record, key_id, locked, made_at)
       values (:tenant, :record, '0123456789abcdef', decode(repeat('00', 64), 'hex'), clock_timestamp())"""
)


def read_again(number: int) -> Envelope[Any]:
    """Return an order that reads a person again, whose key others write."""
    origin = {"flow": "employees", "key": "huma/1", "revision": str(number), "step": "read", "rule": "a_rule"}
    data = ReadPerson(**origin, system="huma", person_id="1")
    return envelopes.wrap(
        data, message_id=str(data.id_in("a")), source="/streams/employees", time=virtual.START, tenant="a"
    )


async def due(place: JournalDriver, tenant: str = "a") -> list[str]:
    """Return the ids of the orders that are due."""
    return [work.order.id for work in await place.journal.next(tenant, 50, reads=READS)]


async def work_on(place: JournalDriver, wanted: Envelope[Any]) -> Work:
    """Return an order that is due."""
    given = await place.journal.next(wanted.tenant, 50, reads=READS)
    found: list[Work] = [work for work in given if work.order.id == wanted.id]
    assert found, f"{wanted.id} is not due"
    return found[0]


def became(work: Work, state: str, epoch: int, outcome: Outcome | None = None, **more: Any) -> Transition:
    """Return what became of an order."""
    tenant = work.order.tenant
    entry = Entry(work.order, outcome) if outcome else None
    return Transition(work, f"fortnox/{tenant}", epoch, state, (), entry=entry, **more)


async def finish(place: JournalDriver, wanted: Envelope[Any], epoch: int, state: str = "delivered") -> None:
    """Send an order, with this outcome."""
    work = await work_on(place, wanted)
    assert await place.journal.mark_sending(work, f"fortnox/{wanted.tenant}", epoch)
    outcome: Outcome = "delivered" if state == "delivered" else "rejected"
    assert await place.journal.change(became(work, state, epoch, outcome))


async def test_the_first_order_of_an_id_wins(place: JournalDriver) -> None:
    """An order that comes again, also after its end, changes nothing."""
    first = order("a", "day/1", 1)
    again = first.model_copy(update={"traceparent": f"00-{'1' * 32}-{'2' * 16}-01"})
    await place.journal.insert([(0, first), (0, again)])
    await place.journal.insert([(1, again)])
    assert (await work_on(place, first)).order == first
    assert await place.journal.open_tenants([1]) == {}
    await finish(place, first, await place.owner(LEASE))
    await place.journal.insert([(0, again)])
    assert await place.states() == {first.id: "delivered"}


async def test_an_order_that_cannot_be_read_keeps_only_its_own_key_waiting(postgres: InPostgres) -> None:
    """After a roll-back the journal holds orders of a newer version: they wait for it, with the reason."""
    newer, behind, other = order("a", "day/1", 1), order("a", "day/1", 2), order("a", "day/2", 1)
    await postgres.journal.insert([(0, newer), (0, behind), (0, other)])
    widened = text("""update journal set body = jsonb_set(body, '{data,added}', '1') where order_id::text = :id""")
    await store.write(postgres.engine, widened, {"id": newer.id})
    assert await due(postgres) == [other.id]
    assert await due(postgres) == [other.id]
    waits = text("select state, due_at > clock_timestamp(), outcome ->> 'code' from journal where order_id::text = :id")
    assert await store.row(postgres.engine, waits, {"id": newer.id}) == ("queued", True, "of_a_newer_version")
    again = text(
        "update journal set body = body #- '{data,added}', due_at = clock_timestamp() where order_id::text = :id"
    )
    await store.write(postgres.engine, again, {"id": newer.id})
    assert await due(postgres) == [newer.id, other.id]


async def test_orders_in_doubt_that_cannot_be_read_stop_no_other_key(postgres: InPostgres) -> None:
    """After a restore every open order is in doubt: as many as there may be of them would let nothing else be sent."""
    newer, other = [order("a", f"day/{number}", 1) for number in range(FEW)], order("a", "day/other", 1)
    await postgres.journal.insert((0, each) for each in (*newer, other))
    doubted = text(
        """update journal set state = 'unknown', sent_at = clock_timestamp(),
               body = jsonb_set(body, '{data,added}', '1') where order_id::text = any(:ids)"""
    )
    await store.write(postgres.engine, doubted, {"ids": [each.id for each in newer]})
    for _ in range(2):
        given = await postgres.journal.next("a", FEW)
    assert [work.order.id for work in given] == [other.id]
    read_again = text("update journal set body = body #- '{data,added}', due_at = clock_timestamp()")
    await store.write(postgres.engine, read_again, {})
    for _ in range(2):
        given = await postgres.journal.next("a", FEW)
    assert {(work.order.id, work.state) for work in given} == {(each.id, "unknown") for each in newer}


@pytest.mark.parametrize("state", ["queued", "unknown"])
async def test_what_is_sealed_under_a_key_that_is_not_there_is_neither_sent_nor_looked_for(
    postgres: InPostgres, state: str
) -> None:
    """After a restore without the keys: with no value to compare, anything would pass for what was to be written."""
    origin = {"flow": "employees", "key": "huma/1", "revision": "1", "step": "write", "rule": "a_rule"}
    sealed = EmployeeFields(sealed="p1:0123456789abcdef:QUJD")
    data = UpsertEmployee(**origin, fields=sealed, employee_id="1", create=False)
    change = envelopes.wrap(
        data, message_id=str(data.id_in("a")), source="/streams/employees", time=virtual.START, tenant="a"
    )
    other = order("a", "day/1", 1)
    await postgres.journal.insert([(0, change), (0, other)])
    become = text("update journal set state = :state, sent_at = clock_timestamp() where order_id::text = :id")
    await store.write(postgres.engine, become, {"id": change.id, "state": state})
    assert await due(postgres) == [other.id]
    waits = text("select state, due_at > clock_timestamp(), outcome ->> 'code' from journal where order_id::text = :id")
    assert await store.row(postgres.engine, waits, {"id": change.id}) == (state, True, "key_missing")


@pytest.mark.parametrize("state", ["queued", "unknown"])
async def test_an_order_that_cannot_be_read_is_read_once_it_is_decided_anew(postgres: InPostgres, state: str) -> None:
    """A restore without the newest keys: Kafka has the order under a lost key, and then under the key of today."""
    origin = {"flow": "employees", "key": "huma/1", "revision": "1", "step": "write", "rule": "a_rule"}
    data = UpsertEmployee(**origin, fields=EmployeeFields(city="Solna"), employee_id="1", create=False)

    def told(sealed: UpsertEmployee) -> Envelope[Any]:
        return envelopes.wrap(
            sealed, message_id=str(data.id_in("a")), source="/streams/employees", time=virtual.START, tenant="a"
        )

    lend(postgres.engine, Vault(b"test"))
    lost = told(data.model_copy(update={"fields": EmployeeFields(sealed="p1:0123456789abcdef:QUJD")}))
    await postgres.journal.insert([(0, lost)])
    become = text("update journal set state = :state, sent_at = clock_timestamp()")
    await store.write(postgres.engine, become, {"state": state})
    assert await due(postgres) == []
    async with postgres.engine.begin() as connection:
        [anew] = await people.seal(connection, [(("a", "huma/1"), data)])
    await postgres.journal.insert([(0, told(anew))])
    await postgres.journal.insert([(0, lost)])
    await store.write(postgres.engine, text("update journal set due_at = clock_timestamp()"), {})
    assert await due(postgres) == [lost.id]


async def test_a_new_order_is_due_whatever_the_clock_of_its_process_says(
    postgres: InPostgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A process whose clock is a day ahead of the database's, or was, does not keep its orders for a day."""
    ahead = clock.now() + timedelta(days=1)
    monkeypatch.setattr(clock, "now", lambda: ahead)
    await postgres.journal.insert([(0, wanted := order("a", "day/1", 1))])
    assert await due(postgres) == [wanted.id]


async def test_nothing_is_written_for_no_orders(place: JournalDriver) -> None:
    """An empty batch is none."""
    await place.journal.insert([])
    assert await place.states() == {}


async def test_one_order_of_each_key_is_due_in_its_sequence(place: JournalDriver) -> None:
    """The second of a key waits for the first one's end; other keys and other companies do not."""
    first, second, other = order("a", "day/1", 1), order("a", "day/1", 2), order("a", "day/2", 1)
    elsewhere = order("b", "day/1", 1)
    await place.journal.insert([(0, first), (0, second), (0, other), (0, elsewhere)])
    assert await due(place) == [first.id, other.id]
    assert await due(place, "b") == [elsewhere.id]
    epoch = await place.owner(LEASE)
    work = await work_on(place, first)
    assert await place.journal.mark_sending(work, LEASE, epoch)
    assert await due(place) == [other.id]
    assert await place.journal.change(became(work, "unknown", epoch))
    assert await due(place) == [first.id, other.id]
    assert await place.journal.change(became(work, "delivered", epoch, "already_there"))
    assert await due(place) == [second.id, other.id]


async def test_no_more_than_a_page_is_given(place: JournalDriver) -> None:
    """The first ones, in their sequence."""
    orders = [order("a", f"day/{n}", 1) for n in range(5)]
    await place.journal.insert((0, one) for one in orders)
    assert [work.order.id for work in await place.journal.next("a", 50, 3)] == [one.id for one in orders[:3]]


async def test_a_rejected_order_parks_its_key_until_it_is_replaced(place: JournalDriver) -> None:
    """What replaces it takes its place: before what waited behind it, and however often it takes."""
    refused, behind = order("a", "day/1", 1), order("a", "day/1", 2)
    other = order("a", "day/2", 1)
    epoch = await place.owner(LEASE)
    await place.journal.insert([(0, refused), (0, behind), (0, other)])
    await finish(place, refused, epoch, "rejected")
    assert await due(place) == [other.id]
    instead = order("a", "day/1", 3, replaces=refused.id)
    await place.journal.insert([(0, instead)])
    assert await due(place) == [instead.id, other.id]
    await finish(place, instead, epoch, "rejected")
    assert await due(place) == [other.id]
    at_last = order("a", "day/1", 4, replaces=instead.id)
    await place.journal.insert([(0, at_last)])
    assert await due(place) == [at_last.id, other.id]
    await finish(place, at_last, epoch)
    assert await due(place) == [behind.id, other.id]


async def test_what_only_reads_waits_for_no_refused_order_and_none_for_it(place: JournalDriver) -> None:
    """It may tell what a person has put right; and what could not be read now is read again when it is asked for."""
    refused, reading, behind = order("a", "huma/1", 1), read_again(1), order("a", "huma/1", 2)
    epoch = await place.owner(LEASE)
    await place.journal.insert([(0, refused), (0, reading), (0, behind)])
    assert await due(place) == [refused.id]
    await finish(place, refused, epoch, "rejected")
    assert await due(place) == [reading.id]
    await finish(place, reading, epoch, "rejected")
    assert await due(place) == []
    again, instead = read_again(2), order("a", "huma/1", 3, replaces=refused.id)
    await place.journal.insert([(0, again), (0, instead)])
    assert await due(place) == [instead.id]
    for one in (instead, behind, again):
        assert await due(place) == [one.id]
        await finish(place, one, epoch)


async def test_only_the_last_owner_writes(place: JournalDriver) -> None:
    """What a former owner marks, takes over or reports is refused, and leaves nothing on record."""
    await place.journal.insert([(0, order("a", "day/1", 1)), (0, order("a", "day/2", 1))])
    former = await place.owner(LEASE)
    sent, queued = await place.journal.next("a", 50)
    assert await place.journal.mark_sending(sent, LEASE, former)
    owner = await place.owner(LEASE)
    assert not await place.journal.mark_sending(queued, LEASE, former)
    assert not await place.journal.change(became(sent, "delivered", former, "delivered"))
    assert await place.journal.take_over("a", LEASE, former) == 0
    assert await place.states() == {sent.order.id: "sending", queued.order.id: "queued"}
    assert await place.trail("a") == []
    assert await place.journal.take_over("a", LEASE, owner) == 1


async def test_a_new_owner_looks_for_what_was_being_sent(place: JournalDriver) -> None:
    """It becomes unknown, sent now at the latest, and due at once; other companies' orders stay as they are."""
    ours, theirs, queued = order("a", "day/1", 1), order("b", "day/1", 1), order("a", "day/2", 1)
    await place.journal.insert([(0, ours), (0, theirs), (0, queued)])
    for one in (ours, theirs):
        lease = f"fortnox/{one.tenant}"
        assert await place.journal.mark_sending(await work_on(place, one), lease, await place.owner(lease))
    await clock.sleep(0.1)
    begun = clock.monotonic()
    assert await place.journal.take_over("a", LEASE, await place.owner(LEASE)) == 1
    assert await place.states() == {ours.id: "unknown", theirs.id: "sending", queued.id: "queued"}
    work = await work_on(place, ours)
    assert (work.state, work.attempt, work.looks) == ("unknown", 1, 0)
    assert work.since_sent is not None
    assert 0 <= work.since_sent < clock.monotonic() - begun


async def test_a_state_changes_only_as_it_may(place: JournalDriver) -> None:
    """Nothing is sent twice, and no outcome comes from nowhere or after the end."""
    await place.journal.insert([(0, order("a", "day/1", 1))])
    epoch = await place.owner(LEASE)
    (work,) = await place.journal.next("a", 50)
    assert not await place.journal.change(became(work, "delivered", epoch, "delivered"))
    assert await place.journal.mark_sending(work, LEASE, epoch)
    assert not await place.journal.mark_sending(work, LEASE, epoch)
    assert await place.journal.change(became(work, "delivered", epoch, "delivered"))
    assert not await place.journal.change(became(work, "delivered", epoch, "already_there"))
    assert not await place.journal.change(became(work, "queued", epoch, "absent"))
    assert not await place.journal.mark_sending(work, LEASE, epoch)
    assert [record.outcome for record in await place.trail("a")] == ["delivered"]


async def test_what_a_lane_learnt_is_there_for_the_next(place: JournalDriver) -> None:
    """Looks, and the time since the last byte, outlive the lane."""
    await place.journal.insert([(0, order("a", "day/1", 1))])
    epoch = await place.owner(LEASE)
    (work,) = await place.journal.next("a", 50)
    assert (work.state, work.attempt, work.since_sent) == ("queued", 0, None)
    assert await place.journal.mark_sending(work, LEASE, epoch)
    await clock.sleep(0.1)
    begun = clock.monotonic()
    assert await place.journal.change(became(work, "unknown", epoch, "unknown", just_sent=True))
    (work,) = await place.journal.next("a", 50)
    assert work.since_sent is not None
    assert work.since_sent < clock.monotonic() - begun
    await clock.sleep(0.1)
    assert await place.journal.change(became(work, "unknown", epoch, looks=1))
    (work,) = await place.journal.next("a", 50)
    assert (work.state, work.attempt, work.looks) == ("unknown", 1, 1)
    assert work.since_sent >= 0.1


async def test_every_entry_continues_its_company_s_chain(place: JournalDriver) -> None:
    """Sequence without a gap, the hash of the one before, whole; each company has a chain of its own."""
    epochs = {tenant: await place.owner(f"fortnox/{tenant}") for tenant in ("a", "b")}
    orders = [order(tenant, f"day/{n}", 1) for n in range(3) for tenant in epochs]
    await place.journal.insert((0, one) for one in orders)
    for one in orders:
        await finish(place, one, epochs[one.tenant])
    for tenant in epochs:
        previous = GENESIS
        trail = await place.trail(tenant)
        for sequence, record in enumerate(trail, 1):
            assert (record.sequence, record.previous) == (sequence, previous)
            assert record.is_whole()
            previous = record.hash
        assert [record.message_id for record in trail] == [one.id for one in orders if one.tenant == tenant]


async def test_many_lanes_share_transactions_and_not_their_outcomes(place: JournalDriver) -> None:
    """All at once: each lane hears about its own order, also those that are not the owner any more."""
    tenants = [f"company-{n}" for n in range(40)]
    await place.journal.insert((0, order(tenant, f"day/{n}", 1)) for tenant in tenants for n in range(2))

    async def lane(number: int, tenant: str) -> list[bool]:
        lease = f"fortnox/{tenant}"
        epoch = await place.owner(lease)
        heard = []
        for work in await place.journal.next(tenant, 50):
            if number % 4 == 3:
                await place.owner(lease)
            heard.append(await place.journal.mark_sending(work, lease, epoch))
            heard.append(await place.journal.change(became(work, "delivered", epoch, "delivered")))
        return heard

    heard = await asyncio.gather(*(lane(number, tenant) for number, tenant in enumerate(tenants)))
    assert heard == [[number % 4 != 3] * 4 for number in range(len(tenants))]
    for number, tenant in enumerate(tenants):
        assert len(await place.trail(tenant)) == (0 if number % 4 == 3 else 2)


async def test_the_next_time_is_known(place: JournalDriver) -> None:
    """Seconds until something is due that is not due yet; None where nothing waits for a time."""
    assert await place.journal.next_due("a") is None
    orders = [order("a", f"day/{n}", 1) for n in range(2)]
    await place.journal.insert((0, one) for one in orders)
    assert await place.journal.next_due("a") is None
    epoch = await place.owner(LEASE)
    for wait, work in zip((30.0, 0.2), await place.journal.next("a", 50), strict=True):
        assert await place.journal.mark_sending(work, LEASE, epoch)
        assert await place.journal.change(became(work, "queued", epoch, wait=wait))
    assert await due(place) == []
    seconds = await place.journal.next_due("a")
    assert 0 < seconds <= 0.2
    await clock.sleep(seconds)
    assert await due(place) == [orders[1].id]
    assert 20 < await place.journal.next_due("a") <= 30


async def test_companies_with_open_orders_are_named(place: JournalDriver) -> None:
    """Among the partitions asked for: those with an order that has not ended."""
    await place.journal.insert([(0, order("a", "day/1", 1)), (1, order("b", "day/1", 1)), (2, order("c", "day/1", 1))])
    assert await place.journal.open_tenants([0, 2]) == {"a": 0, "c": 2}
    await finish(place, order("a", "day/1", 1), await place.owner(LEASE))
    assert await place.journal.open_tenants([0, 1]) == {"b": 1}


# --- The real journal: what a shared transaction must not share -----------------------------------------------------


@pytest.mark.parametrize(
    ("what", "error"), [("a table takes no \0", psycopg.Error), ("a key that nothing opens", InvalidTag)]
)
async def test_a_change_that_cannot_be_written_takes_no_other_with_it(
    postgres: InPostgres, what: str, error: type[Exception]
) -> None:
    """Its own lane gets the error; the lanes whose changes stood in the same transaction get their answers."""
    tenants = [f"company-{n}" for n in range(5)]
    await postgres.journal.insert((0, order(tenant, "day/1", 1)) for tenant in tenants)
    epochs = {tenant: await postgres.owner(f"fortnox/{tenant}") for tenant in tenants}
    works = [(await postgres.journal.next(tenant, 50))[0] for tenant in tenants]
    for work in works:
        tenant = work.order.tenant
        assert await postgres.journal.mark_sending(work, f"fortnox/{tenant}", epochs[tenant])
    changes = [became(work, "delivered", epochs[work.order.tenant], "delivered") for work in works]
    if error is psycopg.Error:
        changes[2] = replace(changes[2], outcome={"why": what})
    else:
        lend(postgres.engine, Vault(b"test"))
        async with postgres.engine.begin() as connection:
            await connection.execute(LOCKED, {"tenant": tenants[2], "record": works[2].order.subject})
        shown = Shown(names=("city",), fields=EmployeeFields(city="Umeå"))
        changes[2] = replace(changes[2], entry=Entry(works[2].order, "delivered", shown=shown))
    heard = await asyncio.gather(*(postgres.journal.change(change) for change in changes), return_exceptions=True)
    assert isinstance(heard[2], error)
    assert heard[:2] + heard[3:] == [True] * 4
    states = await postgres.states()
    assert [states[work.order.id] for work in works] == ["delivered", "delivered", "sending", "delivered", "delivered"]
    assert [len(await postgres.trail(tenant)) for tenant in tenants] == [1, 1, 0, 1, 1]


async def test_a_process_that_is_stopped_in_a_transaction_delays_others_for_seconds_only(postgres: InPostgres) -> None:
    """The server ends its transaction: its successor, and that one's other companies, go on; what it did is undone."""
    ours, theirs = order("a", "day/1", 1), order("b", "day/1", 1)
    await postgres.journal.insert([(0, ours), (0, theirs)])
    works = [await work_on(postgres, ours), await work_on(postgres, theirs)]
    mark = journal._Mark(works[0], LEASE, await postgres.owner(LEASE))

    async def be_stopped_in_a_transaction() -> None:
        async with postgres.engine.begin() as stopped:
            assert await journal._mark(stopped, [mark], (None, 0))
            epochs = [await postgres.owner(LEASE), await postgres.owner("fortnox/b")]
            assert await postgres.journal.take_over("a", LEASE, epochs[0]) == 0
            async with asyncio.timeout(60):
                marked = await asyncio.gather(
                    postgres.journal.mark_sending(works[0], LEASE, epochs[0]),
                    postgres.journal.mark_sending(works[1], "fortnox/b", epochs[1]),
                )
            assert marked == [True, True]
            await stopped.execute(text("select 1"))  # type: ignore[unreachable] # it is reached, and raises

    with pytest.raises(psycopg.Error):
        await be_stopped_in_a_transaction()
    assert set((await postgres.states()).values()) == {"sending"}


async def test_a_lane_that_is_ended_in_mid_change_stops_no_other(postgres: InPostgres) -> None:
    """Nobody waits for its answer any more; the others of its transaction get theirs."""
    epoch = await postgres.owner(LEASE)
    await postgres.journal.insert((0, order("a", f"day/{n}", 1)) for n in range(40))
    works = iter(await postgres.journal.next("a", 50))
    for turns, (ended, other) in enumerate(zip(works, works, strict=True)):
        ending = asyncio.create_task(postgres.journal.mark_sending(ended, LEASE, epoch))
        going_on = asyncio.create_task(postgres.journal.mark_sending(other, LEASE, epoch))
        for _ in range(turns):  # at another moment of the transaction each time
            await asyncio.sleep(0)
        ending.cancel()
        async with asyncio.timeout(60):
            assert await going_on


async def test_an_order_replaces_only_one_of_its_own_key(postgres: InPostgres) -> None:
    """Whatever it names: the sequence of another key, or of another company, is none of its business."""
    first, other = order("a", "day/1", 1), order("b", "day/1", 1)
    await postgres.journal.insert([(0, first), (0, other)])
    stray = order("b", "day/2", 2, replaces=first.id)
    await postgres.journal.insert([(0, stray)])
    assert await due(postgres, "b") == [other.id, stray.id]
    async with postgres.engine.connect() as connection:
        rows = await connection.execute(text("select order_id from journal where place <> seq"))
        assert [UUID(str(row.order_id)) for row in rows] == []
