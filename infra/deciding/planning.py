"""Plans in the database: made from a flow's states, looked at, changed row by row, and applied as facts."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final, Literal
from uuid import uuid4

from infra import clock, registry, store, tenants
from infra.access import people
from infra.deciding import plan_pages, plan_rows, remembering
from infra.plugin import Flow, Host, Terms
from infra.postgres import DatabaseConnection, Engine, text
from infra.store import lines
from schemas.events import PlanApplied
from schemas.marks import MARKS
from schemas.plans import CHOSEN, UNLINKED, Plan, Row, RowOutcome
from schemas.settings import TenantSettings
from schemas.words import Wording

_PAGE: Final = 500
_READ = text("select system, kind, whole_at from readings where tenant = :tenant and kind = 'employee'")
_PUT_PLAN = text(
    """insert into plans (plan_id, tenant, flow, state, body, made_at)
       values (:plan_id, :tenant, :flow, :state, cast(:body as jsonb), :made_at)
       on conflict (plan_id) do update set state = excluded.state, body = excluded.body
       where plans.state <> 'applied'"""
)
"""One that somebody drops while the last of it is applied has nothing left to drop: it is applied, as flows hear."""
_NEW_ROWS = f"""unnest(cast(:rows as int[]), cast(:states as text[]), cast(:actions as text[]), {lines(":bodies")})
       as x(r, s, a, b)"""
_PUT_ROWS = text(
    f"""insert into plan_rows (plan_id, "row", state, action, body)
       select :plan_id, r, s, a, cast(b as jsonb) from {_NEW_ROWS}"""  # noqa: S608 - no values in it
)
_CHANGE_ROWS = text(
    f"""update plan_rows p set state = s, action = a, body = cast(b as jsonb) from {_NEW_ROWS}
       where p.plan_id = :plan_id and p."row" = x.r and p.body ->> 'applied_at' is null and
           case when :joins then p.body ->> 'person' is null or p.body ->> 'employee_id' is null
                else p.body ->> 'person' is not distinct from cast(b as jsonb) ->> 'person'
                     and p.body ->> 'employee_id' is not distinct from cast(b as jsonb) ->> 'employee_id' end"""  # noqa: S608 - no values in it
)
"""A row is written as somebody read it: if another has joined it since, what it says is of yesterday's row."""
_FORGET_ROWS = text(
    """delete from plan_rows
       where plan_id = :plan_id and "row" = any(cast(:rows as int[])) and body ->> 'applied_at' is null"""
)
_LOCK = text("select state from plans where plan_id = :plan_id for update")
_DROP = text(
    """update plans set state = 'dropped', body = jsonb_set(body, '{state}', '"dropped"')
       where plan_id = :plan_id and state = 'made'"""
)
_OPEN = "body ->> 'applied_at' is null and (action <> 'do_nothing' or body ->> 'rule' = :chosen)"
_APPLY_ROWS = text(
    f"""update plan_rows
       set body = body || jsonb_build_object('applied_by', cast(:by as text), 'applied_at', cast(:at as text))
       where plan_id = :plan_id and (cast(:rows as int[]) is null or "row" = any(cast(:rows as int[]))) and {_OPEN}"""  # noqa: S608 - no values in it
)
_TO_APPLY = text(
    f"""select body::text from plan_rows
       where plan_id = :plan_id and (cast(:rows as int[]) is null or "row" = any(cast(:rows as int[]))) and {_OPEN}"""  # noqa: S608 - no values in it
)
_LEFT = text(f"select count(*) from plan_rows where plan_id = :plan_id and {_OPEN}")  # noqa: S608 - no values in it
_UNTOLD = text(
    """select count(*) from plan_rows
       where plan_id = :plan_id and fact_id is null and body ->> 'applied_at' is not null"""
)
_NUMBER = text("select count(*) from plan_rows where plan_id = :plan_id and fact_id is not null")
_UNSENT = text(
    """select body::text from plan_rows where plan_id = :plan_id and fact_id is null
       and body ->> 'applied_at' is not null order by "row" limit :page"""
)
_LAST_APPLIED = text(
    """select body::text from plans where tenant = :tenant and flow = :flow and state = 'applied'
       order by cast(body ->> 'applied_at' as timestamptz) desc nulls last limit 1"""
)
_LAST_MADE = text(
    """select body::text from plans where tenant = :tenant and flow = :flow and state = 'made'
       order by made_at desc limit 1"""
)
_PLAN = text("select body::text from plans where cast(plan_id as text) like :begins order by made_at desc limit 2")
_AS_KEPT = text("select body::text from plans where plan_id = :plan_id")
_PLANS = text(
    """select body::text from plans where tenant = :tenant and (:flow = '' or flow = :flow)
       order by made_at desc limit 50"""
)
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
                           and x.key = coalesce(p.body ->> 'about', p.body ->> 'person',
                                                :unlinked || (p.body ->> 'employee_id'))
                           and (x.body ->> 'causationid' = p.fact_id
                                or x.closed_at between :applied_at and clock_timestamp() - interval '1 second')))
                  ) as decided,
              (select count(*) from journal j where j.tenant = :tenant and j.fact_id = p.fact_id) as orders,
              (select count(*) from journal j where j.tenant = :tenant and j.fact_id = p.fact_id
                  and j.state in ('queued', 'sending', 'unknown')) as open,
              exists (select from journal j where j.tenant = :tenant and j.fact_id = p.fact_id and j.state = 'rejected'
                  and not exists (select from journal n where n.tenant = :tenant and n.replaces = j.order_id)
                  and not exists (select from held x where x.tenant = :tenant and x.held_at >= j.finished_at
                      and x.key = coalesce(p.body ->> 'about', p.body ->> 'person',
                                           :unlinked || (p.body ->> 'employee_id')))) as unheard,
              (select string_agg(coalesce(nullif(j.outcome ->> 'record', ''),
                  j.outcome -> 'voucher' ->> 'series' || ' ' || (j.outcome -> 'voucher' ->> 'number')), ', '
                  order by j.outcome ->> 'record', j.seq) from journal j
                  where j.tenant = :tenant and j.fact_id = p.fact_id and j.state = 'delivered') as record,
              (select j.body -> 'data' ->> 'purpose' from journal j
                  where j.tenant = :tenant and j.fact_id = p.fact_id order by j.seq desc limit 1) as last_purpose,
              h.body -> 'data' ->> 'reason' as reason, h.body -> 'data' ->> 'message' as message,
              r.body -> 'data' ->> 'message' as refused,
              coalesce(r.body, h.body) -> 'data' -> 'wording' as wording
       from plan_rows p
       left join lateral (select body from held where tenant = :tenant and body ->> 'causationid' = p.fact_id
           and body -> 'data' ->> 'reason' = 'moved_since_the_plan' limit 1) r on true
       left join lateral (select body from held where tenant = :tenant and closed_at is null and key = coalesce(
           p.body ->> 'about', p.body ->> 'person', :unlinked || (p.body ->> 'employee_id'))
           order by held_at desc limit 1) h on true
       where p.plan_id = :plan_id and p.fact_id is not null order by p."row" """
)
_BOOKED_ANEW: Final = frozenset({"rebook", "correct"})
"""Actions of rows whose voucher is reversed first."""
_UNDECIDED = text(
    """select count(*) from unnest(cast(:facts as text[])) as x(f)
       where not exists (select from decided d where d.tenant = :tenant and d.fact_id = x.f)"""
)
_LINES = text("select count(*) from decided where tenant = :tenant and topic = any(cast(:topics as text[]))")


Look = Callable[[tuple[Any, ...]], Awaitable[tuple[Any, ...]]]
"""Adds to rows what they would meet."""


class NoPlan(LookupError):
    """There is no such plan, or more than one that begins like this."""


class NotPossible(ValueError):
    """A plan cannot be changed or applied like this (any more); the text says why and what to do.

    ``reason``: the plan is ``over``, other ``settings`` are in force, a row has ``moved``, it is not what was
    ``shown``, or this person ``may_not``.
    """

    def __init__(self, text: str, reason: Literal["over", "settings", "moved", "shown", "may_not"]) -> None:
        self.reason = reason
        super().__init__(text)


@dataclass(frozen=True, slots=True)
class Applied:
    """A plan after rows of it were sent: which ones just now, and how many that say something are left."""

    plan: Plan
    sent: tuple[int, ...]
    left: int


@dataclass(frozen=True, slots=True)
class Which:
    """Which rows of a plan are meant; what is left out means any."""

    state: str = ""
    action: str = ""
    row: int = 0


async def undecided(engine: Engine, tenant: str, facts: Sequence[str]) -> int:
    """Return how many of these facts no flow has decided yet."""
    return await store.scalar(engine, _UNDECIDED, {"tenant": tenant, "facts": list(facts)}) or 0


async def decided_lines(engine: Engine, tenant: str) -> int:
    """Return how many records of a company are decided on the topics that plans rest on."""
    topics = [mark.TOPIC for mark in MARKS]
    return await store.scalar(engine, _LINES, {"tenant": tenant, "topics": topics}) or 0


async def propose(engine: Engine, flow: Flow, tenant: str, today: date) -> tuple[tuple[Any, ...], TenantSettings, int]:
    """Compute a plan's rows from all that a flow remembers of a company; with the settings, and their version."""
    if flow.plan is None:
        raise TypeError(f"the flow {flow.name} makes no plans")
    settings, version = await tenants.settings_in_force(engine, tenant)
    pages = remembering.pages(engine, flow, tenant, flow.in_plan)
    states = [one async for page in pages for one in page.items()]
    return flow.plan(states, settings, today), settings, version


