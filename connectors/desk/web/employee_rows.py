"""One person of a plan: both sides beside each other, whose value a field gets, a match by hand; parted or paused."""

from collections.abc import Sequence
from typing import Any, Final

from starlette.responses import Response

from connectors.desk import plan_words
from connectors.desk.employee_words import EMPLOYEE
from connectors.desk.running import until
from connectors.desk.web import employee_words as words
from connectors.desk.web.employees import address, compare, every, given, meant, query_of, staff_plan
from connectors.desk.web.visit import NoSuchPage, Page, Visit
from infra import clock, registry
from infra.accounts.permissions import Permission
from infra.deciding import plan_pages, planning, remembering
from infra.deciding.plan_pages import Meant
from schemas.events import Fact, LinkDecided
from schemas.pauses import PersonPaused
from schemas.plans import Plan, PlanRow

_CANDIDATES: Final = 20
_LONGEST: Final = 9
_WAIT: Final = 4.0


async def _one(visit: Visit) -> Response:
    plan = await staff_plan(visit)
    return await _shown(visit, plan, await _row(visit, plan))


async def _row(visit: Visit, plan: Plan) -> PlanRow:
    number = visit.request.path_params["row"]
    if number.isdecimal() and len(number) <= _LONGEST:
        found = await plan_pages.page(visit.host.engine, plan, Meant(rows=(int(number),)), limit=1)
        if found:
            return found[0]
    raise NoSuchPage


async def _shown(visit: Visit, plan: Plan, row: PlanRow, *, status: int = 200, error: str = "") -> Response:
    asked, whole = given(visit), row.person is not None and row.employee_id is not None
    said = visit.asked("who", row.name.rpartition(" ")[2])
    found: list[PlanRow] = []
    if not whole:
        other = Meant(alone="fortnox" if row.person else "hr", said=said, open=True)
        other = await plan_pages.looked_up(visit.host.engine, plan, other)
        found = await plan_pages.page(visit.host.engine, plan, other, limit=_CANDIDATES)
    return await visit.show(
        "employees_row.html",
        status=status,
        words=words,
        plan=plan,
        row=row,
        whole=whole,
        possible=[one for one in words.ACTIONS if one in plan_words.possible(row)],
        choices={choice.field: choice.prefer for choice in row.choices},
        candidates=found,
        said=said,
        asked=asked,
        back=address(visit, plan, asked),
        here=visit.at("employees", "plans", str(plan.plan_id), "rows", str(row.row), view=asked["view"]),
        error=error,
    )


async def _change(visit: Visit) -> Response:
    """Give a row another action, single fields another side, or join it with a row of the other side."""
    plan = await staff_plan(visit)
    row, gone = await _row(visit, plan), []
    action = visit.form.get("action", "")
    fields = [
        f"{name.removeprefix('field.')}={side}"
        for name, side in visit.form.items()
        if name.startswith("field.") and side in words.SIDES
    ]
    try:
        if (partner := visit.form.get("with", "")) and partner.isdecimal() and len(partner) <= _LONGEST:
            other = await _other(visit, plan, row, int(partner))
            row, gone = plan_words.joined(row, other), [other.row]
            action = action if action in plan_words.possible(row) else "match"
        new = plan_words.changed(row, action if action in plan_words.possible(row) else None, fields)
        await planning.edit(visit.host.engine, plan, [new], gone)
    except plan_words.InvalidEdit:
        raise NoSuchPage from None
    except planning.NotPossible as error:
        row = await _row(visit, plan)
        return await _shown(visit, plan, row, status=409, error=words.NOT_POSSIBLE[error.reason].to(visit.language))
    here = visit.at("employees", "plans", str(plan.plan_id), "rows", str(row.row), view=given(visit)["view"])
    return visit.go(here, visit.say("Ändrat. Inget är skickat.", "Changed. Nothing is sent."))


async def _other(visit: Visit, plan: Plan, row: PlanRow, number: int) -> PlanRow:
    """Return the row of somebody who is on the other side only. Raises NotPossible: there is none, or no more."""
    found = await plan_pages.page(visit.host.engine, plan, Meant(rows=(number,), open=True), limit=1)
    sides = {(one.person is None, one.employee_id is None) for one in (row, *found)}
    if sides != {(True, False), (False, True)}:
        raise planning.NotPossible(f"row {number} is not somebody who is on the other side only", "moved")
    return found[0]


