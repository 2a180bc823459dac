"""What is to be done about a person, or an employee that HR lacks: one function for each rule, named for it. Pure.

What must hold of data before it is sent stands in ``checks``, and what becomes of each field in ``fields``; the
``RULES`` at the end say in which order.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from schemas.base import Message
from schemas.commands import Choice, SettledField
from schemas.events import (
    EmployeeChanged,
    EmployeeField,
    EmployeeFields,
    LeaveChanged,
    LinkDecided,
    PlanRowApplied,
    Side,
)
from schemas.flows import Held
from schemas.settings import EmployeesSettings
from streams.employees import words
from streams.employees.checks import CHECKS, FOR_A_NEW_ONE, FieldCheck, not_unique, problems
from streams.employees.fields import MergeStep, filled, get, new_employee, new_person, rules, shown, whole
from streams.employees.learn import moved
from streams.employees.state import UNIQUE, Memory, Person, State, employee_key, index_key
from streams.employees.verdict import (
    CREATE,
    DO_NOTHING,
    GO_ON,
    LEAVE_IT,
    MATCH,
    PREFER_FORTNOX,
    PREFER_HR,
    RESUME,
    Settled,
    Verdict,
    Write,
)

_LONGEST_LINE: Final = 300


@dataclass(frozen=True)
class Case:
    """A person, or an employee that HR lacks, and all that is known.

    Attributes:
        key: of the person or the employee.
        memory: what is remembered of everybody whom the message touches.
        message: what is decided on.
        live: the company has applied its first plan.
    """

    key: str
    memory: Memory
    settings: EmployeesSettings
    message: Message
    live: bool

    @property
    def state(self) -> State:
        """What stands under the key."""
        return self.memory[self.key]

    @property
    def person(self) -> Person:
        """The person."""
        return self.memory.person(self.key)

    @property
    def row(self) -> PlanRowApplied | None:
        """The row of a plan that was applied just now to this one."""
        return self.message if isinstance(self.message, PlanRowApplied) and self.message.key == self.key else None

    @property
    def ours(self) -> frozenset[str]:
        """The keys that are this one: the person's and the employee's."""
        link = self.person.link
        return frozenset({self.key, *([employee_key(link.employee_id)] if link else [])})


def another_systems_people_are_left_alone(case: Case) -> Verdict | None:
    """Do nothing about people of an HR system that the company has no longer."""
    ours = case.state.person is None or case.key.startswith(f"{case.settings.system}/")
    return None if ours else Settled()


def an_erased_person_waits(case: Case) -> Verdict | None:
    """Keep nothing of somebody who was erased, and say so when HR tells of them."""
    employee = case.state.employee
    if case.person.erased_at is None:
        return Settled() if employee is not None and employee.erased_at is not None else None
    if not case.person.told_since or case.person.ignored:
        return Settled()
    day = case.person.erased_at.date()
    return Held("erased", words.ERASED(day=day, key=case.key), choices=(DO_NOTHING,))


def an_answer_is_awaited_first(case: Case) -> Verdict | None:
    """Wait for what is under way: what comes meanwhile collapses into the newest state."""
    if not case.state.pending:
        return None
    if case.row:
        return Held("moved_since_the_plan", words.UNDER_WAY(), choices=(GO_ON,))
    return Settled(keep_hold=True)


def a_row_that_has_moved_is_refused(case: Case) -> Verdict | None:
    """Refuse a row of a plan when a value is not any more what the plan showed."""
    # Learning has linked what the row joins, if nothing had moved: a link of its own is no move.
    if case.row is None or not (what := moved(case.memory, case.row)):
        return None
    return Held("moved_since_the_plan", words.HAS_MOVED(names=what), choices=(GO_ON,))


def nothing_happens_before_the_first_plan(case: Case) -> Verdict | None:
    """Only learn until a plan was applied."""
    wanted = case.person.wanted or bool(case.state.employee and case.state.employee.wanted)
    return None if case.live or case.row or wanted or case.state.refused else Settled()


def what_a_person_left_alone_stays_alone(case: Case) -> Verdict | None:
    """Do nothing about a record that a person said nothing is to be done about."""
    ignored = case.person.ignored or bool(case.state.employee and case.state.employee.ignored)
    return Settled() if ignored else None


def an_employee_that_hr_lacks_is_created_on_demand(case: Case) -> Verdict | None:
    """Give HR a person when a row of a plan says so."""
    employee = case.state.employee
    if employee is None:
        return None
    asked = case.row is not None and case.row.action == "create_in_hr"
    if employee.person is not None or employee.fields is None or not (asked or employee.wanted):
        return Settled()
    if wrong := _wrong(case, employee.fields, FOR_A_NEW_ONE, UNIQUE):
        return wrong
    return (Write("hr", None, new_person(employee.fields, case.settings)),)


def a_person_that_hr_never_told_is_unknown(case: Case) -> Verdict | None:
    """Nothing can be said of a person before HR told of them."""
    return Settled() if case.person.hr is None else None


def two_that_cannot_be_joined_stay_apart(case: Case) -> Verdict | None:
    """Say that a person cannot be linked as was decided, since one of the two is linked with another."""
    asked = case.message if isinstance(case.message, LinkDecided) and case.message.key == case.key else None
    link = case.person.link
    if asked is None or asked.employee_id is None or asked.decided_at != case.person.decided_at:
        return None
    if link is not None and link.employee_id == asked.employee_id:
        return None
    why = (
        words.PERSON_LINKED_ALREADY(asked=asked.employee_id, person=case.key, other=link.employee_id)
        if link
        else words.EMPLOYEE_LINKED_ALREADY(asked=asked.employee_id)
    )
    return Held("already_linked", why, choices=(GO_ON,))


def a_person_who_is_paused_waits(case: Case) -> Verdict | None:
    """Hold what changes about somebody for whom nothing is to travel now; the link stays."""
    if not case.person.paused:
        return None
    told = (isinstance(case.message, EmployeeChanged) and case.message.key == case.key) or case.state.hold is not None
    told = told or (isinstance(case.message, LeaveChanged) and case.key.endswith(f"/{case.message.person_id}"))
    if not told and case.row is None:
        return Settled()
    return Held("paused", words.PAUSED(reason=words.why(case.person.paused)), choices=(RESUME,))


def a_person_deleted_in_hr_is_kept_in_fortnox(case: Case) -> Verdict | None:
    """Say that HR has deleted a linked person; Fortnox cannot delete an employee."""
    if not case.person.deleted:
        return None
    if case.person.link is None:
        return Settled()
    return Held("deleted_in_hr", words.DELETED(employee=case.person.link.employee_id), choices=(DO_NOTHING,))


def a_person_who_was_taken_apart_waits(case: Case) -> Verdict | None:
    """Hold what changes while there is no link, by a person's will."""
    if not case.person.unlinked or case.person.wanted or case.row:
        return None
    told = (isinstance(case.message, EmployeeChanged) and case.message.key == case.key) or case.state.hold is not None
    told = told or (isinstance(case.message, LeaveChanged) and case.key.endswith(f"/{case.message.person_id}"))
    if not told:
        return Settled()
    why = words.UNLINKED(reason=words.why(case.person.unlinked))
    was = case.person.was
    again = (_match(was),) if was and case.memory.employee(was).person is None else ()
    return Held("not_linked", why, choices=(*again, DO_NOTHING))