async def make(
    engine: Engine, flow: Flow, tenant: str, today: date, *, by: str = "", look: Look | None = None
) -> tuple[Plan, tuple[Any, ...]]:
    """Compute a plan, and keep it. Nothing else happens.

    Args:
        by: who makes it.
        look: adds to its rows what they would meet where they are carried out.
    """
    rows, settings, version = await propose(engine, flow, tenant, today)
    rows = await look(rows) if look else rows
    return await keep(engine, flow, tenant, rows, (settings, version), by=by), rows


async def keep(
    engine: Engine,
    flow: Flow,
    tenant: str,
    rows: Sequence[Any],
    made_under: tuple[TenantSettings, int],
    *,
    by: str = "",
    days: tuple[date, date] | None = None,
) -> Plan:
    """Keep rows as a plan.

    Args:
        made_under: the settings, and their version.
        days: the first and the last that it is about; None: it is about none.
    """
    settings, version = made_under
    read = {row.system: row.whole_at for row in await store.rows(engine, _READ, {"tenant": tenant})}
    told_by, kept_in = flow.about(settings) or ("", "")
    plan = Plan(
        plan_id=uuid4(),
        tenant=tenant,
        flow=flow.name,
        settings_version=version,
        made_at=clock.now(),
        made_by=by,
        hr_read_at=read.get(told_by),
        fortnox_read_at=read.get(kept_in),
        first_day=days[0] if days else None,
        last_day=days[1] if days else None,
    )
    async with engine.begin() as connection:
        await connection.execute(_PUT_PLAN, _plan_values(plan))
        for page in _pages(rows):
            await connection.execute(_PUT_ROWS, await _row_values(connection, plan, page))
    return plan


