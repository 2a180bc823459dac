"""Plans on a real database and a real broker: made, found, changed, applied once, and what became of each row."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from uuid import uuid4

import pytest
from aiokafka import AIOKafkaProducer

from connectors.desk import plan_words
from infra import clock, registry
from infra.access.vault import open_vault
from infra.deciding import planning
from infra.deciding.decider import Decider
from infra.deciding.planning import NoPlan, NotPossible, Which
from infra.delivery.journal import Journal
from infra.delivery.reviews import ReviewRole
from infra.intake.accepting import Acceptor, Unavailable
from infra.plugin import Host
from infra.postgres import Engine, text
from infra.settings import Settings
from schemas.events import EmployeeChanged, EmployeeFields, EmployeeSeen, Fact, PlanApplied, PlanRowApplied
from schemas.plans import CHOSEN, Plan, PlanRow
from schemas.settings import EmployeesSettings, SettingsApplied, TenantSettings
from tests.bus import messages, records
from tests.infra.facts import record

FLOW = next(flow for flow in registry.flows() if flow.name == "employees")
AT = datetime(2026, 5, 1, 6, tzinfo=UTC)
TODAY = date(2026, 5, 1)
CHOICES = PlanRowApplied.TOPIC


@dataclass
class PlanningDriver:
    """A company whose two sides were told, and what a host does with facts and orders."""

    host: Host
    decider: Decider
    reviews: ReviewRole
    journal: Journal
    kafka: str
    tenant: str

    @property
    def engine(self) -> Engine:
        """The database."""
        return self.host.engine

    async def tell(self, *facts: Fact) -> None:
        """Let facts be decided, and their orders taken."""
        await self.decider.decide([record(self.tenant, fact) for fact in facts])
        await self.take_orders()

    async def hr(self, name: str, at: int = 0, **values: str) -> None:
        """Tell what HR holds of somebody."""
        fields = EmployeeFields(**{"given_name": name, "family_name": "Ek", "email": f"{name}@example.se", **values})
        await self.tell(
            EmployeeChanged(system="alexishr", person_id=name, changed_at=AT.replace(minute=at), fields=fields)
        )

    async def fortnox(self, employee_id: str, **values: str) -> None:
        """Tell what Fortnox holds of somebody."""
        fields = EmployeeFields(employment_id=employee_id, **values)
        await self.tell(EmployeeSeen(employee_id=employee_id, seen_at=AT, fields=fields))

    async def make(self) -> Plan:
        """Make a plan."""
        plan, _ = await planning.make(self.engine, FLOW, self.tenant, TODAY)
        return plan

    async def choose(self, plan: Plan, state: str, action: str) -> PlanRow:
        """Let a person set what is done with the one row in a state; return it as it is then."""
        [row] = [row async for row in planning.rows(self.engine, plan, Which(state=state))]
        [changed] = await planning.edit(self.engine, plan, [plan_words.changed(row, action, ())])
        return changed

    async def decide_what_was_applied(self) -> None:
        """Decide what stands on the topic of decisions, as the worker does: once."""
        await self.decider.decide(await records(self.kafka, CHOICES, self.tenant))
        await self.take_orders()

    async def take_orders(self) -> None:
        """Let the sinks' journal and the desk take what was ordered, as often as it comes."""
        for topic in ("orders.fortnox.v1", "orders.desk.v1"):
            found = await messages(self.kafka, topic, self.tenant)
            if topic == "orders.desk.v1":
                taken = zip(await records(self.kafka, topic, self.tenant), found, strict=True)
                await self.reviews._accept(list(taken))
            else:
                await self.journal.insert(list(enumerate(found)))

    async def statuses(self, plan: Plan) -> dict[str, tuple[str, int]]:
        """Return what became of each row, by the name."""
        return {one.row.name.split()[0]: (one.status, one.orders) for one in await planning.became(self.engine, plan)}

    async def outcome(self, state: str) -> None:
        """Let every order that is under way end."""
        async with self.engine.begin() as connection:
            await connection.execute(
                text("update journal set state = :s where tenant = :t"), {"s": state, "t": self.tenant}
            )


