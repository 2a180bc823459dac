"""Staff: how HR and Fortnox compare, listed for export and for import, and what is to be done with each, changed."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, Final

from starlette.datastructures import QueryParams
from starlette.responses import Response

from connectors.desk import plan_words, synchronising
from connectors.desk.web import employee_words as words
from connectors.desk.web.plans import plan_of
from connectors.desk.web.visit import NoSuchPage, Page, Visit
from infra import registry, tasks, tenants
from infra.accounts.permissions import Permission
from infra.commanding import Failed, WrongUsage
from infra.deciding import plan_pages, planning
from infra.deciding.plan_pages import Group, Meant
from schemas.plans import Plan, PlanRow
from schemas.settings import EmployeesSettings

COMPARING: Final = "employees"
"""The kind of work that compares the two sides."""
_PAGE: Final = 100
_WAIT: Final = 60.0
_TABS: Final[Mapping[str, Mapping[str, Meant]]] = {
    "export": {
        "hr_only": Meant(side="hr", linked="no"),
        "linked": Meant(side="hr", linked="yes"),
        "all": Meant(side="hr"),
    },
    "import": {
        "new": Meant(side="fortnox", linked="no"),
        "imported": Meant(side="fortnox", linked="yes"),
        "all": Meant(side="fortnox"),
    },
    "plan": {"all": Meant(), **{state: Meant(state=state) for state in words.STATES}},
}
_FIRST: Final[Mapping[str, str]] = {"export": "linked", "import": "all", "plan": "all"}
_KINDS: Final = ("conflict", "missing_in_hr", "missing_in_fortnox")
_FILTERS: Final = ("tab", "q", "action", "field", "kind")


# --- Which plan, and which of its rows --------------------------------------------------------------------------------


async def chosen(visit: Visit) -> EmployeesSettings | None:
    """Return what the company has chosen for its staff; None: staff is switched off."""
    settings, _ = await tenants.settings_in_force(visit.host.engine, visit.tenant)
    return settings.employees


async def staff_plan(visit: Visit) -> Plan:
    """Return the plan of the address. Raises NoSuchPage: there is none, or it is another company's or of no staff."""
    return await plan_of(visit, registry.flow("employees"))


def given(visit: Visit, view: str = "") -> dict[str, str]:
    """Return what a page was filtered by, out of its address or of the form that it sent.

    Args:
        view: of the page itself; else it is named beside the others.
    """
    source = visit.form if visit.request.method == "POST" else visit.request.query_params
    names = ("view", "tab", "q", "action", "field", "kind", "all", "after")
    known = {name: source.get(name, "").strip() for name in names}
    view = view or (known["view"] if known["view"] in _TABS else "plan")
    tab = known["tab"] if known["tab"] in _TABS[view] else _FIRST[view]
    kind = known["kind"] if known["kind"] in _KINDS else ""
    return known | {"view": view, "tab": tab, "kind": kind}


async def meant(visit: Visit, plan: Plan, asked: Mapping[str, str], *, picked: bool = False) -> Meant:
    """Return the rows that are listed, or with ``picked`` those of them that somebody has picked."""
    filtered = replace(
        _TABS[asked["view"]][asked["tab"]],
        action=asked["action"],
        field=asked["field"],
        kind=asked["kind"],  # type: ignore[arg-type] # it is one
        said=asked["q"],
    )
    if not picked or asked["all"]:
        return await plan_pages.looked_up(visit.host.engine, plan, replace(filtered, open=picked))
    if visit.request.method == "POST":
        rows: Sequence[str] = visit.lists.get("row", ())
    else:
        rows = visit.request.query_params.getlist("row")
    return Meant(rows=tuple(int(one) for one in rows if one.isdecimal() and len(one) < 9), open=True)  # noqa: PLR2004 - an int


def query_of(visit: Visit) -> QueryParams:
    """Return what a page of rows is asked with: where it answers a form, what leads to the same rows and no others."""
    if visit.request.method != "POST":
        return visit.request.query_params
    named = [(name, visit.form[name]) for name in ("view", *_FILTERS, "all", "do") if name in visit.form]
    return QueryParams([*named, *(("row", one) for one in visit.lists.get("row", ()))])


