"""The plan: what a synchronisation would do with each person, compared in full. Pure."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from operator import itemgetter
from typing import Any, Final, Literal, get_args

from schemas.events import EmployeeField, EmployeeFields, PlanAction
from schemas.plans import FieldDifference, PlanRow, PlanState
from schemas.settings import EmployeesSettings, TenantSettings
from streams.employees.checks import CHECKS, FOR_A_NEW_ONE, problems
from streams.employees.effect import Prefer, Side, difference, newcomer, score
from streams.employees.fields import Rule, Step, filled, get, new_employee, new_person, rules, same, settle, whole
from streams.employees.state import UNIQUE, Employee, Origin, Person, State, employee_key, index_key

_ORDER: Final[tuple[PlanState, ...]] = ("conflict", "duplicate", "invalid", "hr_only", "fortnox_only", "linked")
_MATCHES: Final[tuple[Literal["email", "personal_number", "employment_id"], ...]] = (
    "email",
    "personal_number",
    "employment_id",
)
"""What a person is matched with an employee by, in this order; never the name alone."""

SIDES: Final[tuple[Side, ...]] = get_args(Side)
_MOST_NAMED: Final = 3
_LONGEST_WHY: Final = 1000
Matched = Literal["", "link", "email", "personal_number", "employment_id", "hand"]


@dataclass(slots=True)
class _Both:
    """Everybody on both sides, and who carries which value."""

    people: dict[str, Person] = field(default_factory=dict)
    employees: dict[str, Employee] = field(default_factory=dict)
    carriers: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))

    def others(self, side: Side, name: EmployeeField, value: Any, me: str) -> list[str]:
        """Return who else carries a value on one side."""
        return [key for key in self.carriers.get(index_key(side, name, value), ()) if key != me]

    def twins(self, fields: EmployeeFields | None, ours: Collection[str], sides: Iterable[Side] = SIDES) -> str:
        """Say with whom a record shares what is one person's only; nothing when it shares nothing."""
        said = []
        for name in UNIQUE:
            carriers = {k for side in sides for k in self.others(side, name, get(fields, name), "")}
            if others := sorted(carriers.difference(ours)):
                who = ", ".join(map(self._called, others[:_MOST_NAMED]))
                more = ", ..." if len(others) > _MOST_NAMED else ""
                said.append(f"The {name.replace('_', ' ')} is also that of {who}{more}.")
        return " ".join(said)

    def _called(self, key: str) -> str:
        held = self.people[key].hr if key in self.people else self.employees[key].fields
        return f"{name} ({key})" if (name := _name(held)) else key


def plan(states: Iterable[tuple[str, State]], settings: TenantSettings, today: date) -> tuple[PlanRow, ...]:  # noqa: ARG001 - a plan of another flow may need the day
    """Return a row for everybody, what needs a person first; nothing without settings for employees."""
    if settings.employees is None:
        return ()
    both = _gather(states, settings.employees.system)
    maker = _Maker(both, settings.employees, rules(settings.employees))
    rows = sorted(maker.rows(), key=lambda row: (_ORDER.index(row["state"]), row["name"], row["person"] or ""))
    return tuple(PlanRow(row=number, **row) for number, row in enumerate(rows, 1))


def _gather(states: Iterable[tuple[str, State]], system: str) -> _Both:
    both = _Both()
    for key, state in sorted(states, key=itemgetter(0)):
        if state.person and state.person.hr and not state.person.deleted and key.startswith(f"{system}/"):
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


