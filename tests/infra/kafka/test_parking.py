"""A company is a wall: what cannot be decided waits, and with it what comes later of its company, and nothing else."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from itertools import count
from typing import Any

import psycopg
import pytest
from aiokafka import AIOKafkaProducer
from pydantic_core import to_json

from infra import companies, registry, store
from infra.access.vault import Vault, lend, open_vault
from infra.deciding.decider import Decider
from infra.kafka import parking
from infra.kafka.records import Record
from infra.plugin import Flow, Host
from infra.postgres import Engine, text
from infra.settings import Settings
from schemas.audit import AuditRecord, DeadLetter
from schemas.bas import BAS_DAY_SALES
from schemas.commands import HoldForReview, PostVoucher
from schemas.envelope import Envelope
from schemas.events import ChecksPassed
from schemas.settings import PaymentAccount
from tests.bus import messages
from tests.databases import stepping
from tests.infra.facts import WHEN, applied, day, message, record
from tests.infra.fake_flows import BREAKS, DAY_SALES, SECRET, fake_flow

TRAIL = text("select body from audit where tenant = :t order by sequence")
STATES = text("select key, cast(state as text) from flow_state where tenant = :t")
REPAIR = text("update flow_state set state = cast(:state as jsonb) where tenant = :t and key = :key")
LINES = text("select fact_id from decided where tenant = :t and topic like 'facts.%' order by decided_at, \"offset\"")


@pytest.fixture
def other(tenant: str) -> str:
    """Return a second company."""
    return f"{tenant}-b"


class DeciderDriver:
    """Two companies with settings, and deciders of some code over them."""

    def __init__(self, engine: Engine, producer: AIOKafkaProducer, kafka: str) -> None:
        self.engine = engine
        self.kafka = kafka
        self._producer = producer

    def decider(self, flow: Flow = DAY_SALES, code: str = "broken") -> Decider:
        """Return a process's decider."""
        return Decider(self.engine, self._producer, (flow,), code)

    async def waits(self, tenant: str) -> list[str]:
        """Return the keys of what waits of a company, in its order; what is set aside in brackets."""
        found = await parking.listed(self.engine, tenant)
        return [one.about if one.state == "waiting" else f"({one.about})" for one in found]

    async def decided(self, tenant: str) -> list[str]:
        """Return the keys of a company's facts that have a line."""
        async with self.engine.connect() as connection:
            return [fact.partition("@")[0] for fact in await connection.scalars(LINES, {"t": tenant})]

    async def booked(self, tenant: str) -> list[str]:
        """Return the keys of a company's vouchers, in their order in Kafka; sent twice they are one."""
        found = await messages(self.kafka, PostVoucher.TOPIC, tenant)
        return list({order.id: order.subject for order in found}.values())

    async def reason(self, tenant: str) -> str:
        """Return why a company's days are held."""
        return next(m.data.reason for m in await messages(self.kafka, HoldForReview.TOPIC, tenant))

    async def trail(self, tenant: str) -> list[AuditRecord]:
        """Return a company's audit trail."""
        async with self.engine.connect() as connection:
            bodies = await connection.scalars(TRAIL, {"t": tenant})
            return [AuditRecord.model_validate_json(to_json(body)) for body in bodies]

    async def recorded(self, tenant: str) -> list[tuple[str, str]]:
        """Return a company's audit trail: outcome and why."""
        return [(told.outcome, told.why) for told in await self.trail(tenant)]


@pytest.fixture
async def house(engine: Engine, producer: AIOKafkaProducer, kafka: str, tenant: str, other: str) -> DeciderDriver:
    """Return a house in which both companies have settings."""
    lend(engine, Vault(bytes(32)))
    made = DeciderDriver(engine, producer, kafka)
    await made.decider().decide([record(t, applied(t, 1)) for t in (tenant, other)])
    return made


def days(tenant: str, *numbers: int) -> list[Record]:
    """Return day closes of a company."""
    return [record(tenant, day(z)) for z in numbers]


def keys(*numbers: int) -> list[str]:
    """Return the keys of day closes."""
    return [day(z).key for z in numbers]


