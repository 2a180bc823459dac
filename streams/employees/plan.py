"""The plan: what a synchronisation would do with each person, compared in full. Pure.

Read it from ``plan``: everybody is one side of a ``Pair``, or both. The first of the ``RULES`` that says
something proposes an action, and then the ``OBJECTIONS`` are asked whether it may be done.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from operator import itemgetter
from typing import Any, Final, Literal

from schemas.events import EmployeeField, EmployeeFields, PlanAction, Prefer, Side
from schemas.plans import FieldDifference, Matched, Plan, PlanRow, PlanState, reasoned
from schemas.settings import EmployeesSettings, TenantSettings
from schemas.words import Text
from streams.employees import words
from streams.employees.checks import CHECKS, FOR_A_NEW_ONE, problems
from streams.employees.effect import difference, newcomer, score
from streams.employees.fields import MergeRule, MergeStep, filled, get, new_employee, new_person, rules, same, whole
from streams.employees.state import SIDES, UNIQUE, Employee, Person, State, employee_key, index_key

_ORDER: Final[tuple[PlanState, ...]] = ("conflict", "duplicate", "invalid", "hr_only", "fortnox_only", "linked")
_MATCHES: Final[tuple[Literal["email", "personal_number", "employment_id"], ...]] = (
    "email",
    "personal_number",
    "employment_id",
)
"""What a person is matched with an employee by, in this order; never the name alone."""

_MOST_NAMED: Final = 3


@dataclass(slots=True)
class _Both:
    """Everybody on both sides, who carries which value, and what the company has chosen."""

    settings: EmployeesSettings
    rules: Mapping[EmployeeField, MergeRule]
    people: dict[str, Person] = field(default_factory=dict)
    employees: dict[str, Employee] = field(default_factory=dict)
    carriers: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))

    def others(self, side: Side, name: EmployeeField, value: Any, me: str) -> list[str]:
        """Return who else carries a value on one side."""
        return [key for key in self.carriers.get(index_key(side, name, value), ()) if key != me]

    def twins(
        self, fields: EmployeeFields | None, ours: Collection[str], sides: Iterable[Side] = SIDES
    ) -> Iterator[Text]:
        """Say with whom a record shares what is one person's only, by key: what is said stands unsealed."""
        for name in UNIQUE:
            carriers = {k for side in sides for k in self.others(side, name, get(fields, name), "")}
            if others := sorted(carriers.difference(ours)):
                more = ("...",) if len(others) > _MOST_NAMED else ()
                yield words.SHARED(field=words.field(name), others=(*others[:_MOST_NAMED], *more))


@dataclass(frozen=True)
class Pair:
    """A person in HR and an employee in Fortnox, of whom one may be missing.

    Attributes:
        both: everybody, and what the company has chosen.
        key: of the person; None: in Fortnox only.
        person: what is remembered of them.
        other: the key of the employee; None: in HR only.
        employee: what is remembered of that one.
        by: what the pair is joined by.
    """

    both: _Both
    key: str | None = None
    person: Person | None = None
    other: str | None = None
    employee: Employee | None = None
    by: Matched = ""

    @property
    def hr(self) -> EmployeeFields | None:
        """What HR holds; None: nobody."""
        return (self.person.hr or EmployeeFields()) if self.person else None

    @property
    def fortnox(self) -> EmployeeFields | None:
        """What Fortnox holds; None: nobody."""
        return (self.employee.fields or EmployeeFields()) if self.employee else None

    @cached_property
    def steps(self) -> Mapping[EmployeeField, MergeStep]:
        """What becomes of each field of a pair that differs."""
        if self.person is None or self.employee is None:
            return {}
        new: dict[str, Any] = {"fortnox": self.fortnox}
        if self.person.link is None:  # as it will be once the two are joined
            new["fortnox_moved_at"] = self.employee.seen_at
        found = self.person.model_copy(update=new).settled(self.both.rules, "sync", {})
        return {f: step for f, step in found.items() if not step.agreed}

    @property
    def is_whole(self) -> bool:
        """Whether there are two."""
        return self.person is not None and self.employee is not None

    @property
    def sides(self) -> set[Side | None]:
        """Where the fields of a pair go; None: nowhere."""
        return {step.to for step in self.steps.values()}

    @property
    def asks(self) -> bool:
        """Whether a person must decide about a field."""
        return any(step.asks for step in self.steps.values())

    @property
    def state(self) -> PlanState:
        """How they stand, when nothing is wrong."""
        if self.person is None or self.employee is None:
            return "hr_only" if self.person else "fortnox_only"
        return "conflict" if self.asks else "linked"


