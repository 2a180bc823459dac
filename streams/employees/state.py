"""What is remembered of people, employees, values that must be unique, and leaves. Pure."""

import hashlib
from collections.abc import Iterator, Mapping
from datetime import date, datetime
from typing import Any, Final, get_args
from uuid import UUID

from schemas.base import Who
from schemas.commands import HoldForReview, UpsertEmployee, UpsertPerson
from schemas.events import EmployeeField, EmployeeFields, FieldChoice, LeaveChanged, Origin, Prefer, Side
from schemas.flows import Remembered
from schemas.money import Percent
from schemas.words import Text, Wording, heard
from streams.employees.fields import FIELDS, MergeRule, MergeStep, Occasion, compared, get, same, settle

SIDES: Final[tuple[Side, ...]] = get_args(Side)
LIVE: Final = "employees/live"
UNIQUE: Final[tuple[EmployeeField, ...]] = ("email", "phone", "employment_id", "personal_number")
"""What no two people may share, on either side; all but the phone also match people with employees."""


class Link(Remembered):
    """A person in HR and an employee in Fortnox are one."""

    employee_id: str
    origin: Origin


class Pending(Remembered):
    """An order whose outcome is not known yet, and the system that it went to."""

    order_id: UUID
    order: UpsertEmployee | UpsertPerson


class RefusedOrder(Remembered):
    """The last order that a system refused; the next one to it replaces it."""

    order_id: UUID
    to: Side
    code: str
    why: str
    wording: Wording | None = None
    who: Who
    content: str
    """Of the order: the same is not sent again by itself."""

    @property
    def said(self) -> Text | str:
        """Why, to be filled into what is said of it."""
        return heard(self.wording, self.why)


class Person(Remembered):
    """A person in an HR system.

    Attributes:
        hr: what HR holds; None until it was told.
        hr_at: of when that is: when HR's record was changed last, as it told, or when we wrote to it.
        hr_told_at: the first of the two alone.
        hr_moved_at: when something in HR changed last that we had not written; the same for Fortnox.
        mentioned: the last mention that is answered by reading the person again.
        unlinked: why a person took the link apart; nothing goes out until there is one again.
        paused: why nothing travels for now, although the link stays.
        paused_at: when a person last decided that, or that it goes on.
        decided_at: when a person last joined it or took it apart.
        was: the employee that it was linked with then.
        fortnox: what Fortnox holds of the linked employee, as far as is known.
        base: what both agreed on last, for the fields in ``agreed``.
        kept: what Fortnox holds of it, for those in ``adapted``: it adapts values, and fills fields by itself.
        unread: fields that were written to Fortnox, and to HR, and not read there since.
        chosen: whose value a person chose for a field, until it changes again.
        wanted: somebody decided that Fortnox gets an employee for this person, and there is none yet.
        ignored: a person said that nothing is to be done, until the record changes.
        leaves: the keys of leaves that are not over: they follow the link.
        erased_at: when somebody decided that it is erased; no value is known since.
        told_since: HR has told of it since then.
    """

    hr: EmployeeFields | None = None
    hr_at: datetime | None = None
    hr_told_at: datetime | None = None
    hr_moved_at: datetime | None = None
    deleted: bool = False
    mentioned: str = ""
    link: Link | None = None
    unlinked: str = ""
    paused: str = ""
    paused_at: datetime | None = None
    decided_at: datetime | None = None
    was: str = ""
    fortnox: EmployeeFields | None = None
    fortnox_at: datetime | None = None
    fortnox_moved_at: datetime | None = None
    base: EmployeeFields = EmployeeFields()
    agreed: tuple[EmployeeField, ...] = ()
    kept: EmployeeFields = EmployeeFields()
    adapted: tuple[EmployeeField, ...] = ()
    unread: tuple[EmployeeField, ...] = ()
    unread_in_hr: tuple[EmployeeField, ...] = ()
    chosen: tuple[FieldChoice, ...] = ()
    wanted: bool = False
    ignored: bool = False
    leaves: tuple[str, ...] = ()
    erased_at: datetime | None = None
    told_since: bool = False

    @property
    def hr_is_newer(self) -> bool:
        """Tell whether HR's record was changed later than Fortnox's, as far as is known; what we wrote changes none."""
        hr, fortnox = self.hr_moved_at or self.hr_at, self.fortnox_moved_at or self.fortnox_at
        return bool(hr and fortnox and hr > fortnox)

    def base_in_fortnox(self, field: EmployeeField) -> Any:
        """Return what Fortnox held of a field when both agreed on it last."""
        return get(self.kept if field in self.adapted else self.base, field)

    def settled(
        self, rules: Mapping[EmployeeField, MergeRule], occasion: Occasion, chosen: Mapping[EmployeeField, Prefer]
    ) -> dict[EmployeeField, MergeStep]:
        """Return what becomes of each field now; ``chosen``: what a person chose for some."""
        return {
            f: settle(
                f,
                rule,
                hr=get(self.hr, f),
                base=get(self.base, f),
                kept=self.base_in_fortnox(f),
                agreed=f in self.agreed,
                fortnox=get(self.fortnox, f),
                occasion=occasion,
                hr_is_newer=self.hr_is_newer,
                prefer=chosen.get(f),
            )
            for f, rule in rules.items()
        }

    def differs(self, field: EmployeeField) -> bool:
        """Tell whether the two sides hold something else than each other, and than they came to agree on."""
        hr, fortnox = get(self.hr, field), get(self.fortnox, field)
        if same(field, hr, fortnox):
            return False
        stays = same(field, hr, get(self.base, field)) and same(field, fortnox, self.base_in_fortnox(field))
        return not (field in self.agreed and stays)