@pytest.mark.parametrize("how", BREAKS)
async def test_what_cannot_be_decided_waits_with_what_comes_later_and_nobody_else_does(
    house: DeciderDriver, tenant: str, other: str, how: str
) -> None:
    """In one batch and in later ones; new code then decides it all, in its order, once."""
    broken = house.decider(fake_flow(how))
    batch = [r for pair in zip(days(tenant, 1, 2, 3), days(other, 11, 12, 13), strict=True) for r in pair]
    await broken.decide(batch)
    later = days(tenant, 4) + days(other, 14)
    await broken.decide(later)
    assert await house.booked(other) == keys(11, 12, 13, 14)
    assert await house.booked(tenant) == await house.decided(tenant) == keys(1)
    assert await house.waits(tenant) == keys(2, 3, 4)
    assert await house.waits(other) == []
    await broken.decide([*batch, *later])  # Kafka brings them again: they wait already
    await broken.sweep()  # the same code does not try again by itself
    assert await house.waits(tenant) == keys(2, 3, 4)
    await house.decider(code="mended").sweep()
    assert await house.waits(tenant) == []
    assert await house.booked(tenant) == await house.decided(tenant) == keys(1, 2, 3, 4)


async def test_what_is_parked_tells_why_and_never_with_which_values(house: DeciderDriver, tenant: str) -> None:
    """What was raised, by which function at which line, how often and by which code; of the first one only."""
    fact = record(tenant, day(2))
    await house.decider(fake_flow("decide")).decide([fact, *days(tenant, 3)])
    first, behind = await parking.listed(house.engine, tenant)
    assert (first.code, first.rule, first.attempts, first.tried) == ("BugError", "_raise", 1, ("broken",))
    assert first.reason.startswith("flow daysales, decide of a DayClosed: BugError in _raise (tests.infra.fake_flows:")
    assert SECRET not in first.reason
    assert (first.record, first.fact_id, first.reader) == (fact, message(tenant, day(2)).id, "flows")
    assert (behind.code, behind.attempts, behind.tried) == ("", 0, ())
    await house.decider(fake_flow("decide"), "newer").sweep()
    tried = [(one.attempts, one.tried) for one in await parking.listed(house.engine, tenant)]
    assert tried == [(2, ("broken", "newer")), (0, ())]


async def test_two_versions_side_by_side_try_once_each(house: DeciderDriver, tenant: str) -> None:
    """In a rolling deployment each one's sweep comes by again and again."""
    old, new = house.decider(fake_flow("decide")), house.decider(fake_flow("decide"), "newer")
    await old.decide(days(tenant, 2))
    for _ in range(3):
        await new.sweep()
        await old.sweep()
    [first] = await parking.listed(house.engine, tenant)
    assert first.attempts == 2


async def test_settings_and_checks_wait_in_their_order(house: DeciderDriver, tenant: str, other: str) -> None:
    """What stands before them is decided without them, what follows with them, also after a repair."""
    klarna = PaymentAccount(method="klarna", account=1580)
    newer = BAS_DAY_SALES.model_copy(update={"payments": (*BAS_DAY_SALES.payments, klarna)})
    green = record(tenant, ChecksPassed(codes=("period_locked",), checked_at=WHEN))
    behind = [*days(tenant, 3), record(tenant, applied(tenant, 2, newer)), green, *days(tenant, 4)]
    await house.decider(fake_flow("decide")).decide([*days(tenant, 2), *behind, *days(other, 14)])
    assert len(await house.waits(tenant)) == 5
    assert await house.booked(other) == keys(14)
    await house.decider(code="mended").sweep()
    versions = [order.data.settings_version for order in await messages(house.kafka, PostVoucher.TOPIC, tenant)]
    assert (await house.booked(tenant), versions) == (keys(2, 3, 4), [1, 1, 2])


@pytest.mark.parametrize("told", ["settings", "a check"])
async def test_what_raises_while_it_is_told_to_everything_that_waits_is_parked(
    house: DeciderDriver, tenant: str, other: str, told: str
) -> None:
    """Settings that one held day cannot bear stop their own company only, and are told again in full."""
    klarna = PaymentAccount(method="klarna", account=1580)
    newer = BAS_DAY_SALES.model_copy(update={"payments": (*BAS_DAY_SALES.payments, klarna)})
    held = [record(tenant, day(z, method="klarna")) for z in (1, 2, 3)]
    await house.decider().decide(held)
    data = (
        applied(tenant, 2, newer)
        if told == "settings"
        else ChecksPassed(codes=(await house.reason(tenant),), checked_at=WHEN)
    )
    await house.decider(fake_flow("decide")).decide([record(tenant, data), *days(tenant, 4), *days(other, 14)])
    assert await house.booked(other) == keys(14)
    assert len(await house.waits(tenant)) == 2
    await house.decider(code="mended").sweep()
    assert await house.waits(tenant) == []
    assert sorted(await house.booked(tenant)) == (keys(1, 2, 3, 4) if told == "settings" else keys(4))


