"""Plans in the database: made from a flow's states, looked at, changed row by row, and applied as facts."""

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final
from uuid import uuid4

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from infra import clock
from infra.plugin import Flow, Host
from infra.store import lines
from schemas.events import PlanApplied, PlanRowApplied
from schemas.plans import CHOSEN, Plan, PlanRow
from schemas.settings import TenantSettings

_PAGE: Final = 500
_STATES = text("select key, state::text from flow_state where flow = :flow and tenant = :tenant")
_SETTINGS = text("select version, body from settings where tenant = :tenant")
_READ = text("select system, kind, whole_at from readings where tenant = :tenant and kind = 'employee'")
_PUT_PLAN = text(
    """insert into plans (plan_id, tenant, flow, state, body, made_at)
       values (:plan_id, :tenant, :flow, :state, cast(:body as jsonb), :made_at)
       on conflict (plan_id) do update set state = excluded.state, body = excluded.body where plans.state = 'made'"""
)
_PUT_ROWS = text(
    f"""insert into plan_rows (plan_id, "row", state, action, body)
       select :plan_id, r, s, a, cast(b as jsonb)
       from unnest(cast(:rows as int[]), cast(:states as text[]), cast(:actions as text[]), {lines(":bodies")})
            as x(r, s, a, b)
       on conflict (plan_id, "row") do update set action = excluded.action, body = excluded.body"""  # noqa: S608 - no values in it
)
_PLAN = text("select body::text from plans where cast(plan_id as text) like :begins order by made_at desc limit 2")
_AS_KEPT = text("select body::text from plans where plan_id = :plan_id")
_PLANS = text("select body::text from plans where tenant = :tenant order by made_at desc limit 50")
_ROWS = text(
    """select body::text from plan_rows where plan_id = :plan_id and "row" > :after
       and (:state = '' or state = :state) and (:action = '' or action = :action)
       and (:row = 0 or "row" = :row) order by "row" limit :page"""
)
_COUNTS = text("select state, action, count(*) from plan_rows where plan_id = :plan_id group by 1, 2 order by 1, 2")
_SENT = text(
    """update plan_rows p set fact_id = x.f from unnest(cast(:rows as int[]), cast(:facts as text[])) as x(r, f)
       where p.plan_id = :plan_id and p."row" = x.r"""
)
# What became of each row: the orders that its fact caused, and what is held for its key since. A fact is decided before
# its orders arrive in the journal and at the desk; where only a hold was closed, orders may still be a moment behind.
_BECAME = text(
    """select p."row", p.body::text,
              exists (select from decided d where d.tenant = :tenant and d.fact_id = p.fact_id
                  and (d.rules = '' or exists (select from journal j where j.tenant = :tenant and j.fact_id = p.fact_id)
                       or exists (select from held x where x.tenant = :tenant
                           and x.key = coalesce(p.body ->> 'person', 'fortnox/employee/' || (p.body ->> 'employee_id'))
                           and (x.body ->> 'causationid' = p.fact_id
                                or x.closed_at between :applied_at and clock_timestamp() - interval '1 second')))
                  ) as decided,
              (select count(*) from journal j where j.tenant = :tenant and j.fact_id = p.fact_id) as orders,
              (select count(*) from journal j where j.tenant = :tenant and j.fact_id = p.fact_id
                  and j.state in ('queued', 'sending', 'unknown')) as open,
              h.body -> 'data' ->> 'reason' as reason, h.body -> 'data' ->> 'message' as message,
              r.body -> 'data' ->> 'message' as refused
       from plan_rows p
       left join lateral (select body from held where tenant = :tenant and body ->> 'causationid' = p.fact_id
           and body -> 'data' ->> 'reason' = 'moved_since_the_plan' limit 1) r on true
       left join lateral (select body from held where tenant = :tenant and closed_at is null and key = coalesce(
           p.body ->> 'person', 'fortnox/employee/' || (p.body ->> 'employee_id')) order by held_at desc limit 1) h
           on true
       where p.plan_id = :plan_id and p.fact_id is not null order by p."row" """
)


_UNDECIDED = text(
    """select count(*) from unnest(cast(:facts as text[])) as x(f)
       where not exists (select from decided d where d.tenant = :tenant and d.fact_id = x.f)"""
)