# --- Taken apart, or paused -------------------------------------------------------------------------------------------


async def _parting(visit: Visit, *, status: int = 200, error: str = "") -> Response:
    plan, asked = await staff_plan(visit), given(visit)
    rows = await _pairs(visit, plan, asked)
    if not rows and not error:
        error, status = visit.say("Välj minst en länkad person.", "Choose at least one person who is linked."), 422
    groups = await plan_pages.groups(visit.host.engine, plan)
    return await visit.show(
        "employees_part.html",
        status=status,
        query=query_of(visit),
        words=words,
        plan=plan,
        asked=asked,
        rows=rows,
        unsent=sum(group.rows for group in groups if group.chosen and not group.applied),
        back=address(visit, plan, asked),
        error=error,
        form={name: visit.form.get(name, "") for name in ("what", "reason", "comment")},
    )


async def _pairs(visit: Visit, plan: Plan, asked: dict[str, str]) -> list[PlanRow]:
    found = await every(visit, plan, await meant(visit, plan, asked, picked=True))
    return [row for row in found if row.person and row.employee_id and row.matched_by == "link"]


async def _part(visit: Visit) -> Response:
    """Take people and employees apart, or pause them; then the lists are made anew."""
    plan, asked = await staff_plan(visit), given(visit)
    rows, what, reason = await _pairs(visit, plan, asked), visit.form.get("what", ""), visit.form.get("reason", "")
    if not rows:
        return await _parting(visit)
    if reason not in words.REASONS or what not in ("unlink", "pause"):
        error = visit.say("Välj vad som ska göras, och varför.", "Choose what is to be done, and why.")
        return await _parting(visit, status=422, error=error)
    if not await _as_shown(visit, rows):
        return await _parting(visit, status=409, error=words.NOT_POSSIBLE["moved"].to(visit.language))
    comment = visit.form.get("comment", "").strip()[:500]
    decide = _paused if what == "pause" else _apart
    facts = [decide(row.person or "", reason, comment, visit.by) for row in rows]
    told = await visit.host.accept(visit.tenant, "desk", facts)

    async def decided() -> bool:
        return not await planning.undecided(visit.host.engine, visit.tenant, told)

    await until(decided, _WAIT)
    number = len(rows)
    said = (
        visit.say(f"{number} pausade; länken finns kvar.", f"{number} paused; the link stays.")
        if what == "pause"
        else visit.say(f"{number} isärtagna. Fortnox är inte rört.", f"{number} taken apart. Fortnox is not touched.")
    )
    return await compare(visit, refresh=False, said=said)


async def _as_shown(visit: Visit, rows: Sequence[PlanRow]) -> bool:
    """Tell whether each of them is still linked with whom the page showed: a plan shows what was when it was made."""
    now = await remembering.everybody(visit.host.engine, registry.flow("employees"), visit.tenant)
    partners = {key: known.partner for key, known in now.items()}
    return all(partners.get(row.person or "") == f"{EMPLOYEE}{row.employee_id}" for row in rows)


def _apart(person: str, reason: Any, comment: str, by: str) -> Fact:
    return LinkDecided(
        person=person, employee_id=None, reason=reason, comment=comment, decided_by=by, decided_at=clock.now()
    )


def _paused(person: str, reason: str, comment: str, by: str) -> Fact:
    why: Any = words.PAUSES.get(reason, "other")
    return PersonPaused(person=person, paused=True, reason=why, comment=comment, decided_by=by, decided_at=clock.now())


PAGES: Final = (
    Page("/companies/{tenant}/employees/plans/{plan:uuid}/rows/{row}", Permission.SEE, _one),
    Page("/companies/{tenant}/employees/plans/{plan:uuid}/rows/{row}", Permission.DECIDE, _change, act=True),
    Page("/companies/{tenant}/employees/plans/{plan:uuid}/unlink", Permission.SEE, _parting),
    Page("/companies/{tenant}/employees/plans/{plan:uuid}/unlink", Permission.DECIDE, _part, act=True),
)