@dataclass(frozen=True, slots=True)
class Proposal:
    """What is to be done. ``rule`` is named where it is not the one that speaks: a field's, or a check.

    ``state`` and ``why`` are said of what cannot be done.
    """

    action: PlanAction
    rule: str = ""
    state: PlanState | None = None
    why: Text | str = ""


_NOTHING: Final = Proposal("do_nothing")


def what_is_paused_waits(pair: Pair) -> Proposal | None:
    """Leave somebody alone for whom nothing is to travel now."""
    return _NOTHING if pair.person and pair.person.paused else None


def a_person_deleted_in_hr_is_kept_in_fortnox(pair: Pair) -> Proposal | None:
    """Leave an employee alone whose person is in HR no longer."""
    return _NOTHING if pair.person is None and pair.employee and pair.employee.person is not None else None


def an_inactive_employee_stays_where_they_are(pair: Pair) -> Proposal | None:
    """Leave an employee alone who does not work there any more."""
    return _NOTHING if pair.person is None and pair.employee and pair.employee.inactive else None


def what_a_person_took_apart_stays_apart(pair: Pair) -> Proposal | None:
    """Create nobody anew who was taken apart from an employee."""
    return _NOTHING if pair.employee is None and pair.person and pair.person.unlinked else None


def what_a_person_left_alone_stays_alone(pair: Pair) -> Proposal | None:
    """Do nothing about a record that a person said nothing is to be done about, unless it is linked since."""
    ignored = [known.ignored for known in (pair.person, pair.employee) if known]
    return _NOTHING if pair.by != "link" and any(ignored) else None


def fortnox_says_who_is_employed(pair: Pair) -> Proposal | None:
    """Create nobody in Fortnox where that is the source of truth."""
    return _NOTHING if pair.employee is None and pair.both.settings.source_of_truth == "fortnox" else None


def hr_says_who_is_employed(pair: Pair) -> Proposal | None:
    """Create nobody in HR where that is the source of truth."""
    return _NOTHING if pair.person is None and pair.both.settings.source_of_truth == "hr" else None


def a_person_who_is_new_in_hr_is_created_in_fortnox(pair: Pair) -> Proposal | None:
    """Create the employee of a person who has none."""
    return Proposal("create_in_fortnox") if pair.employee is None else None


def an_employee_who_is_new_in_fortnox_is_created_in_hr(pair: Pair) -> Proposal | None:
    """Create the person of an employee who has none."""
    return Proposal("create_in_hr") if pair.person is None else None


def an_id_alone_joins_no_strangers(pair: Pair) -> Proposal | None:
    """Leave two alone of whom nothing but the employment id says that they are one: numbers are given twice."""
    if pair.by != "employment_id":
        return None
    who: tuple[EmployeeField, ...] = ("email", "given_name", "family_name")
    said = [(f, get(pair.hr, f), get(pair.fortnox, f)) for f in who]
    if any(not one or not other or same(f, one, other) for f, one, other in said):
        return None
    return Proposal("do_nothing", state="conflict", why=words.ONLY_THE_ID())


def a_conflict_waits_for_a_person(pair: Pair) -> Proposal | None:
    """Leave a pair alone of which a field needs a person."""
    return _NOTHING if pair.asks else None


def fields_that_all_go_to_fortnox_prefer_hr(pair: Pair) -> Proposal | None:
    """Write HR's values, by the rule of the first field that differs."""
    return Proposal("prefer_hr", next(iter(pair.steps.values())).rule) if pair.sides == {"fortnox"} else None


def fields_that_all_go_to_hr_prefer_fortnox(pair: Pair) -> Proposal | None:
    """Write Fortnox's values, by the rule of the first field that differs."""
    return Proposal("prefer_fortnox", next(iter(pair.steps.values())).rule) if pair.sides == {"hr"} else None


def both_sides_agree(pair: Pair) -> Proposal | None:
    """Do nothing about two who are linked and do not differ."""
    return _NOTHING if pair.by == "link" and not pair.steps else None


def what_differs_may_differ(pair: Pair) -> Proposal | None:
    """Do nothing about two who are linked, where no field goes anywhere."""
    return _NOTHING if pair.by == "link" and not pair.sides - {None} else None