class NoPlan(LookupError):
    """There is no such plan, or more than one that begins like this."""


@dataclass(frozen=True, slots=True)
class Which:
    """Which rows of a plan are meant; what is left out means any."""

    state: str = ""
    action: str = ""
    row: int = 0


@dataclass(frozen=True, slots=True)
class Became:
    """What became of one applied row: ``done``, ``refused`` (it had moved), ``held``, or ``waiting``."""

    row: PlanRow
    status: str
    orders: int
    why: str = ""


async def undecided(engine: AsyncEngine, tenant: str, facts: Sequence[str]) -> int:
    """Return how many of these facts no flow has decided yet."""
    async with engine.connect() as connection:
        return await connection.scalar(_UNDECIDED, {"tenant": tenant, "facts": list(facts)}) or 0


async def settings_of(engine: AsyncEngine, tenant: str) -> tuple[TenantSettings, int]:
    """Return the settings that decisions are made with, and their version."""
    async with engine.connect() as connection:
        found = (await connection.execute(_SETTINGS, {"tenant": tenant})).one_or_none()
    return (TenantSettings.model_validate(found.body, strict=False), found.version) if found else (TenantSettings(), 0)


async def make(engine: AsyncEngine, flow: Flow, tenant: str, today: date) -> tuple[Plan, tuple[PlanRow, ...]]:
    """Compute a plan from all that a flow remembers of a company, and keep it. Nothing else happens."""
    if flow.plan is None:
        raise TypeError(f"the flow {flow.name} makes no plans")
    settings, version = await settings_of(engine, tenant)
    async with engine.connect() as connection:
        read = {row.system: row.whole_at for row in await connection.execute(_READ, {"tenant": tenant})}
        stream = await connection.stream(_STATES, {"flow": flow.name, "tenant": tenant})
        states = [
            (key, flow.state.model_validate_json(state))
            async for page in stream.partitions(_PAGE)
            for key, state in page
            if flow.in_plan(key)
        ]
    rows = flow.plan(states, settings, today)
    hr = [at for system, at in read.items() if system != "fortnox"]
    plan = Plan(
        plan_id=uuid4(),
        tenant=tenant,
        flow=flow.name,
        settings_version=version,
        made_at=clock.now(),
        hr_read_at=max(filter(None, hr), default=None),
        fortnox_read_at=read.get("fortnox"),
    )
    async with engine.begin() as connection:
        await connection.execute(_PUT_PLAN, _plan_values(plan))
        for page in _pages(rows):
            await connection.execute(_PUT_ROWS, {"plan_id": plan.plan_id, **_row_values(page)})
    return plan, rows


def _plan_values(plan: Plan) -> dict[str, Any]:
    return {
        "plan_id": plan.plan_id,
        "tenant": plan.tenant,
        "flow": plan.flow,
        "state": plan.state,
        "body": plan.model_dump_json(),
        "made_at": plan.made_at,
    }


def _row_values(rows: Sequence[PlanRow]) -> dict[str, Any]:
    return {
        "rows": [row.row for row in rows],
        "states": [row.state for row in rows],
        "actions": [row.action for row in rows],
        "bodies": "\n".join(row.model_dump_json() for row in rows),
    }


def _pages(rows: Sequence[PlanRow]) -> Iterable[Sequence[PlanRow]]:
    return (rows[at : at + _PAGE] for at in range(0, len(rows), _PAGE))


async def find(engine: AsyncEngine, begins: str) -> Plan:
    """Return the plan whose id begins like this. Raises NoPlan."""
    async with engine.connect() as connection:
        found = list(await connection.scalars(_PLAN, {"begins": f"{begins.replace('%', '').replace('_', '')}%"}))
    if len(found) != 1:
        raise NoPlan(
            f"{'no plan' if not found else 'more than one plan'} begins with {begins}: bokbuss plan list TENANT"
        )
    return Plan.model_validate_json(found[0])


async def plans(engine: AsyncEngine, tenant: str) -> list[Plan]:
    """Return a company's plans, the newest first."""
    async with engine.connect() as connection:
        return [Plan.model_validate_json(body) for body in await connection.scalars(_PLANS, {"tenant": tenant})]


