"""What became of an applied plan of staff, as a letter: who, and which fields by name; never a value."""

from collections.abc import Sequence
from typing import Final

from connectors.desk import report_words
from connectors.desk.web.employee_words import BECAME, FIELDS
from infra import speaking
from infra.letters import Letter, Part, Row
from schemas.base import Language
from schemas.plans import Plan, PlanRow, RowOutcome
from schemas.words import Said, capital, count

_MOST: Final = 50
"""Rows that one part of a letter names."""
_ORDER: Final = ("refused", "held", "waiting", "created", "updated", "linked")
"""What is named row by row, what needs somebody first; of the rest the number says all."""
_FLOW: Final = "employees"
_OPEN: Final = frozenset({"refused", "held", "waiting"})
_LOUD: Final = frozenset({"refused"})

_TITLE: Final = Said("Anställda har synkroniserats", "Staff has been synchronised")
_SUBJECT: Final = Said("bokbuss: anställda, {done} klara ({company})", "bokbuss: staff, {done} done ({company})")
_OPEN_SUBJECT: Final = Said(
    "bokbuss: anställda, {done} klara, {open} att se över ({company})",
    "bokbuss: staff, {done} done, {open} to look at ({company})",
)
_LEAD: Final = Said("{company}: klara {done}, att se över {open}.", "{company}: done {done}, to look at {open}.")
_IN_ALL: Final = Said("I allt", "In all")
_MORE: Final = Said("och {number} till", "and {number} more")
_BUTTON: Final = Said("Se resultatet", "See the result")
_LEFT: Final = Said("{number} rader är inte genomförda än. ", "{number} rows are not applied yet. ")
_FOOT: Final = Said(
    "{left}Plan {plan}. Du får det här för att företaget har angett din adress för rapporter om anställda; värdena "
    "visas bara på sidan.",
    "{left}Plan {plan}. You get this because the company gave your address for reports on staff; values are shown on "
    "the page only.",
)


def letter(plan: Plan, found: Sequence[RowOutcome[PlanRow]], *, left: int, language: Language, base: str) -> Letter:
    """Return what became of a plan's rows.

    Args:
        left: how many rows that ask for something are not applied yet.
        base: where the desk is.
    """
    kinds = {kind: [one for one in found if report_words.kind(one) == kind] for kind in BECAME}
    to_look_at = sum(len(kinds[kind]) for kind in _OPEN)
    done = len(found) - to_look_at
    numbers = {"company": plan.tenant, "done": count(done, language), "open": count(to_look_at, language)}
    company = f"{base}/companies/{plan.tenant}"
    in_all = Part(
        _IN_ALL.to(language),
        tuple(
            Row(capital(BECAME[kind].to(language)), count(len(rows), language), loud=kind in _LOUD)
            for kind, rows in kinds.items()
            if rows
        ),
    )
    parts = tuple(
        Part(capital(BECAME[kind].to(language)), _rows(kind, kinds[kind], language, company))
        for kind in _ORDER
        if kinds[kind]
    )
    said = _LEFT.to(language, number=left) if left else ""
    return Letter(
        language=language,
        subject=(_OPEN_SUBJECT if to_look_at else _SUBJECT).to(language, **numbers),
        title=_TITLE.to(language),
        lead=_LEAD.to(language, **numbers),
        parts=(in_all, *parts),
        button=_BUTTON.to(language),
        address=f"{company}/employees/plans/{plan.plan_id}/results",
        foot=_FOOT.to(language, left=said, plan=plan.begins),
    )


def _rows(kind: str, those: Sequence[RowOutcome[PlanRow]], language: Language, company: str) -> tuple[Row, ...]:
    rows = [_row(kind, one, language, company) for one in those[:_MOST]]
    if len(those) > _MOST:
        rows.append(Row(_MORE.to(language, number=count(len(those) - _MOST, language))))
    return tuple(rows)


def _row(kind: str, one: RowOutcome[PlanRow], language: Language, company: str) -> Row:
    more, address = "", ""
    match kind:
        case "created":
            where = "Fortnox" if one.row.action == "create_in_fortnox" else "HR"
            more = f"{where} {one.record}".rstrip()
        case "updated":
            more = ", ".join(FIELDS[d.field].to(language) for d in one.row.fields if d.prefer != "neither")
        case "refused" | "held":
            more = capital(speaking.name("reason", _FLOW, one.reason, language)) if one.reason else ""
            address = f"{company}/held" if kind == "held" else ""
    return Row(one.row.name or one.row.key, more=more, loud=kind in _LOUD, address=address)
