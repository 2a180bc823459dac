"""The staff of the demo: who they are on both sides, what the audit trail tells of them, and their tie-out. Pure.

Both sides come from the sandboxes, as the systems themselves show them, and not from bokbuss.
"""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from itertools import chain
from typing import Any, Final, Literal, get_args

from connectors.demo.scenes import Company
from connectors.demo.telling import Effect, words
from schemas.audit import AuditRecord
from schemas.base import SWEDEN
from schemas.commands import UpsertPerson, WriteAbsence
from schemas.envelope import type_of
from schemas.events import EmployeeField
from schemas.settings import AbsenceCause, EmployeesSettings, FieldRule, TenantSettings

SYSTEM: Final = "alexishr"
KONTORET = Company(
    "kontoret",
    "Kontoret på Höjden AB",
    "5599990032",
    1003,
    {},
    TenantSettings(
        employees=EmployeesSettings(
            system=SYSTEM,
            source_of_truth="hr",
            street_line=2,
            fields=tuple(FieldRule(field=name, on_missing="fill") for name in get_args(EmployeeField)),
            causes=(AbsenceCause(kind="VACATION", cause="SEM"),),
        )
    ),
    "bookkeeping companyinformation costcenter settings project salary",
)

# Nobody's: the sandbox of Alexis HR begins with Anna, Bo, Cilla and Dan, who has no e-mail address.
_SHARED_PHONE: Final = "070-174 06 20"
HIRED: Final[tuple[Mapping[str, Any], ...]] = (
    {
        "first_day": "2021-02-01",
        "firstName": "Gustav",
        "lastName": "Dubbel",
        "workEmail": "gustav@example.se",
        "privatePhone": _SHARED_PHONE,
    },
    {
        "first_day": "2023-05-02",
        "firstName": "Hanna",
        "lastName": "Dubbel",
        "workEmail": "hanna@example.se",
        "privatePhone": _SHARED_PHONE,
    },
    {
        "first_day": "2018-09-03",
        "firstName": "Ivar",
        "lastName": "Lika",
        "workEmail": "ivar@example.se",
        "privatePhone": "070-174 06 31",
        "title": "Kock",
    },
)
IN_FORTNOX: Final[Mapping[str, Mapping[str, str]]] = {
    "1": {"FirstName": "Anna", "LastName": "Exempelsson", "Email": "anna@example.se", "City": "Solna"},
    "7": {"FirstName": "Ivar", "LastName": "Lika", "Email": "ivar@example.se", "JobTitle": "Kock"},
    "77": {"FirstName": "Eva", "LastName": "Extra", "Email": "eva@example.se", "City": "Umeå"},
}

End = Literal["agree", "apart", "only in HR", "only in Fortnox"]
ENDS: Final[Mapping[str, tuple[End, str]]] = {
    "Anna Exempelsson": ("agree", "a conflict, which a person settled"),
    "Bo Testberg": ("apart", "taken apart: what HR changes waits"),
    "Cilla Provare": ("agree", "created"),
    "Dan Utanpost": ("only in HR", "invalid: no e-mail address"),
    "Eva Extra": ("only in Fortnox", "HR says who is employed"),
    "Gustav Dubbel": ("only in HR", "duplicate: shares a phone"),
    "Hanna Dubbel": ("only in HR", "duplicate: shares a phone"),
    "Ivar Lika": ("agree", "moved since the first plan; by the second"),
}
"""How everybody must end, and why."""

# --- Both sides, as the systems show them ---------------------------------------------------------------------------

Copy = Mapping[str, str]
"""A person's fields in one system, in a form in which both can be compared; what is empty is left out."""
Record = Mapping[str, Any]

_COUNTRIES: Final = {"SVERIGE": "SE", "SWEDEN": "SE"}