def _plan_values(plan: Plan) -> dict[str, Any]:
    return {
        "plan_id": plan.plan_id,
        "tenant": plan.tenant,
        "flow": plan.flow,
        "state": plan.state,
        "body": plan.model_dump_json(),
        "made_at": plan.made_at,
    }


async def _row_values(connection: DatabaseConnection, plan: Plan, rows: Sequence[Row]) -> dict[str, Any]:
    sealed = await people.seal(connection, [((plan.tenant, row.key), row) for row in rows])
    return {
        "plan_id": plan.plan_id,
        "rows": [row.row for row in rows],
        "states": [row.state for row in rows],
        "actions": [row.action for row in rows],
        "bodies": "\n".join(row.model_dump_json() for row in sealed),
    }


def _pages(rows: Sequence[Any]) -> Iterable[Sequence[Any]]:
    return (rows[at : at + _PAGE] for at in range(0, len(rows), _PAGE))


async def find(engine: Engine, begins: str) -> Plan:
    """Return the plan whose id begins like this; nothing means none, also where there is only one. Raises NoPlan."""
    plain = begins.replace("%", "").replace("_", "")
    found = await store.scalars(engine, _PLAN, {"begins": f"{plain}%"}) if plain else ()
    if len(found) != 1:
        raise NoPlan(
            f"{'no plan' if not found else 'more than one plan'} begins with {begins!r}: bokbuss plan list TENANT"
        )
    return Plan.model_validate_json(found[0])