@dataclass(frozen=True, slots=True)
class _Maker:
    both: _Both
    settings: EmployeesSettings
    rules: Mapping[EmployeeField, Rule]

    def rows(self) -> Iterable[dict[str, Any]]:
        """Yield every row without its number."""
        pairs = self._pairs()
        for key, person in self.both.people.items():
            if key not in pairs:
                yield self._only_in_hr(key, person)
                continue
            other, by = pairs[key]
            yield self._pair(key, person, other, self.both.employees.get(other, Employee()), by)
        met = {other for other, _ in pairs.values()}
        for key, employee in self.both.employees.items():
            if key not in met:
                yield self._only_in_fortnox(key, employee)

    def _pairs(self) -> dict[str, tuple[str, Matched]]:
        """Return who is whom, nobody twice: by their link, else by the first value that only these two carry."""
        pairs: dict[str, tuple[str, Matched]] = {
            key: (employee_key(person.link.employee_id), "link")
            for key, person in self.both.people.items()
            if person.link is not None
        }
        met = {other for other, _ in pairs.values()}
        for name in _MATCHES:
            for key, person in self.both.people.items():
                if key in pairs or person.unlinked:
                    continue
                value = get(person.hr, name)
                found = self.both.others("fortnox", name, value, key)
                if len(found) == 1 and found[0] not in met and not self.both.others("hr", name, value, key):
                    pairs[key] = found[0], name
                    met.add(found[0])
        return pairs

    def _only_in_hr(self, key: str, person: Person) -> dict[str, Any]:
        fields = person.hr or EmployeeFields()
        action: PlanAction = "create_in_fortnox"
        rule = "a_person_who_is_new_in_hr_is_created_in_fortnox"
        if person.paused:
            action, rule = "do_nothing", "what_is_paused_waits"
        elif person.unlinked:
            action, rule = "do_nothing", "what_a_person_took_apart_stays_apart"
        elif person.ignored:
            action, rule = "do_nothing", "what_a_person_left_alone_stays_alone"
        elif self.settings.source_of_truth == "fortnox":
            action, rule = "do_nothing", "fortnox_says_who_is_employed"
        row = self._row("hr_only", key, None, fields, None, action, rule, origin="exported")
        new = action != "do_nothing"
        row = self._checked(row, self.both.twins(fields, {key}, SIDES if new else ("hr",)), fields, new=new)
        return self._with_record(row, "hr", new_employee(fields, self.settings))

    def _only_in_fortnox(self, key: str, employee: Employee) -> dict[str, Any]:
        fields = employee.fields or EmployeeFields()
        action: PlanAction = "create_in_hr"
        rule = "an_employee_who_is_new_in_fortnox_is_created_in_hr"
        if employee.person is not None:
            action, rule = "do_nothing", "a_person_deleted_in_hr_is_kept_in_fortnox"
        elif employee.inactive:
            action, rule = "do_nothing", "an_inactive_employee_stays_where_they_are"
        elif employee.ignored:
            action, rule = "do_nothing", "what_a_person_left_alone_stays_alone"
        elif self.settings.source_of_truth == "hr":
            action, rule = "do_nothing", "hr_says_who_is_employed"
        row = self._row("fortnox_only", None, key, None, fields, action, rule, origin="imported")
        new = action != "do_nothing"
        row = self._checked(row, self.both.twins(fields, {key}, SIDES if new else ("fortnox",)), fields, new=new)
        return self._with_record(row, "fortnox", new_person(fields, self.settings))

    @staticmethod
    def _with_record(row: dict[str, Any], side: Side, record: EmployeeFields) -> dict[str, Any]:
        """Return the row of one who is created with what the new record gets."""
        return row if row["action"] == "do_nothing" else row | {"fields": newcomer(side, record, row["rule"])}

    def _pair(self, key: str, person: Person, other: str, employee: Employee, by: Matched) -> dict[str, Any]:
        hr, fortnox = person.hr or EmployeeFields(), employee.fields or EmployeeFields()
        steps = {
            f: step
            for f, rule in self.rules.items()
            if not same(f, get(hr, f), get(fortnox, f))
            and not (step := self._step(f, rule, person, hr, fortnox)).agreed
        }
        asks = any(s.asks for s in steps.values())
        sides = {s.to for s in steps.values()}
        action: PlanAction = "match"
        rule = "each_field_is_settled_by_its_rule"
        if person.paused:
            action, rule = "do_nothing", "what_is_paused_waits"
        elif by != "link" and (person.ignored or employee.ignored):
            action, rule = "do_nothing", "what_a_person_left_alone_stays_alone"
        elif asks:
            action, rule = "do_nothing", "a_conflict_waits_for_a_person"
        elif sides == {"fortnox"}:
            action, rule = "prefer_hr", next(iter(steps.values())).rule
        elif sides == {"hr"}:
            action, rule = "prefer_fortnox", next(iter(steps.values())).rule
        elif by == "link" and not sides - {None}:
            action, rule = "do_nothing", "both_sides_agree" if not steps else "what_differs_may_differ"
        row = self._row("conflict" if asks else "linked", key, other, hr, fortnox, action, rule, by=by)
        row |= {"score": score(hr, fortnox), "origin": person.link.origin if person.link else "matched"}
        if sides - {None}:
            ours = {key, other}
            goes = filled((f, s.value) for f, s in steps.items() if s.to)
            said = (
                self.both.twins(hr, ours, ["hr"]),
                self.both.twins(fortnox, ours, ["fortnox"]),
                self.both.twins(goes, ours),
            )
            twins = " ".join(dict.fromkeys(filter(None, said)))
            for side, held in (("fortnox", fortnox), ("hr", hr)):
                written = {f: s for f, s in steps.items() if s.to == side}
                row = self._checked(row, twins, whole(held, written), new=False)
        does = row["action"] != "do_nothing"
        row["fields"] = tuple(_difference(f, s, person, hr, fortnox, does=does) for f, s in steps.items())
        return row

    def _step(
        self, name: EmployeeField, rule: Rule, person: Person, hr: EmployeeFields, fortnox: EmployeeFields
    ) -> Step:
        return settle(
            name,
            rule,
            hr=get(hr, name),
            base=get(person.base, name),
            kept=person.base_in_fortnox(name),
            agreed=name in person.agreed,
            fortnox=get(fortnox, name),
            occasion="sync",
            hr_is_newer=bool(person.hr_at and person.fortnox_at and person.hr_at > person.fortnox_at),
        )

    @staticmethod
    def _checked(row: dict[str, Any], twins: str, fields: EmployeeFields, *, new: bool) -> dict[str, Any]:
        """Return the row, or one that does nothing and says what is wrong."""
        found = problems(fields, FOR_A_NEW_ONE if new else CHECKS)
        if twins:
            waits = {"state": "duplicate", "rule": "what_is_shared_waits", "why": twins[:_LONGEST_WHY]}
        elif found:
            why = " ".join(p.message for p in found)[:_LONGEST_WHY]
            waits = {"state": "invalid", "rule": found[0].reason, "why": why}
        else:
            return row
        return row | waits | {"action": "do_nothing"}

    @staticmethod
    def _row(
        state: PlanState,
        person: str | None,
        employee: str | None,
        hr: EmployeeFields | None,
        fortnox: EmployeeFields | None,
        action: PlanAction,
        rule: str,
        *,
        origin: Origin = "matched",
        by: Matched = "",
    ) -> dict[str, Any]:
        return {
            "state": state,
            "name": _name(hr or fortnox),
            "person": person,
            "employee_id": employee.removeprefix(employee_key("")) if employee else None,
            "action": action,
            "rule": rule,
            "origin": origin,
            "matched_by": by,
            "in_hr": hr,
            "in_fortnox": fortnox,
        }


def _name(fields: EmployeeFields | None) -> str:
    return " ".join(filter(None, (get(fields, "given_name"), get(fields, "family_name"))))[:200]


def _difference(
    name: EmployeeField, step: Step, person: Person, hr: EmployeeFields, fortnox: EmployeeFields, *, does: bool
) -> FieldDifference:
    prefer: Mapping[str | None, Prefer] = {"fortnox": "hr", "hr": "fortnox"}
    said = difference(name, hr, fortnox, prefer.get(step.to, "neither") if does else "neither", step.rule)
    base = difference(name, person.base, None, "neither", step.rule).hr if name in person.agreed else ""
    return said.model_copy(update={"base": base})