@pytest.fixture
async def office(
    engine: Engine, producer: AIOKafkaProducer, settings: Settings, kafka: str, tenant: str
) -> PlanningDriver:
    """Return a company: Anna is on both sides and differs, Bo is in HR only, Eva in Fortnox only."""
    async with engine.begin() as connection:
        await connection.execute(text("insert into tenants (tenant, created_at) values (:t, now())"), {"t": tenant})
    vault = await open_vault(engine, settings)
    accept = Acceptor(engine=engine, producer=producer, vault=vault).accept_facts
    made = PlanningDriver(
        Host(settings, engine, vault, None, accept),
        Decider(engine, producer, (FLOW,)),
        ReviewRole(engine=engine, producer=producer, settings=settings),
        Journal(engine, "fortnox"),
        kafka,
        tenant,
    )
    chosen = TenantSettings(employees=EmployeesSettings(system="alexishr", source_of_truth="hr"))
    await made.decider.decide(
        [record(tenant, SettingsApplied(tenant=tenant, version=3, applied_by="lena", settings=chosen))]
    )
    await made.hr("anna", city="Lund")
    await made.hr("bo")
    await made.fortnox("1", email="anna@example.se", given_name="anna", family_name="Ek", city="Solna")
    await made.fortnox("2", email="eva@example.se", given_name="eva", family_name="Ek")
    return made


async def test_a_plan_is_kept_with_its_rows_and_nothing_happens(office: PlanningDriver) -> None:
    """It names the settings' version; its rows and counts are there; nothing was published and nothing ordered."""
    plan = await office.make()
    assert (plan.tenant, plan.flow, plan.settings_version, plan.state) == (office.tenant, "employees", 3, "made")
    assert (plan.hr_read_at, plan.fortnox_read_at) == (None, None)
    found = {row.name: row.state async for row in planning.rows(office.engine, plan)}
    assert found == {"anna Ek": "conflict", "bo Ek": "hr_only", "eva Ek": "fortnox_only"}
    assert await planning.counts(office.engine, plan) == {
        ("conflict", "do_nothing"): 1,
        ("fortnox_only", "do_nothing"): 1,
        ("hr_only", "create_in_fortnox"): 1,
    }
    assert await messages(office.kafka, CHOICES, office.tenant) == []
    assert await messages(office.kafka, "orders.fortnox.v1", office.tenant) == []


async def test_a_plan_shows_when_both_sides_were_read(office: PlanningDriver) -> None:
    """The age of what it compares, of the HR system and of Fortnox."""
    async with office.engine.begin() as connection:
        for system, day in (("alexishr", 1), ("fortnox", 2)):
            await connection.execute(
                text("insert into readings (tenant, system, kind, whole_at) values (:t, :s, 'employee', :at)"),
                {"t": office.tenant, "s": system, "at": AT.replace(day=day)},
            )
    plan = await office.make()
    assert (plan.hr_read_at, plan.fortnox_read_at) == (AT.replace(day=1), AT.replace(day=2))


async def test_rows_are_found_by_state_action_and_number(office: PlanningDriver) -> None:
    """Any condition that is left out means any."""
    plan = await office.make()

    async def names(which: Which) -> list[str]:
        return [row.name async for row in planning.rows(office.engine, plan, which)]

    assert await names(Which(state="conflict")) == ["anna Ek"]
    assert await names(Which(action="do_nothing")) == ["anna Ek", "eva Ek"]
    assert await names(Which(row=2)) == ["bo Ek"]
    assert await names(Which(state="conflict", row=2)) == []


async def test_a_plan_is_found_by_the_beginning_of_its_id(office: PlanningDriver) -> None:
    """None is refused, saying what to do; a sign of LIKE, and no sign at all, find nothing."""
    plan, other = await office.make(), await office.make()
    assert await planning.find(office.engine, str(plan.plan_id)[:12]) == plan
    assert [one.plan_id for one in await planning.plans(office.engine, office.tenant)] == [other.plan_id, plan.plan_id]
    for nothing in (str(uuid4()), "%", ""):
        with pytest.raises(NoPlan, match="no plan begins with"):
            await planning.find(office.engine, nothing)