def each_field_is_settled_by_its_rule(_pair: Pair) -> Proposal:
    """Join the two, and let each field go where its rule says."""
    return Proposal("match")


PlanRule = Callable[[Pair], Proposal | None]
RULES: Final[tuple[PlanRule, ...]] = (
    what_is_paused_waits,
    # On one side only.
    a_person_deleted_in_hr_is_kept_in_fortnox,
    an_inactive_employee_stays_where_they_are,
    what_a_person_took_apart_stays_apart,
    what_a_person_left_alone_stays_alone,
    fortnox_says_who_is_employed,
    hr_says_who_is_employed,
    a_person_who_is_new_in_hr_is_created_in_fortnox,
    an_employee_who_is_new_in_fortnox_is_created_in_hr,
    # A pair.
    an_id_alone_joins_no_strangers,
    a_conflict_waits_for_a_person,
    fields_that_all_go_to_fortnox_prefer_hr,
    fields_that_all_go_to_hr_prefer_fortnox,
    both_sides_agree,
    what_differs_may_differ,
    each_field_is_settled_by_its_rule,
)
"""The first that says something proposes what is done; its name is in the row."""


def what_is_shared_waits(pair: Pair, *, creates: bool) -> Proposal | None:
    """Let a record wait that shares with somebody what is one person's only; who is created, on either side."""
    if pair.is_whole:
        ours = {pair.key or "", pair.other or ""}
        goes = filled((f, s.value) for f, s in pair.steps.items() if s.to)
        said = [
            *pair.both.twins(pair.hr, ours, ["hr"]),
            *pair.both.twins(pair.fortnox, ours, ["fortnox"]),
            *pair.both.twins(goes, ours),
        ]
    else:
        side: Side = "hr" if pair.person else "fortnox"
        ours = {pair.key or pair.other or ""}
        said = list(pair.both.twins(pair.hr or pair.fortnox, ours, SIDES if creates else (side,)))
    once = {each.english: each for each in said}
    return Proposal("do_nothing", state="duplicate", why=words.TOGETHER(problems=once.values())) if once else None


def what_is_wrong_waits(pair: Pair, *, creates: bool) -> Proposal | None:
    """Let a record wait that fails a check, under the name of the check; of a pair, what would be written."""
    if pair.is_whole:
        written = {side: {f: s for f, s in pair.steps.items() if s.to == side} for side in SIDES}
        held = {"hr": pair.hr or EmployeeFields(), "fortnox": pair.fortnox or EmployeeFields()}
        each = (problems(whole(held[side], written[side]), CHECKS) for side in SIDES)
    else:
        each = (problems(fields, FOR_A_NEW_ONE if creates else CHECKS) for fields in (pair.hr, pair.fortnox) if fields)
    if not (found := next(filter(None, each), ())):
        return None
    return Proposal("do_nothing", found[0].reason, "invalid", words.TOGETHER(problems=[p.message for p in found]))


OBJECTIONS: Final = (what_is_shared_waits, what_is_wrong_waits)
"""What stands in the way of a proposal: the first that says something counts instead."""


def judge(pair: Pair) -> tuple[str, Proposal]:
    """Return the name of the rule that proposes something, and what."""
    found = ((rule.__name__, rule(pair)) for rule in RULES)
    name, proposed = next((name, proposal) for name, proposal in found if proposal is not None)
    if not pair.is_whole or pair.sides - {None}:
        creates = proposed.action in {"create_in_fortnox", "create_in_hr"}
        against = ((objection.__name__, objection(pair, creates=creates)) for objection in OBJECTIONS)
        name, proposed = next(((name, said) for name, said in against if said is not None), (name, proposed))
    return proposed.rule or name, proposed


def _row(pair: Pair) -> PlanRow:
    """Return what a plan says of somebody; the rows are numbered later."""
    rule, proposal = judge(pair)
    row = PlanRow(
        row=1,
        state=proposal.state or pair.state,
        name=_name(pair.hr or pair.fortnox),
        person=pair.key,
        employee_id=pair.other.removeprefix(employee_key("")) if pair.other else None,
        action=proposal.action,
        rule=rule,
        **reasoned(proposal.why),
        matched_by=pair.by,
        in_hr=pair.hr,
        in_fortnox=pair.fortnox,
    )
    if pair.person and pair.employee:
        does = proposal.action != "do_nothing"
        return row.model_copy(
            update={
                "origin": pair.person.link.origin if pair.person.link else "matched",
                "score": score(row.in_hr or EmployeeFields(), row.in_fortnox or EmployeeFields()),
                "fields": tuple(_difference(f, step, pair, does=does) for f, step in pair.steps.items()),
            }
        )
    side: Side = "hr" if pair.person else "fortnox"
    new = {"origin": "exported" if pair.person else "imported"}
    if proposal.action == "do_nothing":
        return row.model_copy(update=new)
    made = new_employee if pair.person else new_person
    record = made(pair.hr or pair.fortnox or EmployeeFields(), pair.both.settings)
    return row.model_copy(update=new | {"fields": newcomer(side, record, rule)})