async def test_a_person_lets_it_be_tried_again(house: DeciderDriver, tenant: str) -> None:
    """By the same code: what was wrong may have been in what it read."""
    broken = house.decider(fake_flow("decide"))
    await broken.decide(days(tenant, 2, 3))
    await parking.retry(house.engine, tenant, "Anna", "I looked at it")
    await broken.sweep()
    await broken.sweep()
    first, _ = await parking.listed(house.engine, tenant)
    assert (first.attempts, await house.recorded(tenant)) == (2, [("released", "Anna: I looked at it")])


async def test_what_is_set_aside_lets_the_later_ones_go_on_and_can_be_tried_later(
    house: DeciderDriver, tenant: str
) -> None:
    """It stays listed, and what raises is that one only."""
    broken = house.decider(fake_flow("decide"))
    await broken.decide(days(tenant, 2, 3))
    [first, _] = await parking.listed(house.engine, tenant)
    assert await parking.turn(house.engine, first, "set_aside", "Anna", "looked at tomorrow")
    await broken.sweep()
    assert await house.waits(tenant) == [f"({key})" for key in keys(2)]
    await broken.decide([first.record, *days(tenant, 4)])  # Kafka brings it again
    assert await house.booked(tenant) == keys(3, 4)
    [aside] = await parking.listed(house.engine, tenant)
    assert await parking.turn(house.engine, aside, "waiting", "Anna", "now")
    await house.decider(code="mended").sweep()
    assert await house.booked(tenant) == keys(3, 4, 2)
    assert [outcome for outcome, _ in await house.recorded(tenant)] == ["held", "released"]


async def test_what_is_discarded_is_never_decided_and_on_record(house: DeciderDriver, tenant: str) -> None:
    """Neither when Kafka brings it again; it has its line, so that the auditor takes it for no hole."""
    broken = house.decider(fake_flow("decide"))
    await broken.decide(days(tenant, 2, 3))
    [first, _] = await parking.listed(house.engine, tenant)
    assert await parking.discard(house.engine, first, "Anna", "a test report")
    assert not await parking.discard(house.engine, first, "Bo", "too late")
    await broken.sweep()
    await house.decider(code="mended").decide([first.record])
    assert (await house.waits(tenant), await house.booked(tenant)) == ([], keys(3))
    assert await house.decided(tenant) == keys(2, 3)
    assert await house.recorded(tenant) == [("discarded", "Anna: a test report")]


async def test_the_flow_of_an_order_that_is_discarded_at_its_sink_learns_of_it(
    house: DeciderDriver, tenant: str
) -> None:
    """The day waits by that name, and its answers give a new order: no day waits for an outcome that never comes."""
    decider = house.decider()
    await decider.decide(days(tenant, 2))
    [order] = await messages(house.kafka, PostVoucher.TOPIC, tenant)
    one = await park(house, "sinks-fortnox", order)
    assert await parking.discard(house.engine, one, "Anna", "booked by hand")
    assert await house.recorded(tenant) == [("discarded", "Anna: booked by hand")]

    await decider.decide([record(tenant, told) for told in await house.trail(tenant)])
    [hold] = await messages(house.kafka, HoldForReview.TOPIC, tenant)
    assert (hold.data.key, hold.data.reason) == (day(2).key, "discarded")
    assert [choice.answer for choice in hold.data.choices] == ["retry", "discard"]


async def test_an_order_that_is_discarded_at_its_sink_is_not_sent_again(house: DeciderDriver, tenant: str) -> None:
    """A database that is restored sends everything anew that has not arrived; its flow has gone on meanwhile."""
    await house.decider().decide(days(tenant, 2))
    [order] = await messages(house.kafka, PostVoucher.TOPIC, tenant)
    assert await parking.discard(house.engine, await park(house, "sinks-fortnox", order), "Anna", "booked by hand")
    await store.write(house.engine, text("update outbox set sent_as = null where tenant = :t"), {"t": tenant})
    await house.decider().decide(days(tenant, 3))
    sent = [order.data.key for order in await messages(house.kafka, PostVoucher.TOPIC, tenant)]
    assert sent == [day(2).key, day(3).key]


async def test_what_a_flow_waits_for_is_not_discarded(house: DeciderDriver, tenant: str) -> None:
    """A question that the desk cannot show, and an outcome that the flows cannot decide on."""
    await house.decider().decide([record(tenant, day(2, method="klarna")), *days(tenant, 3)])
    [question] = await messages(house.kafka, HoldForReview.TOPIC, tenant)
    [order] = await messages(house.kafka, PostVoucher.TOPIC, tenant)
    assert await parking.discard(house.engine, await park(house, "sinks-fortnox", order), "Anna", "a test")
    [told] = await house.trail(tenant)
    for reader, awaited in (("desk", question), (parking.FLOWS, message(tenant, told))):
        with pytest.raises(parking.IsAwaited):
            await parking.discard(house.engine, await park(house, reader, awaited), "Anna", "a test")
    assert len(await house.waits(tenant)) == 2