async def test_a_changed_row_stays_changed(office: PlanningDriver) -> None:
    """Its action counts and its body, and the counts follow."""
    plan = await office.make()
    await office.choose(plan, "conflict", "prefer_hr")
    [changed] = [row async for row in planning.rows(office.engine, plan, Which(state="conflict"))]
    assert (changed.action, changed.rule) == ("prefer_hr", CHOSEN)
    assert (await planning.counts(office.engine, plan))["conflict", "prefer_hr"] == 1


async def test_two_people_never_join_one_row_twice(office: PlanningDriver) -> None:
    """Each has read the rows before the other joined: the second is told, and nobody is lost out of the plan."""
    await office.hr("cia")
    plan = await office.make()
    rows = {row.name.split()[0]: row async for row in planning.rows(office.engine, plan)}
    joined = [plan_words.joined(rows[name], rows["eva"]) for name in ("bo", "cia")]
    await planning.edit(office.engine, plan, joined[:1], [rows["eva"].row])
    with pytest.raises(NotPossible, match="look again"):
        await planning.edit(office.engine, plan, joined[1:], [rows["eva"].row])
    with pytest.raises(NotPossible, match="look again"):
        await planning.edit(office.engine, plan, [plan_words.changed(rows["bo"], "create_in_fortnox", ())])
    now = {row.person: row.employee_id async for row in planning.rows(office.engine, plan)}
    assert now == {"alexishr/anna": "1", "alexishr/bo": "2", "alexishr/cia": None}


async def test_a_row_that_was_applied_is_not_joined_away(office: PlanningDriver) -> None:
    """It is on its way, or would be sent again: to forget it would leave it without a trace."""
    plan = await office.make()
    rows = {row.name.split()[0]: row async for row in planning.rows(office.engine, plan)}
    eva = await office.choose(plan, "fortnox_only", "create_in_hr")
    await planning.apply(office.host, plan, by="lena", only=[eva.row])
    with pytest.raises(NotPossible, match="look again"):
        await planning.edit(office.engine, plan, [plan_words.joined(rows["bo"], rows["eva"])], [eva.row])
    assert [row.applied_by async for row in planning.rows(office.engine, plan, Which(row=eva.row))] == ["lena"]


async def test_what_was_applied_last_is_known_however_many_plans_were_made_since(office: PlanningDriver) -> None:
    """A company that compares every day is no new one after fifty days."""
    plan = await office.make()
    await planning.apply(office.host, plan, by="lena")
    for _ in range(51):
        newest = await office.make()
    made, applied = await planning.open_plan(office.engine, office.tenant, FLOW)
    assert made is not None
    assert applied is not None
    assert (made.plan_id, applied.plan_id) == (newest.plan_id, plan.plan_id)


async def test_applied_twice_it_publishes_the_same_facts(office: PlanningDriver) -> None:
    """By whoever and whenever it is called again: the first one counts. What a rule leaves alone is not told."""
    plan = await office.make()
    applied = await planning.apply(office.host, plan, by="lena")
    await clock.sleep(0.01)
    again = await planning.apply(office.host, plan, by="nils")
    assert (again.plan.applied_by, again.plan.applied_at) == ("lena", applied.plan.applied_at)
    assert (applied.sent, again.sent, again.left) == ((2,), (), 0)
    assert (await planning.find(office.engine, str(plan.plan_id))).state == "applied"
    said = await messages(office.kafka, CHOICES, office.tenant)
    assert [type(one.data) for one in said] == [PlanRowApplied, PlanApplied, PlanApplied]
    assert said[1].id == said[2].id


async def test_a_plan_counts_as_applied_once_the_flows_are_told(office: PlanningDriver) -> None:
    """Kafka goes away between the last row and that: the company is not live, and nobody says that it is."""
    plan = await office.make()

    async def gone(to: str, system: str, facts: Sequence[Fact]) -> tuple[str, ...]:
        if any(isinstance(fact, PlanApplied) for fact in facts):
            raise Unavailable("Kafka is away")
        return await office.host.accept(to, system, facts)

    with pytest.raises(Unavailable):
        await planning.apply(replace(office.host, accept=gone), plan, by="lena")
    assert (await planning.find(office.engine, str(plan.plan_id))).state == "made"
    assert await planning.last_applied(office.engine, office.tenant, "employees") is None
    again = await planning.apply(office.host, plan, by="nils")
    assert (again.sent, again.left, again.plan.state) == ((), 0, "applied")
    said = await messages(office.kafka, CHOICES, office.tenant)
    assert [type(one.data) for one in said] == [PlanRowApplied, PlanApplied]