def a_new_person_is_created_or_waits(case: Case) -> Verdict | None:
    """Create the employee of a person without one, if a row, an answer or the settings say so; else ask."""
    person = case.person
    if person.link is not None or person.hr is None:
        return None
    asked = (case.row is not None and case.row.action == "create_in_fortnox") or person.wanted
    if case.row is not None and not asked:
        return Held("moved_since_the_plan", words.CANNOT_BE_JOINED(), choices=(GO_ON,))
    if not asked and (found := _candidates(case)):
        choices = tuple(_match(key.removeprefix(employee_key(""))) for key in found)
        return Held("new_in_hr", words.MAYBE_KNOWN(known=found), choices=(*choices, CREATE, DO_NOTHING))
    if not asked and case.settings.new_in_hr == "hold":
        return Held("new_in_hr", words.NEW_IN_HR(), choices=(CREATE, DO_NOTHING))
    if wrong := _wrong(case, person.hr, FOR_A_NEW_ONE, UNIQUE):
        return wrong
    return (Write("fortnox", None, new_employee(person.hr, case.settings)),)


def _match(employee_id: str) -> Choice:
    return Choice.saying(f"{MATCH}{employee_id}", words.MATCH(employee=employee_key(employee_id)))


def _candidates(case: Case) -> tuple[str, ...]:
    """Return who it could be in Fortnox: by e-mail, then personal number, then employment id; never by name."""
    matched: tuple[EmployeeField, ...] = ("email", "personal_number", "employment_id")
    for name in matched:
        members = case.memory[index_key("fortnox", name, get(case.person.hr, name))].members
        free = [
            m for m in members if (e := case.memory[m].employee) is None or case.memory.is_free(e, case.settings.system)
        ]
        if free:
            return tuple(free[:3])
    return ()