def address(visit: Visit, plan: Plan, asked: Mapping[str, str], **changes: str) -> str:
    """Return the address of a list as somebody has filtered it."""
    kept = {name: asked.get(name, "") for name in _FILTERS} | changes
    if asked["view"] == "plan":
        return visit.at("employees", "plans", str(plan.plan_id), **kept)
    return visit.at("employees", asked["view"], **kept)


# --- Pages ------------------------------------------------------------------------------------------------------------


async def _overviewed(visit: Visit, *, status: int = 200, error: str = "") -> Response:
    employees = await chosen(visit)
    if employees is None:
        return await visit.show("employees_off.html")
    plan, last = await planning.open_plan(visit.host.engine, visit.tenant, registry.flow("employees"))
    groups = await plan_pages.groups(visit.host.engine, plan) if plan else ()
    fields = await plan_pages.fields(visit.host.engine, plan) if plan else {}
    over = await plan_pages.groups(visit.host.engine, last) if last and not plan else ()
    return await visit.show(
        "employees_sync.html",
        status=status,
        left=_counted([group for group in over if group.state in words.LEFT and not group.applied], "state"),
        **(await _common(visit, employees, plan, last, error=error)),
        groups=groups,
        states=_counted(groups, "state"),
        does=does(groups),
        alone={side: [g for g in groups if not g.pair and g.in_hr == (side == "hr")] for side in ("hr", "fortnox")},
        differs={kind: [(f, by) for (f, k), by in fields.items() if k == kind] for kind in _KINDS},
        plans=await planning.plans(visit.host.engine, visit.tenant, registry.flow("employees").name),
    )


async def _common(
    visit: Visit, employees: EmployeesSettings, plan: Plan | None, last: Plan | None, **more: Any
) -> dict[str, Any]:
    """Return what the head of every page of staff needs."""
    running = await tasks.last(visit.host.engine, visit.tenant, COMPARING)
    return {
        "words": words,
        "employees": employees,
        "plan": plan,
        "last": last,
        "task": running if running and running.state != "done" else None,
        "unsent": 0,
        "error": "",
        **more,
    }


def _counted(groups: Sequence[Group], name: str) -> Counter[str]:
    found: Counter[str] = Counter()
    for group in groups:
        found[getattr(group, name)] += group.rows
    return found


def does(groups: Sequence[Group]) -> Counter[str]:
    """Return how many rows that ask for something and are not applied yet ask for what."""
    return _counted([group for group in groups if group.asks], "action")


async def _of_view(visit: Visit, view: str) -> Response:
    if await chosen(visit) is None:
        return await visit.show("employees_off.html")
    plan, last = await planning.open_plan(visit.host.engine, visit.tenant, registry.flow("employees"))
    return await listed(visit, plan, given(visit, view), last=last)


async def _of_plan(visit: Visit) -> Response:
    return await listed(visit, await staff_plan(visit), given(visit, "plan"))


async def listed(
    visit: Visit,
    plan: Plan | None,
    asked: dict[str, str],
    *,
    last: Plan | None = None,
    status: int = 200,
    error: str = "",
) -> Response:
    """Show a list of a plan's rows."""
    employees, engine, view = await chosen(visit), visit.host.engine, asked["view"]
    if employees is None:
        return await visit.show("employees_off.html")
    tabs = _TABS[view]
    after = visit.number(asked["after"] or "0")
    here: dict[str, Any] = {}
    if plan and visit.request.method == "POST":  # it answers a form, and stands elsewhere
        query = QueryParams({name: asked[name] for name in (*_FILTERS, "after")})
        here = {"path": address(visit, plan, {"view": view}), "query": query}
    rows: list[PlanRow] = []
    groups: Sequence[Group] = ()
    if plan:
        which = await meant(visit, plan, asked)
        rows = await plan_pages.page(engine, plan, which, after=after, limit=_PAGE + 1)
        groups = await plan_pages.groups(engine, plan, replace(which, linked="", state=""))
    return await visit.show(
        "employees_list.html",
        status=status,
        **(await _common(visit, employees, plan, last, error=error)),
        **here,
        view=view,
        asked=asked,
        rows=rows[:_PAGE],
        next=str(rows[_PAGE - 1].row) if len(rows) > _PAGE else "",
        tabs=[(tab, sum(g.rows for g in groups if _in(g, one))) for tab, one in tabs.items()],
        number=sum(g.rows for g in groups if _in(g, tabs[asked["tab"]]) and not g.applied),
        does=does(groups),
        actions=_possible(view),
    )