class Employee(Remembered):
    """An employee in Fortnox.

    Attributes:
        seen_at: when it was seen last, or written to by us.
        told_at: the first of the two alone.
        written: the fields that were written to it since.
        person: the linked person.
        wanted: HR is to get one, and has none yet.
    """

    fields: EmployeeFields | None = None
    seen_at: datetime | None = None
    told_at: datetime | None = None
    written: tuple[EmployeeField, ...] = ()
    inactive: bool = False
    person: str | None = None
    wanted: bool = False
    ignored: bool = False
    erased_at: datetime | None = None

    def is_free(self, system: str) -> bool:
        """Tell whether nobody of an HR system is linked: people of one that the company had before do not count."""
        return self.person is None or system_of(self.person) != system


class AbsenceDay(Remembered):
    """One day of a leave, as it stands with an employee in Fortnox or is to stand there."""

    employee_id: str
    day: date
    cause: str
    extent: Percent
    absence_id: str = ""


class PendingDay(Remembered):
    """An order for one day whose outcome is not known yet; ``after`` is the day as it then stands, None removes it."""

    order_id: UUID
    day: date
    after: AbsenceDay | None


class RefusedDay(Remembered):
    """The last order for a day, which Fortnox refused. ``again``: the same may be sent once more."""

    order_id: UUID
    day: date
    after: AbsenceDay | None
    again: bool
    code: str
    why: str
    wording: Wording | None = None
    who: Who

    @property
    def said(self) -> Text | str:
        """Why, to be filled into what is said of it."""
        return heard(self.wording, self.why)


class Leave(Remembered):
    """A leave: what HR says of it, the days that stand in Fortnox, and what is under way or was refused.

    ``left_alone``: a person said that nothing is to be done, until HR says something else of it.
    """

    said: LeaveChanged | None = None
    said_at: datetime | None = None
    days: tuple[AbsenceDay, ...] = ()
    pending: tuple[PendingDay, ...] = ()
    refused: tuple[RefusedDay, ...] = ()
    left_alone: bool = False


class State(Remembered):
    """What stands under one key. Each key uses its own part.

    Attributes:
        members: under an index key: the keys that carry its value.
        pending: orders whose outcome is not known; at most one to each side.
        hold: the open hold.
        refused: the last refusals, at most one of each side.
        steps: how many orders there have been; it numbers the next one.
        applied: the last row of a plan that was applied to it.
        live: under ``employees/live``: the first plan was applied.
        early: of somebody who is linked, something was told before that: it is decided then.
    """

    person: Person | None = None
    employee: Employee | None = None
    leave: Leave | None = None
    members: tuple[str, ...] = ()
    pending: tuple[Pending, ...] = ()
    hold: HoldForReview | None = None
    refused: tuple[RefusedOrder, ...] = ()
    steps: int = 0
    applied: str = ""
    live: bool = False
    early: bool = False

    @property
    def is_left_alone(self) -> bool:
        """Tell whether a person said that nothing is to be done about it until it changes."""
        alone = [self.person and self.person.ignored, self.employee and self.employee.ignored]
        return any((*alone, self.leave and self.leave.left_alone))