def about(settings: TenantSettings) -> tuple[()] | tuple[str, str]:
    """Return the company's HR system, and where its employees are kept; nothing without settings for employees."""
    return (settings.employees.system, "fortnox") if settings.employees else ()


def plan(states: Iterable[tuple[str, State]], settings: TenantSettings, today: date) -> tuple[PlanRow, ...]:  # noqa: ARG001 - a plan of another flow may need the day
    """Return a row for everybody, what needs a person first; nothing without settings for employees."""
    if settings.employees is None:
        return ()
    rows = sorted(
        map(_row, _everybody(_gather(states, settings.employees))),
        key=lambda row: (_ORDER.index(row.state), row.name, row.person or ""),
    )
    return tuple(row.model_copy(update={"row": number}) for number, row in enumerate(rows, 1))


def _gather(states: Iterable[tuple[str, State]], settings: EmployeesSettings) -> _Both:
    both = _Both(settings, rules(settings))
    for key, state in sorted(states, key=itemgetter(0)):
        if state.person and state.person.hr and not state.person.deleted and key.startswith(f"{settings.system}/"):
            both.people[key] = state.person
            _carry(both, "hr", state.person.hr, key)
        elif state.employee and state.employee.fields:
            both.employees[key] = state.employee
            _carry(both, "fortnox", state.employee.fields, key)
    return both


def _carry(both: _Both, side: Side, fields: EmployeeFields, key: str) -> None:
    for name in UNIQUE:
        if index := index_key(side, name, get(fields, name)):
            both.carriers[index].append(key)


def _pairs(both: _Both) -> dict[str, tuple[str, Matched]]:
    """Return who is whom, nobody twice: by their link, else by the first value that only these two carry."""
    pairs: dict[str, tuple[str, Matched]] = {
        key: (employee_key(person.link.employee_id), "link")
        for key, person in both.people.items()
        if person.link is not None
    }
    met = {other for other, _ in pairs.values()}
    for name in _MATCHES:
        for key, person in both.people.items():
            if key in pairs or person.unlinked:
                continue
            value = get(person.hr, name)
            found = both.others("fortnox", name, value, key)
            if len(found) == 1 and found[0] not in met and not both.others("hr", name, value, key):
                pairs[key] = found[0], name
                met.add(found[0])
    return pairs


def _everybody(both: _Both) -> Iterator[Pair]:
    """Yield everybody once."""
    pairs = _pairs(both)
    for key, person in both.people.items():
        if key in pairs:
            other, by = pairs[key]
            yield Pair(both, key, person, other, both.employees.get(other, Employee()), by)
        else:
            yield Pair(both, key, person)
    met = {other for other, _ in pairs.values()}
    for key, employee in both.employees.items():
        if key not in met:
            yield Pair(both, other=key, employee=employee)


def _difference(name: EmployeeField, step: MergeStep, pair: Pair, *, does: bool) -> FieldDifference:
    prefer: Mapping[str | None, Prefer] = {"fortnox": "hr", "hr": "fortnox"}
    to = prefer.get(step.to, "neither") if does else "neither"
    said = difference(name, pair.hr, pair.fortnox, to, step.rule)
    agreed = pair.person if pair.person and name in pair.person.agreed else None
    base = difference(name, agreed.base, None, "neither", step.rule).hr if agreed else ""
    return said.model_copy(update={"base": base})


def _name(fields: EmployeeFields | None) -> str:
    return " ".join(filter(None, (get(fields, "given_name"), get(fields, "family_name"))))[:200]


def objects(plan: Plan, _rows: Sequence[PlanRow], settings: TenantSettings, by: str) -> str:
    """Return why somebody may not apply a plan: where the company wants two people, who made it is one."""
    return plan.seen_by_two(by, {}) if settings.employees and settings.employees.four_eyes else ""