def differing_fields_are_settled_one_by_one(case: Case) -> Verdict | None:
    """Merge each field three ways; one that needs a person holds them all, what is wrong is not sent."""
    person = case.person
    if person.hr is None or person.fortnox is None or person.link is None:
        who = person.link.employee_id if person.link else ""
        return Held("employee_not_seen", words.NOT_SEEN(employee=who), choices=(DO_NOTHING,))
    chosen = {c.field: c.prefer for c in person.chosen}
    steps = person.settled(rules(case.settings), "sync" if case.row else "live", chosen)
    if asks := {f: s for f, s in steps.items() if s.asks}:
        kinds = sorted({s.asks for s in asks.values()})
        return Held(
            "conflict" if "conflict" in kinds else kinds[0],
            words.FIELDS_DIFFER(fields=[words.field(f) for f in asks]),
            tuple(_line(f, person) for f in asks),
            (PREFER_HR, PREFER_FORTNOX, LEAVE_IT),
        )
    writes = []
    sides: tuple[Side, ...] = ("fortnox", "hr")
    for side in sides:
        mine = {f: s for f, s in steps.items() if s.to == side}
        if not mine:
            continue
        held = person.fortnox if side == "fortnox" else person.hr
        fields = filled((f, s.value) for f, s in mine.items() if s.value is not None)
        if wrong := _wrong(case, whole(held, mine), CHECKS, [f for f in mine if get(fields, f)]):
            return wrong
        record = person.link.employee_id if side == "fortnox" else case.key.partition("/")[2]
        expected = filled((f, get(held, f)) for f in mine)
        clear = tuple(f for f, s in mine.items() if s.value is None)
        back = side == "fortnox" and _comes_back(case, mine.get("last_day"))
        settled = tuple(SettledField(field=f, rule=s.rule) for f, s in mine.items())
        writes.append(Write(side, record, fields, clear, expected, back, settled))
    return tuple(writes) or Settled()


def _comes_back(case: Case, last_day: MergeStep | None) -> bool:
    """Tell whether a later last day, or none, is written to an employee who was set inactive after the one before."""
    person = case.person
    held: date | None = get(person.fortnox, "last_day")
    if last_day is None or held is None or person.link is None:
        return False
    later = last_day.value is None or (isinstance(last_day.value, date) and last_day.value > held)
    return later and case.memory.employee(person.link.employee_id).inactive


def _wrong(
    case: Case,
    fields: EmployeeFields,
    checks: Iterable[FieldCheck],
    written: Iterable[Any],
) -> Held | None:
    """Hold what fails a check, or shares with somebody what is one person's only."""
    shared = not_unique(case.memory, fields, written, ours=case.ours, system=case.settings.system)
    found = (*problems(fields, checks), *shared)
    if not found:
        return None
    return Held(found[0].reason, words.TOGETHER(problems=[p.message for p in found]), choices=(DO_NOTHING,))


def _line(name: EmployeeField, person: Person) -> str:
    values = [
        ("HR", person.hr),
        ("Fortnox", person.fortnox),
        *([("before", person.base)] if name in person.agreed else []),
    ]
    return f"{name}: " + ", ".join(f"{side} {shown(get(fields, name))}" for side, fields in values)[:_LONGEST_LINE]


Rule = Callable[[Case], Verdict | None]
RULES: Final[tuple[Rule, ...]] = (
    another_systems_people_are_left_alone,
    an_erased_person_waits,
    an_answer_is_awaited_first,
    a_row_that_has_moved_is_refused,
    nothing_happens_before_the_first_plan,
    what_a_person_left_alone_stays_alone,
    an_employee_that_hr_lacks_is_created_on_demand,
    a_person_that_hr_never_told_is_unknown,
    two_that_cannot_be_joined_stay_apart,
    a_person_who_is_paused_waits,
    a_person_deleted_in_hr_is_kept_in_fortnox,
    a_person_who_was_taken_apart_waits,
    a_new_person_is_created_or_waits,
    differing_fields_are_settled_one_by_one,
)
"""The first that says something decides; its name is in the order."""


def judge(case: Case) -> tuple[str, Verdict]:
    """Return the name of the rule that decides, and what it says."""
    found = ((rule.__name__, rule(case)) for rule in RULES)
    return next((name, verdict) for name, verdict in found if verdict is not None)