async def plans(engine: Engine, tenant: str, flow: str = "") -> list[Plan]:
    """Return a company's last plans, or those of one flow, the newest first: fifty at most."""
    return [
        Plan.model_validate_json(body) for body in await store.scalars(engine, _PLANS, {"tenant": tenant, "flow": flow})
    ]


async def open_plan(engine: Engine, tenant: str, flow: Flow) -> tuple[Plan | None, Plan | None]:
    """Return a company's newest plan of a flow that was neither applied nor dropped, and its last applied one.

    A plan that is older than one that was applied as a whole shows what was: it counts as over.
    """
    last = await last_applied(engine, tenant, flow.name)
    made = await store.scalar(engine, _LAST_MADE, {"tenant": tenant, "flow": flow.name})
    newest = Plan.model_validate_json(made) if made else None
    return (newest if newest and (last is None or newest.made_at > _at(last)) else None), last


async def last_applied(engine: Engine, tenant: str, flow: str) -> Plan | None:
    """Return a company's plan of a flow that was applied last, however many were made since; None: none was yet."""
    found = await store.scalar(engine, _LAST_APPLIED, {"tenant": tenant, "flow": flow})
    return Plan.model_validate_json(found) if found else None


async def rows(engine: Engine, plan: Plan, which: Which = Which()) -> AsyncIterator[Any]:
    """Yield a plan's rows, a page at a time; each is what its flow says that a row is."""
    after, more, kind = 0, True, registry.flow(plan.flow).row
    while more:
        values = {"plan_id": plan.plan_id, "after": after, "page": _PAGE}
        chosen = {"state": which.state, "action": which.action, "row": which.row}
        async with engine.connect() as connection:
            bodies = list(await connection.scalars(_ROWS, {**values, **chosen}))
            found = await people.models(connection, kind, bodies)
        for row in found:
            after = row.row
            yield row
        more = len(bodies) == _PAGE


async def counts(engine: Engine, plan: Plan) -> Mapping[tuple[str, str], int]:
    """Return how many rows there are of each state and action."""
    found = await store.rows(engine, _COUNTS, {"plan_id": plan.plan_id})
    return {(state, action): number for state, action, number in found}


async def left(engine: Engine, plan: Plan) -> int:
    """Return how many rows that ask for something are not applied yet."""
    return await store.scalar(engine, _LEFT, {"plan_id": plan.plan_id, "chosen": CHOSEN}) or 0


async def untold(engine: Engine, plan: Plan) -> int:
    """Return how many rows were applied of which no flow was told yet: whoever sent them was ended."""
    return await store.scalar(engine, _UNTOLD, {"plan_id": plan.plan_id}) or 0


async def edit(engine: Engine, plan: Plan, changed: Sequence[Any], gone: Sequence[int] = ()) -> tuple[Any, ...]:
    """Keep changed rows of a plan, each with what it does now; return them.

    Args:
        gone: the numbers of rows that another one has taken in.

    Raises:
        NotPossible: the settings have changed since, or a row is applied, joined with another one or gone by now.
    """
    flow = registry.flow(plan.flow)
    async with engine.begin() as connection:
        terms = await _terms(connection, plan)
        kept = await _change(connection, flow, plan, changed, terms, joins=bool(gone))
        forgotten = await connection.execute(_FORGET_ROWS, {"plan_id": plan.plan_id, "rows": list(gone)})
        if forgotten.rowcount != len(gone):
            raise _moved()
    return tuple(kept)


async def _change(
    connection: DatabaseConnection, flow: Flow, plan: Plan, changed: Sequence[Any], terms: Terms, *, joins: bool = False
) -> list[Any]:
    kept: list[Any] = []
    for page in _pages(changed):
        new = await plan_rows.effects(connection, flow, plan, page, terms)
        values = await _row_values(connection, plan, new)
        if (await connection.execute(_CHANGE_ROWS, values | {"joins": joins})).rowcount != len(new):
            raise _moved()
        kept += new
    return kept