async def test_what_is_parked_of_a_removed_company_has_its_end(
    house: DeciderDriver, tenant: str, settings: Settings, producer: AIOKafkaProducer
) -> None:
    """It is on record as discarded, and its line keeps the auditor from deciding it for the next one of that name."""
    host = Host(settings, house.engine, await open_vault(house.engine, settings), None, None)
    await companies.add(host, tenant, organisation_number=None, database_number=None)
    await house.decider(fake_flow("decide")).decide(days(tenant, 2, 3))
    assert (await companies.still_open(house.engine, tenant)).parked == 2
    removed = await companies.remove(host, producer, tenant, by="Anna")

    assert await house.waits(tenant) == []
    assert await house.decided(removed.under) == keys(2, 3)
    assert [outcome for outcome, _ in await house.recorded(removed.under)] == ["discarded", "discarded", "removed"]


async def test_what_names_a_company_that_is_none_waits_in_order_until_it_is_added(
    house: DeciderDriver, tenant: str, other: str, settings: Settings
) -> None:
    """Whoever publishes to the topics may misspell a name: nothing is held where nobody looks, and nothing is lost."""
    host = Host(settings, house.engine, await open_vault(house.engine, settings), None, None)
    stray, decider = f"{tenant}-stray", house.decider()
    first = record(stray, day(1))
    await decider.decide([first, *days(other, 11), *days(stray, 2)])
    await decider.decide([record(stray, applied(stray, 1)), first])
    await decider.sweep()
    assert (await house.booked(other), await house.waits(stray)) == (keys(11), [*keys(1, 2), applied(stray, 1).key])
    one, *_ = await parking.listed(house.engine, stray)
    assert (one.code, one.attempts, one.tried) == ("UnknownCompany", 1, ("broken",))
    assert f"bokbuss tenant add {stray}" in one.reason
    assert await house.decided(stray) == [] == await messages(house.kafka, HoldForReview.TOPIC, stray)

    await companies.add(host, stray, organisation_number=None, database_number=None)
    await decider.sweep()  # of the same code, and nobody says anything
    assert (await house.waits(stray), await house.decided(stray)) == ([], keys(1, 2))
    assert sorted(await house.booked(stray)) == keys(1, 2)


async def test_what_was_meant_for_another_name_is_discarded(house: DeciderDriver, tenant: str) -> None:
    """The sender tells it anew, of the right company."""
    stray = f"{tenant}-stray"
    await house.decider().decide(days(stray, 1))
    [one] = await parking.listed(house.engine, stray)
    assert await parking.discard(house.engine, one, "Anna", "the till says the right name now")
    assert (await house.waits(stray), await house.decided(stray)) == ([], keys(1))


Word = Callable[[Engine, parking.Parked], Awaitable[object]]
WORDS: list[Word] = [
    lambda engine, one: parking.retry(engine, one.tenant, "Anna", "a test"),
    lambda engine, one: parking.turn(engine, one, "set_aside", "Anna", "a test"),
    lambda engine, one: parking.discard(engine, one, "Anna", "a test"),
]


@pytest.mark.parametrize("word", WORDS, ids=["retry", "set aside", "discard"])
async def test_no_step_of_a_persons_word_and_a_removal_wait_for_each_other(
    house: DeciderDriver, tenant: str, settings: Settings, producer: AIOKafkaProducer, prepared_url: str, word: Word
) -> None:
    """Whatever the word has locked when somebody removes the company: both end, and the record ends once."""
    host = Host(settings, house.engine, await open_vault(house.engine, settings), None, None)
    for step in count(1):
        name, reached, go_on = f"{tenant}-{step}", asyncio.Event(), asyncio.Event()
        await companies.add(host, name, organisation_number=None, database_number=None)
        await house.decider(fake_flow("decide")).decide(days(name, 2))
        [one] = await parking.listed(house.engine, name)
        theirs = store.engine(prepared_url, 2)
        steps = count(1)

        async def stop(
            _: str, now: Iterator[int] = steps, at: int = step, here: Any = reached, then: Any = go_on
        ) -> None:
            if next(now) == at:
                here.set()
                await then.wait()

        stepping(theirs, stop)
        async with asyncio.TaskGroup() as tasks:
            said = tasks.create_task(word(theirs, one))
            arrived = tasks.create_task(reached.wait())
            await asyncio.wait([said, arrived], return_when=asyncio.FIRST_COMPLETED)
            removing = tasks.create_task(companies.remove(host, producer, name, by="Bo"))
            await asyncio.wait([removing], timeout=0.2)  # it is done, or waits for what is locked
            go_on.set()
            reached.set()
        await theirs.dispose()
        ended = [outcome for outcome, _ in await house.recorded(removing.result().under)]
        assert (ended.count("discarded"), ended[-1], await house.waits(name)) == (1, "removed", [])
        if next(steps) <= step:
            break