def in_hr(record: Record, employments: Iterable[Record]) -> Copy:
    """Return what Alexis HR shows of a person."""
    own = sorted((e for e in employments if e["employeeId"] == record["id"]), key=lambda e: str(e["startDate"]))
    address, bank, tax = (record.get(part) or {} for part in ("homeAddress", "bankAccount", "tax"))
    return _copy(
        {
            "given_name": record.get("firstName"),
            "family_name": record.get("lastName"),
            "email": record.get("workEmail") or record.get("privateEmail"),
            "phone": record.get("privatePhone") or record.get("workPhone"),
            "street": address.get("street"),
            "postal_code": address.get("postalCode"),
            "city": address.get("city"),
            "country": address.get("country"),
            "bank_account": f"{bank.get('clearing', '')}{bank.get('number', '')}",
            "first_day": _day(own[0]["startDate"]) if own else "",
            "last_day": _day(own[-1]["endDate"]) if own else "",
            "title": record.get("title"),
            "personal_number": record.get("ssn"),
            "tax_table": tax.get("table"),
            "tax_column": tax.get("column"),
        }
    )


def in_fortnox(values: Record) -> Copy:
    """Return what Fortnox shows of an employee."""
    return _copy(
        {
            "given_name": values.get("FirstName"),
            "family_name": values.get("LastName"),
            "email": values.get("Email"),
            "phone": values.get("Phone1"),
            "street": values.get("Address2"),
            "postal_code": values.get("PostCode"),
            "city": values.get("City"),
            "country": values.get("Country"),
            "bank_account": f"{values.get('ClearingNo') or ''}{str(values.get('BankAccountNo') or '').lstrip('0')}",
            "first_day": values.get("EmploymentDate"),
            "last_day": values.get("EmployedTo"),
            "title": values.get("JobTitle"),
            "personal_number": values.get("PersonalIdentityNumber"),
            "tax_table": values.get("TaxTable"),
            "tax_column": values.get("TaxColumn"),
        }
    )


def name_of(copy: Copy) -> str:
    """Return a person's whole name."""
    return f"{copy.get('given_name', '')} {copy.get('family_name', '')}".strip()


def _day(moment: str | None) -> str:
    return datetime.fromisoformat(moment).astimezone(SWEDEN).date().isoformat() if moment else ""


def _copy(fields: Mapping[str, Any]) -> Copy:
    return {name: plain for name, value in fields.items() if (plain := _plain(name, str(value or "").strip()))}


def _plain(name: str, value: str) -> str:
    digits = re.sub(r"\D", "", value)
    match name:
        case "phone":
            return digits.removeprefix("46").removeprefix("0")
        case "personal_number":
            return digits[-10:]
        case "postal_code" | "bank_account":
            return digits
        case "country":
            return _COUNTRIES.get(value.upper(), value.upper())
    return value


# --- The tie-out ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Somebody:
    """A line of the table: a person, where they are, and in how many fields both sides agree. No value is shown."""

    name: str
    ended: str
    expected: str
    agree: int
    differ: tuple[str, ...]
    days: int
    story: str

    def to_json(self) -> dict[str, Any]:
        """Return the line as JSON values."""
        return asdict(self) | {"differ": list(self.differ)}


@dataclass(frozen=True, slots=True)
class Staff:
    """Both systems in full, at one moment.

    Attributes:
        hr, fortnox: everybody there.
        leaves: (name, day) of each day of leave that HR shows.
        absences: (name, day) of each absence in Fortnox.
    """

    hr: Sequence[Copy]
    fortnox: Sequence[Copy]
    leaves: Sequence[tuple[str, str]] = ()
    absences: Sequence[tuple[str, str]] = ()


@dataclass(frozen=True, slots=True)
class StaffTieOut:
    """The table and what is not accounted for."""

    rows: tuple[Somebody, ...]
    problems: tuple[str, ...]