async def test_a_row_that_was_sent_and_not_written_down_is_sent_again_as_it_was(office: PlanningDriver) -> None:
    """A process died after Kafka had the fact: by the same person, at the same time, with the same id."""
    plan = await office.make()
    await planning.apply(office.host, plan, by="lena")
    async with office.engine.begin() as connection:
        await connection.execute(text("update plan_rows set fact_id = null where plan_id = :p"), {"p": plan.plan_id})
    again = await planning.apply(office.host, plan, by="nils")
    assert again.sent == (2,)
    said = [m for m in await messages(office.kafka, CHOICES, office.tenant) if isinstance(m.data, PlanRowApplied)]
    assert [m.id for m in said] == [said[0].id] * 2


async def test_a_part_of_a_plan_is_applied_and_the_rest_stays_applicable(office: PlanningDriver) -> None:
    """What was applied cannot be changed, the rest can; live is what the plan makes once it is applied as a whole."""
    plan = await office.make()
    await office.choose(plan, "conflict", "prefer_hr")
    first = await planning.apply(office.host, plan, by="lena", only=[1])
    assert (first.plan.state, first.sent, first.left) == ("made", (1,), 1)
    rows = [row async for row in planning.rows(office.engine, plan)]
    assert [row.applied_by for row in rows] == ["lena", "", ""]
    with pytest.raises(NotPossible, match="look again"):
        await planning.edit(office.engine, plan, rows[:1])
    await planning.edit(office.engine, plan, rows[1:2])
    said = await messages(office.kafka, CHOICES, office.tenant)
    assert [type(one.data) for one in said] == [PlanRowApplied]
    rest = await planning.apply(office.host, plan, by="nils")
    assert (rest.plan.state, rest.sent, rest.left) == ("applied", (2,), 0)
    last = (await messages(office.kafka, CHOICES, office.tenant))[-1].data
    assert (type(last), last.rows, last.applied_by) == (PlanApplied, 2, "nils")


async def test_a_dropped_plan_is_over(office: PlanningDriver) -> None:
    """It is neither changed nor applied any more, and an applied one cannot be dropped."""
    plan, other = await office.make(), await office.make()
    await planning.drop(office.engine, plan)
    assert (await planning.find(office.engine, str(plan.plan_id))).state == "dropped"
    rows = [row async for row in planning.rows(office.engine, plan)]
    with pytest.raises(NotPossible, match="is dropped: make a new one"):
        await planning.edit(office.engine, plan, rows)
    with pytest.raises(NotPossible, match="is dropped: make a new one"):
        await planning.apply(office.host, plan, by="lena")
    assert await messages(office.kafka, CHOICES, office.tenant) == []
    await planning.apply(office.host, other, by="lena")
    with pytest.raises(NotPossible, match="is applied: make a new one"):
        await planning.drop(office.engine, other)


async def test_a_plan_of_which_something_is_still_to_be_sent_is_not_dropped(office: PlanningDriver) -> None:
    """Whoever applied it was ended before Kafka had the fact: dropped, nobody would ever send it."""
    plan = await office.make()
    await office.choose(plan, "conflict", "prefer_hr")
    await planning.apply(office.host, plan, by="lena", only=[1])
    async with office.engine.begin() as connection:
        await connection.execute(text("update plan_rows set fact_id = null where plan_id = :p"), {"p": plan.plan_id})
    with pytest.raises(NotPossible, match="still to be sent"):
        await planning.drop(office.engine, plan)
    again = await planning.apply(office.host, plan, by="nils", only=())
    assert again.sent == (1,)
    await planning.drop(office.engine, plan)


