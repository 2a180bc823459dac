"""Before a plan, everything that was told is decided, whoever told it: else there is none. Real broker and database."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from aiokafka import AIOKafkaProducer

from infra import catching_up, clock, registry
from infra.access.vault import open_vault
from infra.commanding import Failed, WrongUsage
from infra.deciding import planning
from infra.deciding.decider import Decider
from infra.intake.accepting import Acceptor
from infra.plugin import Host, Refreshed
from infra.postgres import Engine, text
from infra.settings import Settings
from schemas.events import EmployeeChanged, EmployeeFields, EmployeeSeen, Fact, LinkDecided
from schemas.marks import MARKS
from tests.bus import messages, records
from tests.ending import end_tasks
from tests.infra.facts import record

sleep = clock.sleep
FLOW = next(flow for flow in registry.flows() if flow.name == "employees")
AT = datetime(2026, 5, 1, 6, tzinfo=UTC)
FIELDS = EmployeeFields(email="anna@example.se")
IN_HR = EmployeeChanged(system="alexishr", person_id="a", changed_at=AT, fields=FIELDS)
IN_FORTNOX = EmployeeSeen(employee_id="1", seen_at=AT, fields=FIELDS)
JOINED = LinkDecided(person="alexishr/a", employee_id="1", decided_by="lena", decided_at=AT)


def quiet(_line: str) -> None:
    """Say nothing."""


class CatchingUpDriver:
    """A company, what puts facts on its topics, and the flows, which decide a topic when they are let."""

    def __init__(self, host: Host, decider: Decider, kafka: str, tenant: str) -> None:
        self.host, self.tenant, self._decider, self._kafka = host, tenant, decider, kafka

    async def tell(self, fact: Fact) -> None:
        """Put a fact on its topic, as whoever reads beside the plan does."""
        assert self.host.accept is not None
        await self.host.accept(self.tenant, "fortnox", [fact])

    async def decide(self, topic: str) -> None:
        """Decide a topic, once a mark stands on it."""
        while not any("marks/" in m.subject for m in await messages(self._kafka, topic, self.tenant)):
            await sleep(0.02)
        await self._decider.decide(await records(self._kafka, topic, self.tenant))

    async def all_decided(self, **more: Any) -> None:
        """Wait until everything is decided."""
        await catching_up.all_decided(self.host, self.tenant, quiet, **more)


@pytest.fixture
async def office(
    engine: Engine, producer: AIOKafkaProducer, settings: Settings, kafka: str, tenant: str
) -> CatchingUpDriver:
    """Return a company of which nothing was told."""
    async with engine.begin() as connection:
        await connection.execute(text("insert into tenants (tenant, created_at) values (:t, now())"), {"t": tenant})
    vault = await open_vault(engine, settings)
    accept = Acceptor(engine=engine, producer=producer, vault=vault).accept_facts
    return CatchingUpDriver(
        Host(settings, engine, vault, None, accept), Decider(engine, producer, (FLOW,)), kafka, tenant
    )


@pytest.mark.parametrize("late", [IN_HR, IN_FORTNOX, JOINED], ids=lambda fact: type(fact).__name__)
async def test_what_somebody_else_has_told_is_decided_first(office: CatchingUpDriver, late: Fact) -> None:
    """Its topic is the last that the flows come to: until then there is no plan, though nobody reads it again."""
    await office.tell(late)
    waiting = asyncio.create_task(office.all_decided())
    for mark in MARKS:
        if late.TOPIC != mark.TOPIC:  # type: ignore[attr-defined] # of every fact
            await office.decide(mark.TOPIC)
    assert not waiting.done()
    await office.decide(late.TOPIC)  # type: ignore[attr-defined] # the same
    await waiting
    _, rows = await _plan(office)
    assert len(rows) == (late is not JOINED)


async def _plan(office: CatchingUpDriver) -> Any:
    async with office.host.engine.begin() as connection:
        await connection.execute(
            text("insert into settings values (:t, 1, cast(:body as jsonb), 'lena', now())"),
            {"t": office.tenant, "body": '{"employees": {"system": "alexishr", "source_of_truth": "hr"}}'},
        )
    return await planning.make(office.host.engine, FLOW, office.tenant, AT.date())


async def test_without_flows_there_is_no_plan_and_a_second_try_waits_anew(office: CatchingUpDriver) -> None:
    """It says what is wrong and what to do, and so does the next one, which reads no difference any more."""
    await office.tell(IN_FORTNOX)
    for _ in range(2):
        with pytest.raises(Failed, match=r"not decided after 0 s.*do flows run \(bokbuss up") as refused:
            await office.all_decided(wait=0.0)
        assert refused.value.code == 1


async def test_flows_that_get_on_are_waited_for_however_much_there_is(
    office: CatchingUpDriver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of ten thousand people they decide for minutes; the marks stand behind all of them."""
    ahead = iter([mark.TOPIC for mark in MARKS])

    async def decide_some(_seconds: float) -> None:
        await office.decide(next(ahead))

    monkeypatch.setattr(clock, "sleep", decide_some)
    await office.all_decided(wait=0.0)
    assert next(ahead, None) is None


async def test_a_company_whose_messages_are_parked_gets_no_plan_and_is_told_so_at_once(
    office: CatchingUpDriver, engine: Engine, producer: AIOKafkaProducer
) -> None:
    """Waiting would not help: a person or new code has to act first."""

    def raising(*_: object) -> Any:
        raise ArithmeticError

    broken = Decider(engine, producer, (replace(FLOW, decide=raising),))
    await broken.decide([record(office.tenant, IN_HR)])
    with pytest.raises(Failed, match=f"bokbuss parked list --tenant {office.tenant}"):
        await office.all_decided()


async def test_what_this_reading_told_is_waited_for_by_its_ids_too(office: CatchingUpDriver) -> None:
    """A mark says nothing of a record that the flows passed by."""
    waiting = asyncio.create_task(office.all_decided(told=["fortnox/employee/9@passed-by"]))
    for mark in MARKS:
        await office.decide(mark.TOPIC)
    assert await planning.undecided(office.host.engine, office.tenant, ["fortnox/employee/9@passed-by"]) == 1
    assert not waiting.done()
    await end_tasks(waiting)


async def test_marks_are_decided_and_change_nothing(office: CatchingUpDriver) -> None:
    """One on each topic, and no flow remembers anything of them."""
    waiting = asyncio.create_task(office.all_decided())
    for mark in MARKS:
        await office.decide(mark.TOPIC)
    await waiting
    async with office.host.engine.connect() as connection:
        assert await connection.scalar(text("select count(*) from flow_state")) == 0
        assert await connection.scalar(text("select count(*) from decided where rules <> ''")) == 0


async def test_a_company_without_settings_for_employees_is_not_read(office: CatchingUpDriver) -> None:
    """It says what to do."""
    with pytest.raises(WrongUsage, match="bokbuss settings apply"):
        await catching_up.read_both(office.host, FLOW, office.tenant, quiet)


def test_the_facts_of_readings_are_those_of_all() -> None:
    """Of the HR system and of Fortnox."""
    found = {"alexishr": Refreshed(2, 1, ("a", "b")), "fortnox": Refreshed(1, 1, ("c",))}
    assert catching_up.facts_of(found) == ("a", "b", "c")