def _in(group: Group, tab: Meant) -> bool:
    linked = tab.linked in ("", "yes" if group.linked else "no")
    return linked and tab.state in ("", group.state)


def _possible(view: str) -> tuple[str, ...]:
    """Return the actions that a list offers for the rows that are picked."""
    return {
        "export": (),
        "import": ("create_in_hr", "prefer_hr", "prefer_fortnox", "do_nothing"),
        "plan": tuple(words.ACTIONS),
    }[view]


# --- What is changed --------------------------------------------------------------------------------------------------


async def _edit(visit: Visit) -> Response:
    """Give the rows that are picked another action, each that can have it."""
    plan, asked = await staff_plan(visit), given(visit)
    action, _, number = visit.form.get("one", "").partition(":")
    action = action or visit.form.get("set", "")
    if number:
        picked = Meant(rows=(visit.number(number),), open=True)
    else:
        picked = await meant(visit, plan, asked, picked=True)
    back = address(visit, plan, asked, after=asked["after"])
    if action not in words.ACTIONS:
        raise NoSuchPage
    rows = await every(visit, plan, picked)
    if not rows:
        error = visit.say("Välj minst en rad först.", "Choose at least one row first.")
        return await listed(visit, plan, asked, status=422, error=error)
    can = [plan_words.changed(row, action, ()) for row in rows if action in plan_words.possible(row)]
    try:
        await planning.edit(visit.host.engine, plan, can)
    except planning.NotPossible as error:
        said = words.NOT_POSSIBLE[error.reason].to(visit.language)
        return await listed(visit, plan, asked, status=409, error=said)
    return visit.go(back, _edited(visit, action, len(can), len(rows) - len(can)))


def _edited(visit: Visit, action: str, changed: int, others: int) -> str:
    name = words.ACTIONS[action].to(visit.language)
    said = visit.say(
        f"{changed} {'rad' if changed == 1 else 'rader'}: {name}.",
        f"{changed} {'row' if changed == 1 else 'rows'}: {name}.",
    )
    left = visit.say(
        f" {others} kan inte få den åtgärden och är som förut.", f" {others} cannot have that action and are as before."
    )
    return said + (left if others else "")


async def every(visit: Visit, plan: Plan, which: Meant) -> list[PlanRow]:
    """Return all rows that are meant."""
    found: list[PlanRow] = []
    while page := await plan_pages.page(visit.host.engine, plan, which, after=found[-1].row if found else 0):
        found += page
    return found