async def test_a_plan_that_is_dropped_while_the_last_of_it_is_applied_is_applied(office: PlanningDriver) -> None:
    """Every row is told, and that it is applied is about to be: the company goes live, and its plan says so."""
    plan = await office.make()

    async def accept(tenant: str, system: str, facts: Sequence[Fact]) -> tuple[str, ...]:
        if any(isinstance(fact, PlanApplied) for fact in facts):
            await planning.drop(office.engine, plan)
        return await office.host.accept(tenant, system, facts)

    applied = await planning.apply(replace(office.host, accept=accept), plan, by="lena")
    kept = await planning.find(office.engine, str(plan.plan_id))
    assert (applied.plan.state, kept) == ("applied", applied.plan)
    assert await planning.last_applied(office.engine, office.tenant, FLOW.name) == kept


@pytest.mark.parametrize("only", [(), None])
async def test_what_was_applied_and_is_not_told_goes_on_under_other_settings_too(
    office: PlanningDriver, only: tuple[int, ...] | None
) -> None:
    """Somebody has decided it. Otherwise it could be neither sent nor thrown away; the rest is not applied any more."""
    plan = await office.make()
    await office.choose(plan, "conflict", "prefer_hr")
    await planning.apply(office.host, plan, by="lena", only=[1])
    async with office.engine.begin() as connection:
        await connection.execute(text("update plan_rows set fact_id = null where plan_id = :p"), {"p": plan.plan_id})
    new = TenantSettings(employees=EmployeesSettings(system="alexishr", source_of_truth="fortnox"))
    said = SettingsApplied(tenant=office.tenant, version=4, applied_by="lena", settings=new)
    await office.decider.decide([record(office.tenant, said)])
    with pytest.raises(NotPossible, match="made under settings version 3"):
        await planning.apply(office.host, plan, by="nils", only=[2])
    again = await planning.apply(office.host, plan, by="nils", only=only)
    assert (again.sent, again.left) == ((1,), 1)
    with pytest.raises(NotPossible, match="made under settings version 3"):
        await planning.apply(office.host, plan, by="nils")
    await planning.drop(office.engine, plan)


async def test_under_other_settings_a_plan_is_neither_changed_nor_applied(office: PlanningDriver) -> None:
    """What it shows would not be what is done."""
    plan = await office.make()
    rows = [row async for row in planning.rows(office.engine, plan)]
    new = TenantSettings(employees=EmployeesSettings(system="alexishr", source_of_truth="fortnox"))
    said = SettingsApplied(tenant=office.tenant, version=4, applied_by="lena", settings=new)
    await office.decider.decide([record(office.tenant, said)])
    for doing in (planning.edit(office.engine, plan, rows), planning.apply(office.host, plan, by="lena")):
        with pytest.raises(NotPossible, match="made under settings version 3, and 4 is in force now: make a new one"):
            await doing
    assert await messages(office.kafka, CHOICES, office.tenant) == []


async def test_a_changed_row_is_kept_with_what_it_does_now(office: PlanningDriver) -> None:
    """As a decision of it says, on what the flow remembers; one that another row has taken in is gone."""
    await office.hr("eva", email="eva@firma.se")
    plan = await office.make()
    changed = await office.choose(plan, "conflict", "prefer_fortnox")
    assert {d.field: d.prefer for d in changed.fields} == {"city": "fortnox", "employment_id": "fortnox"}
    rows = {(row.name, row.state): row async for row in planning.rows(office.engine, plan)}
    assert rows["anna Ek", "conflict"] == changed
    mine, other = rows["eva Ek", "hr_only"], rows["eva Ek", "fortnox_only"]
    both = plan_words.changed(plan_words.joined(mine, other), "prefer_hr", ())
    [joined] = await planning.edit(office.engine, plan, [both], gone=[other.row])
    assert {d.field: d.prefer for d in joined.fields} == {"email": "hr", "employment_id": "neither"}
    assert [row.row async for row in planning.rows(office.engine, plan)] == [1, 2, 3]
    await planning.apply(office.host, plan, by="lena")
    await office.decide_what_was_applied()
    assert (await office.statuses(plan))["eva"] == ("waiting", 1)