# --- Keys -----------------------------------------------------------------------------------------------------------


def employee_key(employee_id: str) -> str:
    """Return the key of an employee in Fortnox."""
    return f"fortnox/employee/{employee_id}"


def system_of(key: str) -> str:
    """Return the system whose record a key names."""
    return key.partition("/")[0]


def leave_key(key: str) -> str:
    """Return the key under which a leave is remembered: its own one could be a person's."""
    return f"leave/{key}"


def leave_of(key: str) -> str:
    """Return the key of the leave that the key of one of its days belongs to; any other key as it is."""
    return key.rpartition("/")[0] if key.startswith("leave/") else key


def index_keys(side: Side, fields: EmployeeFields | None) -> tuple[str, ...]:
    """Return the keys under which a record's unique values are remembered. No personal data is in them."""
    return tuple(key for field in UNIQUE if (key := index_key(side, field, get(fields, field))))


def index_key(side: Side, field: EmployeeField, value: Any) -> str:
    """Return the key of one value, or nothing for no value."""
    text = compared(field, value)
    return f"{side}/{field}/{hashlib.sha256(str(text).encode()).hexdigest()[:32]}" if text else ""


_UNSEEN: Final = ("leave/", *(f"{side}/{field}/" for side in SIDES for field in UNIQUE))


def in_plan(key: str) -> bool:
    """Tell whether a key may be that of a person or an employee; most are values' and leaves'."""
    return not key.startswith(_UNSEEN)


# --- Memory -------------------------------------------------------------------------------------------------------


class Memory(Mapping[str, State]):
    """The states that a message touches; what is put here is what changed, what is looked at is what must be read."""

    def __init__(self, states: Mapping[str, State]) -> None:
        self._states = dict(states)
        self.changed: dict[str, State] = {}
        self.touched: dict[str, None] = {}

    def __getitem__(self, key: str) -> State:
        """Return a state; a key that was not read is empty, and touched."""
        self.touched[key] = None
        return self._states.get(key, State())

    def __iter__(self) -> Iterator[str]:
        """Return every key that was read or put."""
        return iter(tuple(self._states))

    def __len__(self) -> int:
        """Return how many keys were read or put."""
        return len(self._states)

    def put(self, key: str, **new: Any) -> None:
        """Change a part of a state."""
        before = self[key]
        after = before.model_copy(update=new)
        if after != before:
            self._states[key] = self.changed[key] = after

    def person(self, key: str) -> Person:
        """Return a person, maybe one never heard of."""
        return self[key].person or Person()

    def employee(self, employee_id: str) -> Employee:
        """Return an employee, maybe one never seen."""
        return self[employee_key(employee_id)].employee or Employee()

    def is_free(self, employee: Employee, system: str) -> bool:
        """Tell whether nobody of an HR system is linked: whom it has deleted, a new record of the same one follows."""
        return employee.is_free(system) or self.person(employee.person or "").deleted

    def put_person(self, key: str, **new: Any) -> None:
        """Change a person; values that both sides hold alike are agreed on."""
        self.put(key, person=_agreeing(self.person(key).model_copy(update=new)))

    def put_employee(self, employee_id: str, **new: Any) -> None:
        """Change an employee."""
        self.put(employee_key(employee_id), employee=self.employee(employee_id).model_copy(update=new))

    def move(self, key: str, side: Side, old: EmployeeFields | None, new: EmployeeFields | None) -> None:
        """Take a record's old unique values out of the index and put its new ones in."""
        before, after = set(index_keys(side, old)), set(index_keys(side, new))
        for index in sorted(before - after):
            self.put(index, members=tuple(m for m in self[index].members if m != key))
        for index in sorted(after):
            self.put(index, members=tuple(sorted({*self[index].members, key})))


def _agreeing(person: Person) -> Person:
    """Return the person with every field that both sides hold alike as the base of later changes."""
    if person.link is None or person.hr is None or person.fortnox is None:
        return person
    alike = [f for f in FIELDS if same(f, get(person.hr, f), get(person.fortnox, f))]
    base = person.base.model_copy(update={f: get(person.hr, f) for f in alike})
    agreed = tuple(f for f in FIELDS if f in alike or f in person.agreed)
    chosen = tuple(c for c in person.chosen if c.field not in alike)
    adapted = tuple(f for f in person.adapted if f not in alike)
    return person.model_copy(update={"base": base, "agreed": agreed, "adapted": adapted, "chosen": chosen})