def _moved() -> NotPossible:
    return NotPossible("a row was applied or joined with another one meanwhile: look again (plan show)", "moved")


async def drop(engine: Engine, plan: Plan) -> None:
    """Throw a plan away; what was applied of it stays.

    Raises NotPossible when it is applied as a whole, or gone; or rows were applied and are not told yet: nobody else
    would tell them.
    """
    of_plan = {"plan_id": plan.plan_id}
    async with engine.begin() as connection:
        if (state := await connection.scalar(_LOCK, of_plan) or "gone") != "made":
            raise NotPossible(over(plan, state), "over")
        if number := await connection.scalar(_UNTOLD, of_plan):
            again = f"{number} rows of it were applied and are still to be sent: bokbuss apply {plan.begins} goes on"
            raise NotPossible(again, "moved")
        await connection.execute(_DROP, of_plan)


async def _terms(connection: DatabaseConnection, plan: Plan) -> Terms:
    """Lock a plan that can still be changed; return what it is decided with."""
    state = await connection.scalar(_LOCK, {"plan_id": plan.plan_id})
    if state != "made":
        raise NotPossible(over(plan, state or "gone"), "over")
    settings, version = await tenants.settings_of(connection, plan.tenant)
    if version != plan.settings_version:
        raise NotPossible(
            f"plan {plan.begins} was made under settings version {plan.settings_version}, and {version} is in force "
            f"now: make a new one ({verb(plan)})",
            "settings",
        )
    return Terms(settings, version)


def over(plan: Plan, state: str) -> str:
    """Say that a plan can be neither changed nor applied any more, and what to do."""
    return f"plan {plan.begins} is {state}: make a new one ({verb(plan)})"


def verb(plan: Plan) -> str:
    """Return the command that makes a plan like this one."""
    days = f" --from {plan.first_day} --to {plan.last_day}" if plan.first_day else ""
    return f"bokbuss {registry.flow(plan.flow).planned_as or f'plan {plan.flow}'} {plan.tenant}{days}"


async def apply(
    host: Host,
    plan: Plan,
    *,
    by: str,
    only: Sequence[int] | None = None,
    changed: Sequence[Any] = (),
    shown: str | None = None,
) -> Applied:
    """Publish rows as facts, and once none is left that the plan is applied.

    Ended half-way and called again, it publishes the same facts with the same ids: each row is carried out once, and
    whoever was first has applied it.

    Args:
        only: the numbers of the rows that are meant; None is all that say something. None at all: what was applied
            before and is not told yet.
        changed: rows that get another action first, in the same step.
        shown: a digest of the rows that are meant (``plan_pages.seen``), as this person was shown them.

    Raises:
        NotPossible: it was dropped, the settings have changed since, somebody has changed a row, or may not.
    """
    now = clock.now()
    values = {"plan_id": plan.plan_id, "rows": None if only is None else list(only), "chosen": CHOSEN}
    async with host.engine.begin() as connection:
        state = await connection.scalar(_LOCK, {"plan_id": plan.plan_id})
        if state == "made" and not await _only_goes_on(connection, plan, only, shown):
            terms, flow = await _terms(connection, plan), registry.flow(plan.flow)
            await _is_as_shown(connection, plan, only, shown)
            await _change(connection, flow, plan, changed, terms)
            bodies = list(await connection.scalars(_TO_APPLY, values))
            open_rows = await people.models(connection, flow.row, bodies)
            if objection := flow.objects(plan, open_rows, terms.settings, by):
                raise NotPossible(objection, "may_not")
            await connection.execute(_APPLY_ROWS, {**values, "by": by, "at": now.isoformat()})
        elif state not in {"made", "applied"}:
            raise NotPossible(over(plan, state or "gone"), "over")
    sent: list[int] = []
    while page := await _unsent(host.engine, plan):
        await _publish(host, plan, page)
        sent += [row.row for row in page]
    begun = plan.model_copy(update={"state": "applied", "applied_by": by, "applied_at": now})
    async with host.engine.begin() as connection:
        if more := await connection.scalar(_LEFT, values) or 0:
            return Applied(plan, tuple(sent), more)
        number = await connection.scalar(_NUMBER, {"plan_id": plan.plan_id}) or 0
        begun = await _as_kept(connection, begun)
    # Told before it counts as applied: what no flow was told of would be taken for live, and nobody would tell it.
    done = PlanApplied(
        plan_id=plan.plan_id, flow=plan.flow, rows=number, applied_by=begun.applied_by, applied_at=_at(begun)
    )
    await host.accept(plan.tenant, "desk", [done])
    async with host.engine.begin() as connection:
        await connection.execute(_PUT_PLAN, _plan_values(begun))
        return Applied(await _as_kept(connection, begun), tuple(sent), 0)