async def _settle(visit: Visit) -> Response:
    """Say for kinds of differences whose value counts, and for people on one side whether they are created."""
    plan = await staff_plan(visit)
    rows: dict[int, PlanRow] = {}
    choices: dict[int, list[str]] = {}
    for name, side in visit.form.items():
        kind, _, field = name.partition(".")
        if kind in _KINDS and field in words.FIELDS and side in words.SIDES:
            which = Meant(field=field, kind=kind, open=True)  # type: ignore[arg-type] # it is one
            for row in await every(visit, plan, which):
                rows[row.row] = row
                choices.setdefault(row.row, []).append(f"{field}={side}")
    changed = [plan_words.changed(row, None, choices[number]) for number, row in rows.items()]
    for side, creates in (("hr", "create_in_fortnox"), ("fortnox", "create_in_hr")):
        action = visit.form.get(f"alone.{side}", "")
        if action in (creates, "do_nothing"):
            only = await every(visit, plan, Meant(alone=side, open=True))  # type: ignore[arg-type] # it is one
            # Of whom the page says that they are left alone until they are corrected, they are.
            meant_too = [row for row in only if action == "do_nothing" or row.state not in words.LOUD]
            changed += [plan_words.changed(row, action, ()) for row in meant_too if row.action != action]
    try:
        await planning.edit(visit.host.engine, plan, changed)
    except planning.NotPossible as error:
        return await _overviewed(visit, status=409, error=words.NOT_POSSIBLE[error.reason].to(visit.language))
    said = visit.say(
        f"{len(changed)} rader ändrade. Inget är skickat.", f"{len(changed)} rows changed. Nothing is sent."
    )
    return visit.go(visit.at("employees"), said)


async def _drop(visit: Visit) -> Response:
    plan = await staff_plan(visit)
    try:
        await planning.drop(visit.host.engine, plan)
    except planning.NotPossible as error:
        return await _overviewed(visit, status=409, error=words.NOT_POSSIBLE[error.reason].to(visit.language))
    said = visit.say(
        "Planen är kastad. Inget mer av den skickas.", "The plan is thrown away. Nothing more of it is sent."
    )
    return visit.go(visit.at("employees"), said)


# --- Comparing, which takes its time ----------------------------------------------------------------------------------


async def _compare(visit: Visit) -> Response:
    if await chosen(visit) is None:
        return await visit.show("employees_off.html", status=409)
    return await compare(visit, refresh=True)


async def compare(visit: Visit, *, refresh: bool, said: str = "") -> Response:
    """Begin to compare both sides, read anew or as they are known, and go to where one sees how far it is."""
    host, tenant, by, view = visit.host, visit.tenant, visit.by, visit.form.get("view", "")

    async def work(steps: tasks.Steps) -> str:
        try:
            made, _ = await synchronising.make(host, tenant, steps.say, refresh=refresh, wait=_WAIT, by=by)
        except (Failed, WrongUsage) as error:
            raise tasks.NotDone(error.said) from None
        return str(made.plan_id)

    task_id = await tasks.begin(host, tenant, COMPARING, work, by=by)
    back = view if view in ("export", "import") else ""
    return visit.go(visit.at("employees", "tasks", str(task_id), view=back), said)


async def _task(visit: Visit) -> Response:
    """Show how far a comparison is; once it is there, go to what it has made."""
    task = await tasks.one(visit.host.engine, visit.tenant, visit.request.path_params["task"])
    if task is None or task.kind != COMPARING:
        raise NoSuchPage
    view = visit.asked("view")
    if task.state == "done":
        to = visit.at("employees", view) if view in ("export", "import") else visit.at("employees")
        if visit.asked("part"):
            return Response(status_code=200, headers={"HX-Redirect": to})
        return visit.go(to)
    return await visit.show("employees_task.html", task=task, view=view)


PAGES: Final = (
    Page("/companies/{tenant}/employees", Permission.SEE, _overviewed),
    Page("/companies/{tenant}/employees/export", Permission.SEE, partial(_of_view, view="export")),
    Page("/companies/{tenant}/employees/import", Permission.SEE, partial(_of_view, view="import")),
    Page("/companies/{tenant}/employees/compare", Permission.DECIDE, _compare, act=True),
    Page("/companies/{tenant}/employees/tasks/{task:uuid}", Permission.SEE, _task),
    Page("/companies/{tenant}/employees/plans/{plan:uuid}", Permission.SEE, _of_plan),
    Page("/companies/{tenant}/employees/plans/{plan:uuid}/edit", Permission.DECIDE, _edit, act=True),
    Page("/companies/{tenant}/employees/plans/{plan:uuid}/settle", Permission.DECIDE, _settle, act=True),
    Page("/companies/{tenant}/employees/plans/{plan:uuid}/drop", Permission.DECIDE, _drop, act=True),
)