async def rows(engine: AsyncEngine, plan: Plan, which: Which = Which()) -> AsyncIterator[PlanRow]:
    """Yield a plan's rows, a page at a time."""
    after, more = 0, True
    while more:
        values = {"plan_id": plan.plan_id, "after": after, "page": _PAGE}
        chosen = {"state": which.state, "action": which.action, "row": which.row}
        async with engine.connect() as connection:
            bodies = list(await connection.scalars(_ROWS, {**values, **chosen}))
        for body in bodies:
            row = PlanRow.model_validate_json(body)
            after = row.row
            yield row
        more = len(bodies) == _PAGE


async def counts(engine: AsyncEngine, plan: Plan) -> Mapping[tuple[str, str], int]:
    """Return how many rows there are of each state and action."""
    async with engine.connect() as connection:
        found = await connection.execute(_COUNTS, {"plan_id": plan.plan_id})
        return {(state, action): number for state, action, number in found}


async def edit(engine: AsyncEngine, plan: Plan, changed: Sequence[PlanRow]) -> None:
    """Keep changed rows of a plan that is not applied yet."""
    async with engine.begin() as connection:
        for page in _pages(changed):
            await connection.execute(_PUT_ROWS, {"plan_id": plan.plan_id, **_row_values(page)})


async def apply(host: Host, plan: Plan, *, by: str) -> tuple[Plan, int]:
    """Publish every row as a fact and then that the plan is applied; return the plan and the number of rows.

    Ended half-way and called again, it publishes the same facts with the same ids: each row is carried out once.
    """
    if host.accept is None:
        raise TypeError("a host without a broker publishes nothing")
    begun = plan.model_copy(update={"state": "applied", "applied_by": by, "applied_at": clock.now()})
    async with host.engine.begin() as connection:
        await connection.execute(_PUT_PLAN, _plan_values(begun))
        kept = await connection.scalar(_AS_KEPT, {"plan_id": plan.plan_id})  # who was first says by whom, and when
    begun = Plan.model_validate_json(kept or begun.model_dump_json())
    number, page = 0, []
    async for row in rows(host.engine, plan):
        if _says_something(row):
            page.append(row)
        if len(page) == _PAGE:
            number += await _publish(host, begun, page)
            page = []
    number += await _publish(host, begun, page)
    done = PlanApplied(
        plan_id=plan.plan_id, flow=plan.flow, rows=number, applied_by=begun.applied_by, applied_at=_at(begun)
    )
    await host.accept(plan.tenant, "desk", [done])
    return begun, number


def _at(plan: Plan) -> datetime:
    return plan.applied_at or plan.made_at


def _says_something(row: PlanRow) -> bool:
    """Tell whether a row asks for anything: what only a rule leaves alone stays open for what comes."""
    return row.action != "do_nothing" or row.rule == CHOSEN


async def _publish(host: Host, plan: Plan, page: Sequence[PlanRow]) -> int:
    if not page or host.accept is None:
        return 0
    facts = [
        PlanRowApplied(
            plan_id=plan.plan_id,
            row=row.row,
            person=row.person,
            employee_id=row.employee_id,
            action=row.action,
            choices=row.choices,
            in_hr=row.in_hr,
            in_fortnox=row.in_fortnox,
            origin=row.origin,
            applied_by=plan.applied_by,
            applied_at=_at(plan),
        )
        for row in page
    ]
    fact_ids = await host.accept(plan.tenant, "desk", facts)
    async with host.engine.begin() as connection:
        await connection.execute(
            _SENT, {"plan_id": plan.plan_id, "rows": [row.row for row in page], "facts": list(fact_ids)}
        )
    return len(page)


async def became(engine: AsyncEngine, plan: Plan) -> list[Became]:
    """Return what became of each row that was applied, as far as is known now."""
    async with engine.connect() as connection:
        values = {"plan_id": plan.plan_id, "tenant": plan.tenant, "applied_at": _at(plan)}
        found = (await connection.execute(_BECAME, values)).all()
    return [_became(PlanRow.model_validate_json(r.body), r) for r in found]


def _became(row: PlanRow, found: Any) -> Became:
    if not found.decided or found.open:
        return Became(row, "waiting", found.orders)
    if found.refused:
        return Became(row, "refused", found.orders, found.refused)
    if found.reason and row.action != "do_nothing":
        return Became(row, "held", found.orders, found.message)
    return Became(row, "done", found.orders)