async def test_what_became_of_each_row_is_told(office: PlanningDriver) -> None:
    """First it waits to be decided, then for its order, then it is done; a second decision changes nothing."""
    plan = await office.make()
    await office.choose(plan, "conflict", "prefer_hr")
    applied = (await planning.apply(office.host, plan, by="lena")).plan
    assert await office.statuses(applied) == {"anna": ("waiting", 0), "bo": ("waiting", 0)}
    await office.decide_what_was_applied()
    assert await office.statuses(applied) == {"anna": ("waiting", 1), "bo": ("waiting", 1)}
    await office.outcome("delivered")
    await planning.apply(office.host, plan, by="lena")
    await office.decide_what_was_applied()
    assert await office.statuses(applied) == {"anna": ("done", 1), "bo": ("done", 1)}


async def test_what_is_decided_waits_until_its_orders_have_arrived(office: PlanningDriver) -> None:
    """Between the flow and the journal or the desk a row is neither done nor refused: nobody is told too early."""
    plan = await office.make()
    await office.choose(plan, "conflict", "prefer_hr")
    await office.hr("anna", at=1, city="Umeå")
    applied = (await planning.apply(office.host, plan, by="lena")).plan
    await office.decider.decide(await records(office.kafka, CHOICES, office.tenant))
    assert await office.statuses(applied) == {"anna": ("waiting", 0), "bo": ("waiting", 0)}
    await office.take_orders()
    assert await office.statuses(applied) == {"anna": ("refused", 0), "bo": ("waiting", 1)}


async def test_a_row_that_moved_is_refused_and_stays_so(office: PlanningDriver) -> None:
    """It names the field, the others are done, and the report says so although the hold was closed since."""
    plan = await office.make()
    await office.choose(plan, "conflict", "prefer_hr")
    await office.hr("anna", at=1, city="Umeå")
    applied = (await planning.apply(office.host, plan, by="lena")).plan
    await office.decide_what_was_applied()
    await office.outcome("delivered")
    assert await office.statuses(applied) == {"anna": ("refused", 0), "bo": ("done", 1)}
    [refused] = [one for one in await planning.became(office.engine, applied) if one.status == "refused"]
    assert "HR's city" in refused.why
    await office.hr("anna", at=2, city="Lund")
    assert (await office.statuses(applied))["anna"] == ("refused", 0)


async def test_a_row_that_fails_a_check_is_held(office: PlanningDriver) -> None:
    """A person let somebody without an address be created: it waits under its name."""
    await office.hr("dan", email="")
    plan = await office.make()
    await office.choose(plan, "invalid", "create_in_fortnox")
    applied = (await planning.apply(office.host, plan, by="lena")).plan
    await office.decide_what_was_applied()
    await office.outcome("delivered")
    assert await office.statuses(applied) == {"dan": ("held", 0), "bo": ("done", 1)}
    [held] = [one for one in await planning.became(office.engine, applied) if one.status == "held"]
    assert "e-mail address is missing" in held.why


async def test_facts_are_undecided_until_a_flow_has_decided_them(office: PlanningDriver) -> None:
    """What a refresh told is waited for by its ids."""
    assert office.host.accept is not None
    fact = EmployeeSeen(employee_id="9", seen_at=AT, fields=EmployeeFields(employment_id="9"))
    ids = await office.host.accept(office.tenant, "fortnox", [fact])
    assert await planning.undecided(office.engine, office.tenant, ids) == 1
    await office.decider.decide(await records(office.kafka, EmployeeSeen.TOPIC, office.tenant))
    assert await planning.undecided(office.engine, office.tenant, ids) == 0


async def test_more_rows_than_a_page_are_all_there(office: PlanningDriver) -> None:
    """Two pages of rows are written, read and counted."""
    people = [
        EmployeeChanged(
            system="alexishr",
            person_id=f"p{number}",
            changed_at=AT,
            fields=EmployeeFields(email=f"p{number}@example.se", given_name="P", family_name=str(number)),
        )
        for number in range(600)
    ]
    await office.decider.decide([record(office.tenant, person) for person in people])
    plan = await office.make()
    assert [row.row async for row in planning.rows(office.engine, plan)] == list(range(1, 604))
    assert (await planning.counts(office.engine, plan))["hr_only", "create_in_fortnox"] == 601
