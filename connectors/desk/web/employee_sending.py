"""Staff that is sent: what exactly would be done is shown first, then sent under that condition, and followed."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from starlette.responses import Response

from connectors.desk import plan_words, report_words, synchronising
from connectors.desk.web import employee_words as words
from connectors.desk.web.employees import address, chosen, does, every, given, meant, query_of, staff_plan
from connectors.desk.web.spreadsheets import csv_file
from connectors.desk.web.visit import Page, Visit
from infra import clock, mail, registry, speaking, tasks, tenants
from infra.accounts.permissions import Permission
from infra.commanding import Failed, WrongUsage
from infra.deciding import plan_pages, planning
from infra.deciding.plan_pages import Meant
from infra.plugin import Host, Terms
from schemas.base import SWEDEN
from schemas.plans import Plan, PlanRow, RowOutcome
from schemas.words import Said

_WHOLE: Final = Meant(open=True)
_SHOWN: Final = 100
_NAMED: Final = 500
_LOOK: Final = 0.5
_PATIENCE: Final = 900.0
_FAILED_FIRST: Final = ("refused", "held", "waiting", "created", "updated", "linked", "agreed", "left alone")


# --- Before -----------------------------------------------------------------------------------------------------------


async def _asked(visit: Visit, *, status: int = 200, error: str = "") -> Response:
    """Show what would be sent: how much of what, and row by row what each side gets."""
    plan, asked, engine = await staff_plan(visit), given(visit), visit.host.engine
    which, exports = await _which(visit, plan, asked), _exports(visit)
    rows = await plan_pages.page(engine, plan, which, limit=_SHOWN)
    if exports and rows:
        settings, version = await tenants.settings_in_force(engine, visit.tenant)
        rows = [plan_words.changed(row, _export_of(row), ()) for row in rows]
        rows = list(await plan_pages.preview(engine, registry.flow("employees"), plan, rows, Terms(settings, version)))
    groups = await plan_pages.groups(engine, plan, which)
    number, acts = sum(group.rows for group in groups), _exported(groups) if exports else does(groups)
    picks = not asked["all"] and which != _WHOLE
    if not error and not acts.total() and not (number and not await _is_live(visit)):
        error, status = visit.say("Ingen av raderna ber om något.", "None of these rows asks for anything."), 422
    async with engine.connect() as connection:
        shown = await plan_pages.seen(connection, plan, Meant() if which == _WHOLE else which)
    return await visit.show(
        "employees_send.html",
        status=status,
        query=query_of(visit),
        words=words,
        plan=plan,
        asked=asked,
        exports=exports,
        rows=rows,
        number=number,
        acts=acts,
        total=acts.total(),
        shown=shown,
        picked=await plan_pages.numbers(engine, plan, which) if picks else (),
        live=await _is_live(visit),
        back=address(visit, plan, asked) if visit.asked("view") or visit.form.get("view") else visit.at("employees"),
        error=error,
    )


async def _which(visit: Visit, plan: Plan, asked: Mapping[str, str]) -> Meant:
    """Return the rows that are meant; with nothing said, the whole plan. Exported is who is in HR."""
    said = visit.form.get("view") or visit.asked("view")
    which = await meant(visit, plan, asked, picked=True) if said else _WHOLE
    return replace(which, side="hr") if _exports(visit) else which


def _exports(visit: Visit) -> bool:
    source = visit.form if visit.request.method == "POST" else visit.request.query_params
    return source.get("do") == "export"


def _export_of(row: PlanRow) -> str:
    return "create_in_fortnox" if row.employee_id is None else "prefer_hr"


def _exported(groups: Sequence[plan_pages.Group]) -> Counter[str]:
    found: Counter[str] = Counter()
    for group in groups:
        found["prefer_hr" if group.pair else "create_in_fortnox"] += group.rows
    return found


async def _is_live(visit: Visit) -> bool:
    _, last = await planning.open_plan(visit.host.engine, visit.tenant, registry.flow("employees"))
    return last is not None


async def _send(visit: Visit) -> Response:
    """Send what was shown: if a row of it has changed since, nothing is sent."""
    plan, asked, engine = await staff_plan(visit), given(visit), visit.host.engine
    which = await _which(visit, plan, asked)
    changed: list[PlanRow] = []
    if _exports(visit):
        changed = [plan_words.changed(row, _export_of(row), ()) for row in await every(visit, plan, which)]
    only = None if which == _WHOLE else await plan_pages.numbers(engine, plan, which)
    try:
        applied = await planning.apply(
            visit.host, plan, by=visit.by, only=only, changed=changed, shown=visit.form.get("shown", "")
        )
    except planning.NotPossible as error:
        return await _asked(visit, status=409, error=words.NOT_POSSIBLE[error.reason].to(visit.language))
    await _follow(visit, applied.plan)
    number = len(applied.sent)
    said = visit.say(
        f"{number} {'rad' if number == 1 else 'rader'} skickade.", f"{number} {'row' if number == 1 else 'rows'} sent."
    )
    return visit.go(_results_at(visit, plan), said)


async def _go_on(visit: Visit) -> Response:
    """Send what was applied and not told yet, because whoever sent it was ended in between."""
    plan = await staff_plan(visit)
    try:
        applied = await planning.apply(visit.host, plan, by=visit.by, only=())
    except planning.NotPossible as error:
        return visit.go(_results_at(visit, plan), words.NOT_POSSIBLE[error.reason].to(visit.language), "stop")
    await _follow(visit, applied.plan)
    return visit.go(_results_at(visit, plan))


def _results_at(visit: Visit, plan: Plan) -> str:
    return visit.at("employees", "plans", str(plan.plan_id), "results")


# --- After ------------------------------------------------------------------------------------------------------------


async def _follow(visit: Visit, plan: Plan) -> None:
    """Follow what was sent to its end, mail the report, and compare anew where the whole plan is carried out."""
    host, by = visit.host, visit.by

    async def work(steps: tasks.Steps) -> str:
        rows = await _settled(host, plan, steps)
        try:
            left = await planning.left(host.engine, plan)
            mailed = await synchronising.mail_report(host.settings, host.engine, plan, rows, left)
        except mail.NotMailed as error:
            raise tasks.NotDone(error.said) from None
        finally:
            await _compare_anew(host, plan, by, steps)
        return "mailed" if mailed else ""

    await tasks.begin(host, plan.tenant, _kind(plan), work, by=by)


async def _settled(host: Host, plan: Plan, steps: tasks.Steps) -> list[RowOutcome[Any]]:
    deadline = clock.monotonic() + _PATIENCE
    while True:
        rows = await planning.became(host.engine, plan)
        done = sum(one.status != "waiting" for one in rows)
        steps.say(Said("Fortnox och HR skriver", "Fortnox and HR are written to"), done, len(rows))
        if done == len(rows) or clock.monotonic() > deadline:
            return rows
        await clock.sleep(_LOOK)


async def _compare_anew(host: Host, plan: Plan, by: str, steps: tasks.Steps) -> None:
    """Make the lists show what stands now; while rows of the plan are left to be sent, its choices are worth more."""
    if plan.state != "applied":
        return
    steps.say(Said("listorna görs om", "the lists are made anew"))
    try:
        await synchronising.make(host, plan.tenant, steps.say, refresh=False, wait=_PATIENCE, by=by)
    except (Failed, WrongUsage) as error:
        raise tasks.NotDone(error.said) from None


def _kind(plan: Plan) -> str:
    return f"report/{plan.begins}"


async def _results(visit: Visit) -> Response:
    """Show what became of each row that was sent, as far as is known now."""
    plan, engine = await staff_plan(visit), visit.host.engine
    employees = await chosen(visit)
    found = await planning.became(engine, plan)
    kinds = Counter(report_words.kind(one) for one in found)
    ordered = sorted(found, key=lambda one: _FAILED_FIRST.index(report_words.kind(one)))
    task = await tasks.last(engine, visit.tenant, _kind(plan))
    untold = await planning.untold(engine, plan)
    return await visit.show(
        "employees_results.html",
        words=words,
        plan=plan,
        kinds=kinds,
        order=[kind for kind in _FAILED_FIRST if kinds[kind]],
        rows=[(one, report_words.kind(one)) for one in ordered[:_NAMED]],
        number=len(found),
        done=len(found) - kinds["waiting"],
        task=task,
        goes_on=task is not None and task.state == "running",
        untold=0 if task is not None and task.state == "running" else untold,
        left=await planning.left(engine, plan) if plan.state == "made" else 0,
        to=employees.report_to if employees and visit.host.settings.mail.host else (),
    )


async def _results_csv(visit: Visit) -> Response:
    """Give all of it as a list. Personal numbers and bank accounts are no part of it: fields are named, not shown."""
    plan = await staff_plan(visit)
    said = visit.language
    rows = (
        (
            one.row.name or "",
            one.row.person or "",
            one.row.employee_id or "",
            words.ACTIONS[one.row.action].to(said),
            words.BECAME[report_words.kind(one)].to(said),
            one.record or "",
            speaking.said(one.wording, one.why, said),
            ", ".join(_field(visit, each.field) for each in one.row.fields if each.prefer != "neither"),
        )
        for one in await planning.became(visit.host.engine, plan)
    )
    heading = ("name", "person", "employee", "action", "became", "record", "why", "fields")
    return csv_file(f"staff-{visit.tenant}-{plan.made_at.astimezone(SWEDEN):%Y-%m-%d}", heading, rows)


def _field(visit: Visit, field: str) -> str:
    return words.FIELDS[field].to(visit.language) if field in words.FIELDS else field


PAGES: Final = (
    Page("/companies/{tenant}/employees/plans/{plan:uuid}/send", Permission.SEE, _asked),
    Page("/companies/{tenant}/employees/plans/{plan:uuid}/send", Permission.DECIDE, _send, act=True),
    Page("/companies/{tenant}/employees/plans/{plan:uuid}/go-on", Permission.DECIDE, _go_on, act=True),
    Page("/companies/{tenant}/employees/plans/{plan:uuid}/results", Permission.SEE, _results),
    Page("/companies/{tenant}/employees/plans/{plan:uuid}/results.csv", Permission.SEE, _results_csv),
)