async def _only_goes_on(
    connection: DatabaseConnection, plan: Plan, only: Sequence[int] | None, shown: str | None
) -> bool:
    """Tell whether nothing more is applied, and what was before is told: somebody has decided it, whatever is set now.

    So it is where no row is meant; and where the settings have changed since, so that no other can be, and some are
    still to be told.
    """
    if only is not None or shown is not None:
        return not only and shown is None
    _, version = await tenants.settings_of(connection, plan.tenant)
    return version != plan.settings_version and bool(await connection.scalar(_UNTOLD, {"plan_id": plan.plan_id}))


async def _as_kept(connection: DatabaseConnection, begun: Plan) -> Plan:
    """Return an applied plan as whoever was first has applied it: by whom, and when."""
    kept = await connection.scalar(_AS_KEPT, {"plan_id": begun.plan_id})
    found = Plan.model_validate_json(kept) if kept else begun
    return found if found.state == "applied" else begun


async def _is_as_shown(
    connection: DatabaseConnection, plan: Plan, only: Sequence[int] | None, shown: str | None
) -> None:
    meant = plan_pages.Meant(rows=None if only is None else tuple(only))
    if shown is not None and await plan_pages.seen(connection, plan, meant) != shown:
        raise NotPossible("what would be sent is not what was shown: somebody has changed it, look again", "shown")


async def _unsent(engine: Engine, plan: Plan) -> list[Any]:
    async with engine.connect() as connection:
        bodies = list(await connection.scalars(_UNSENT, {"plan_id": plan.plan_id, "page": _PAGE}))
        return await people.models(connection, registry.flow(plan.flow).row, bodies)


async def _publish(host: Host, plan: Plan, page: Sequence[Any]) -> None:
    flow = registry.flow(plan.flow)
    facts = [plan_rows.fact(flow, plan, row, by=row.applied_by, at=row.applied_at or plan.made_at) for row in page]
    fact_ids = await host.accept(plan.tenant, "desk", facts)
    await store.write(
        host.engine, _SENT, {"plan_id": plan.plan_id, "rows": [row.row for row in page], "facts": list(fact_ids)}
    )


def _at(plan: Plan) -> datetime:
    return plan.applied_at or plan.made_at


async def became(engine: Engine, plan: Plan) -> list[RowOutcome[Any]]:
    """Return what became of each row that was applied, as far as is known now."""
    async with engine.connect() as connection:
        values = {"plan_id": plan.plan_id, "tenant": plan.tenant, "applied_at": _at(plan), "unlinked": UNLINKED}
        found = (await connection.execute(_BECAME, values)).all()
        read = await people.models(connection, registry.flow(plan.flow).row, [each.body for each in found])
    return [_became(row, each) for row, each in zip(read, found, strict=True)]


def _became(row: Any, found: Any) -> RowOutcome[Any]:
    if not found.decided or found.open or found.unheard:  # a refusal is held a moment after it came
        return RowOutcome(row, "waiting", found.orders)
    if found.refused:
        why = {"why": found.refused, "reason": "moved_since_the_plan", "wording": Wording.kept(found.wording)}
        return RowOutcome(row, "refused", found.orders, **why)
    if found.reason and row.action != "do_nothing":
        why = {"why": found.message, "reason": found.reason, "wording": Wording.kept(found.wording)}
        return RowOutcome(row, "held", found.orders, **why)
    if found.last_purpose == "reverse" and row.action in _BOOKED_ANEW:
        return RowOutcome(row, "waiting", found.orders)  # it is reversed, and booked anew in a moment
    return RowOutcome(row, "done", found.orders, record=found.record or "")