async def park(house: DeciderDriver, reader: str, what: Envelope[Any]) -> parking.Parked:
    """Park a message at a reader that cannot handle it."""
    stands = record(what.tenant, what.to_bytes(), topic=what.data.TOPIC)
    fault = parking.Failure("BugError", "_raise", "it cannot be handled")
    async with house.engine.begin() as connection:
        await parking.Parking(reader, "broken").add(connection, [(stands, what)], fault)
    [one] = await parking.at(house.engine, "/".join(map(str, stands.place)), reader)
    return one


async def test_what_newer_code_cannot_read_any_more_is_a_dead_letter(house: DeciderDriver, tenant: str) -> None:
    """It leaves its place, and what stands behind it goes on."""
    await house.decider(fake_flow("decide")).decide(days(tenant, 2, 3))
    async with house.engine.begin() as connection:
        await connection.execute(text("update parked set record_value = 'x' where about = :a"), {"a": day(2).key})
    await house.decider(code="mended").sweep()
    assert (await house.waits(tenant), await house.booked(tenant)) == ([], keys(3))
    [letter] = await messages(house.kafka, DeadLetter.TOPIC, tenant)
    assert (letter.data.reader, letter.data.code, letter.data.attempt) == ("flows", "no_json", 2)


async def test_several_processes_try_what_is_parked_once(
    house: DeciderDriver, tenant: str, prepared_url: str, producer: AIOKafkaProducer
) -> None:
    """Each of them sweeps; a company is locked, and what one took out the others do not find."""
    await house.decider(fake_flow("decide")).decide(days(tenant, *range(2, 30)))
    engines = [store.engine(prepared_url, 4) for _ in range(3)]
    await asyncio.gather(*(Decider(engine, producer, (DAY_SALES,), "mended").sweep() for engine in engines))
    for engine in engines:
        await engine.dispose()
    assert await house.booked(tenant) == await house.decided(tenant) == keys(*range(2, 30))


async def test_a_database_that_is_at_fault_parks_nobody(house: DeciderDriver, tenant: str) -> None:
    """What is not about a company's values is raised: the same again will do."""
    async with house.engine.begin() as connection:
        await connection.execute(text("alter table flow_state rename to flow_state_away"))
    with pytest.raises(psycopg.Error):
        await house.decider().decide(days(tenant, 1))
    async with house.engine.begin() as connection:
        await connection.execute(text("alter table flow_state_away rename to flow_state"))
    assert await house.waits(tenant) == []


def test_the_code_is_told_by_its_files() -> None:
    """The version alone does not change where somebody works."""
    version, _, digest = registry.code().partition("+")
    assert version
    assert len(digest) == 12


async def test_what_waits_behind_a_state_that_cannot_be_read_only_waits(
    house: DeciderDriver, tenant: str, other: str
) -> None:
    """It is not tried, holds up nobody else's batch, and goes on once the first one is set aside."""
    decider = house.decider()
    await decider.decide([record(tenant, day(1))])
    async with house.engine.begin() as connection:
        kept = (await connection.execute(STATES, {"t": tenant})).all()
        await connection.execute(text("update flow_state set state = '[]' where tenant = :t"), {"t": tenant})
    changed = [record(tenant, day(1, method=method)) for method in ("card", "swish", "invoice")]
    await decider.decide(changed[:1])
    await decider.decide([changed[1], *days(other, 11), changed[2]])
    first, *behind = await parking.listed(house.engine, tenant)
    assert (first.code, first.attempts) == ("ValidationError", 1)
    assert [(one.code, one.attempts, one.tried) for one in behind] == [("", 0, ())] * 2
    assert await house.booked(other) == keys(11)
    async with house.engine.begin() as connection:
        await connection.execute_many(REPAIR, [{"t": tenant, "key": key, "state": state} for key, state in kept])
    assert await parking.turn(house.engine, first, "set_aside", "a person", "broken")
    await decider.sweep()
    assert await house.waits(tenant) == [f"({day(1).key})"]