def tie_out(staff: Staff, ends: Mapping[str, tuple[End, str]] = ENDS) -> StaffTieOut:
    """Compare both sides field by field and day by day, and with how each person must end."""
    hr = {name_of(copy): copy for copy in staff.hr}
    fortnox = {name_of(copy): copy for copy in staff.fortnox}
    rows = []
    problems = [
        f"{name} stands {times} times in {side}"
        for side, copies in (("HR", staff.hr), ("Fortnox", staff.fortnox))
        for name, times in Counter(map(name_of, copies)).items()
        if times > 1
    ]
    for name in sorted({*hr, *fortnox, *ends}):
        expected, story = ends.get(name, ("nowhere", "nobody expected"))
        row = _somebody(name, hr.get(name), fortnox.get(name), expected, story, staff)
        rows.append(row)
        if row.ended != row.expected:
            differ = f" (they differ in {', '.join(row.differ)})" if row.differ else ""
            problems.append(f"{name}: ended as {row.ended!r}, not as {row.expected!r}{differ}")
    days = Counter(staff.absences)
    problems += [f"{name}: {day} stands {times} times" for (name, day), times in days.items() if times > 1]
    problems += [f"{name}: {day} is leave in HR only" for name, day in sorted(set(staff.leaves) - days.keys())]
    problems += [f"{name}: {day} is absence in Fortnox only" for name, day in sorted(days.keys() - set(staff.leaves))]
    return StaffTieOut(tuple(rows), tuple(f"{KONTORET.tenant} {problem}" for problem in problems))


def _somebody(name: str, hr: Copy | None, fortnox: Copy | None, expected: str, story: str, staff: Staff) -> Somebody:
    one, other = hr or {}, fortnox or {}
    both = sorted(one.keys() | other.keys()) if hr and fortnox else ()
    differ = tuple(field for field in both if one.get(field) != other.get(field))
    ended = "nowhere"
    if hr and fortnox:
        ended = "apart" if differ else "agree"
    elif hr or fortnox:
        ended = "only in HR" if hr else "only in Fortnox"
    days = sum(who == name for who, _ in staff.absences)
    return Somebody(name, ended, expected, len(both) - len(differ), differ, days, story)


# --- The lines ------------------------------------------------------------------------------------------------------

_DAYS: Final = {"create": "is an absence in Fortnox", "update": "was changed in Fortnox", "delete": "was taken back"}


def who(key: str, names: Mapping[str, str]) -> str:
    """Return the name that a key has; that of a day of a leave is the leave's."""
    return names.get(key) or names.get(key.rpartition("/")[0]) or ""


def effect(tenant: str, record: AuditRecord, names: Mapping[str, str]) -> Effect:
    """Say what a record of the trail tells of somebody."""
    what, text = _said(record)
    return Effect(record.at, tenant, who(record.key, names), what, text)


_SYSTEMS = {"fortnox": "Fortnox", SYSTEM: "Alexis HR"}


def _said(record: AuditRecord) -> tuple[str, str]:
    message = record.why.removeprefix(f"{record.key}: ")
    match record.outcome:
        case "delivered" | "already_there":
            return _carried_out(record)
        case "held":
            what, text = "held", f"held, {words(record.code)}: {message}"
        case "released":
            what, text = "released", f"no longer held: {message}"
        case "connected" | "disconnected" as what:
            system = _SYSTEMS.get(record.key.partition("/")[0], record.key)
            text = f"{system}{' is connected' if what == 'connected' else ''}: {message}"
        case outcome:
            what, text = outcome, f"{words(outcome)} {message}".rstrip()
    return what, text


def _carried_out(record: AuditRecord) -> tuple[str, str]:
    note = f" ({record.why})" if record.why else ""
    if record.message_type == type_of(WriteAbsence):
        return "absence", f"{record.key.rpartition('/')[2]} {_DAYS[record.step.partition('/')[0]]}"
    if record.message_type == type_of(UpsertPerson):
        return "person", f"written to HR{note}"
    how = "created as" if record.rule == "a_new_person_is_created_or_waits" else "written to"
    return "employee", f"{how} employee {record.record} in Fortnox{note}"


def days_of(first: str, last: str) -> Iterable[str]:
    """Return each day of a leave, as HR shows its first and its last."""
    begin, end = (datetime.fromisoformat(_day(each)).toordinal() for each in (first, last))
    return (datetime.fromordinal(day).date().isoformat() for day in range(begin, end + 1))


def leaves_of(leaves: Iterable[Record], names: Mapping[str, str]) -> list[tuple[str, str]]:
    """Return (name, day) of each day of leave; ``names`` by the id of a person in HR."""
    return list(
        chain.from_iterable(
            ((names[leave["employeeId"]], day) for day in days_of(leave["startDate"], leave["endDate"]))
            for leave in leaves
        )
    )
