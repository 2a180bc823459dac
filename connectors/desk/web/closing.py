"""Closing entries: how far each has come, planned with what each would meet in the books, approved and sent."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from datetime import date
from typing import Final, get_args

from starlette.responses import Response

from connectors.desk import closing as looking
from connectors.desk.closing_commands import flow_of_closing
from connectors.desk.running import quiet, until
from connectors.desk.web.books import kept_how
from connectors.desk.web.employee_words import NOT_POSSIBLE
from connectors.desk.web.plans import plan_of
from connectors.desk.web.visit import NoSuchPage, Page, Visit
from infra import catching_up, clock, registry, speaking, tenants
from infra.accounts.permissions import Permission
from infra.commanding import Failed
from infra.deciding import planning
from infra.plugin import HowKept, SeriesSeen
from infra.showing import today
from schemas.money import ZERO
from schemas.plans import ClosingRow, ClosingState, Plan

_WAIT: Final = 15.0
_BECOMES: Final = 8.0


async def _shown(visit: Visit, *, status: int = 200, errors: Sequence[tuple[str, str]] = ()) -> Response:
    engine, tenant, wanted = visit.host.engine, visit.tenant, visit.asked("state")
    found, settings, _ = await planning.propose(engine, flow_of_closing(), tenant, clock.today())
    counts = Counter(row.state for row in found)
    lights = (await today.lights(engine, [tenant]))[tenant]
    plans = await planning.plans(engine, tenant, flow_of_closing().name)
    return await visit.show(
        "closing.html",
        status=status,
        errors=errors,
        settings=settings.yearend,
        rows=[row for row in found if wanted in {"", row.state}],
        counts={state: counts[state] for state in get_args(ClosingState) if state in counts},
        state=wanted,
        plans=plans[:10],
        series=_offered(await kept_how(visit), [row.entry_date for row in found if row.state == "planned"]),
        stopped=[one for one in lights if one.system == registry.ledger() and one.state != "connected"],
    )


def _offered(kept: HowKept, days: Sequence[date]) -> Sequence[Sequence[SeriesSeen]]:
    """Return the series that entries of these days can be booked in, each as the years of those days have it.

    Its next number is another one in each year. Without any day, or where none of their years was read, as the newest
    year has it that was read.
    """
    asked = [(first, last) for first, last in kept.series if any(first <= day <= last for day in days)]
    by_code: defaultdict[str, list[SeriesSeen]] = defaultdict(list)
    for year in sorted(asked) or sorted(kept.series)[-1:]:
        for one in kept.series[year]:
            by_code[one.code].append(one)
    return list(by_code.values())


async def _plan(visit: Visit) -> Response:
    host, tenant = visit.host, visit.tenant
    settings, _ = await tenants.settings_in_force(host.engine, tenant)
    if settings.yearend is None:
        raise NoSuchPage
    try:
        chosen = looking.read_series(visit.form.get("series", "").strip() or None)
        await catching_up.all_decided(host, tenant, quiet, wait=_WAIT)
    except Failed as error:
        return await _shown(visit, status=422, errors=[("series", speaking.heard(error.said, visit.language))])
    look, today = looking.looks(host, tenant, chosen), clock.today()
    made, _ = await planning.make(host.engine, flow_of_closing(), tenant, today, by=visit.by, look=look)
    return visit.go(visit.at("closing", "plans", str(made.plan_id)))


async def _one(visit: Visit) -> Response:
    return await _planned(visit, await _found(visit))


async def _planned(visit: Visit, plan: Plan, *, status: int = 200, errors: Sequence[tuple[str, str]] = ()) -> Response:
    engine = visit.host.engine
    rows = [row async for row in planning.rows(engine, plan)]
    became = {one.row.row: one for one in await planning.became(engine, plan)} if plan.state == "applied" else {}
    return await visit.show(
        "closing_plan.html",
        status=status,
        errors=errors,
        plan=plan,
        rows=rows,
        became=became,
        sends=[row for row in rows if _sends(row)],
        untold=await planning.untold(engine, plan),
        left=await planning.left(engine, plan),
        total=sum((row.amount or ZERO for row in rows if _sends(row)), ZERO) if rows else None,
    )


def _sends(row: ClosingRow) -> bool:
    return row.action != "do_nothing" and row.applied_at is None


async def _apply(visit: Visit) -> Response:
    plan = await _found(visit)
    goes_on = visit.form.get("go") == "on"  # what was approved, and not told because whoever did was ended in between
    only = [] if goes_on else [visit.number(one) for one in visit.lists.get("row", ())]
    if not only and not goes_on:
        return await _planned(visit, plan, status=422, errors=[("", visit.say("Välj rader.", "Select rows."))])
    await visit.host.producer()  # before anything is written down as applied
    try:
        applied = await planning.apply(visit.host, plan, by=visit.by, only=only)
    except planning.NotPossible as error:
        said = NOT_POSSIBLE[error.reason].to(visit.language)
        return await _planned(visit, await _found(visit), status=409, errors=[("", said)])
    await _settled(visit, applied.plan, applied.sent)
    sent = len(applied.sent)
    said = visit.say(f"{sent} rader godkända och skickade.", f"{sent} rows approved and sent.")
    return visit.go(visit.at("closing", "plans", str(plan.plan_id)), said)


async def _settled(visit: Visit, plan: Plan, sent: Sequence[int]) -> None:
    """Wait a while until what was sent is done or refused; the page shows how far it came."""

    async def settled() -> bool:
        became = await planning.became(visit.host.engine, plan)
        return all(one.status != "waiting" for one in became if one.row.row in sent)

    await until(settled, _BECOMES)


async def _drop(visit: Visit) -> Response:
    plan = await _found(visit)
    try:
        await planning.drop(visit.host.engine, plan)
    except planning.NotPossible as error:
        return await _planned(visit, plan, status=409, errors=[("", NOT_POSSIBLE[error.reason].to(visit.language))])
    return visit.go(visit.at("closing"), visit.say("Planen är kastad.", "The plan is dropped."))


async def _found(visit: Visit) -> Plan:
    return await plan_of(visit, flow_of_closing())


_BELOW: Final = "/companies/{tenant}/closing"
_OF_PLAN: Final = f"{_BELOW}/plans/{{plan:uuid}}"
PAGES: Final = (
    Page(_BELOW, Permission.SEE, _shown),
    Page(f"{_BELOW}/plans", Permission.DECIDE, _plan, act=True),
    Page(_OF_PLAN, Permission.SEE, _one),
    Page(f"{_OF_PLAN}/apply", Permission.APPROVE, _apply, act=True),
    Page(f"{_OF_PLAN}/drop", Permission.DECIDE, _drop, act=True),
)
