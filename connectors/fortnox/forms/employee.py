"""Employees in Fortnox's words: what is sent of them, what a record says, and where the two differ. Pure.

Facts: ``fortnox.md`` §2.6 (``""`` and null keep, ``API_BLANK`` clears), §3.1 and A1. Values are texts in the form of
``EmployeeFields``; personal ones are in memory only, and nothing here puts a value into words.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, Final
from urllib.parse import quote

from connectors.fortnox import encode, refusal_words, waiting_words
from connectors.fortnox.classify import NO_RIGHT, day, unreadable_list
from infra.delivery.requests import Request
from infra.verdicts import Delivered, Rejected, RetryLater, noting
from schemas.base import is_day
from schemas.characters import sanitise
from schemas.commands import NewEmployee, UpsertEmployee
from schemas.countries import country_code, country_name
from schemas.events import EmployeeFields
from schemas.people import LONGEST_TITLE, e164, kept
from schemas.personal import Personal, unsealed_account, unsealed_number
from schemas.words import Text, named

BLANK: Final = "API_BLANK"
"""Sent as a value, it empties the field; ``""`` and null would leave it as it is."""

NAMES: Final[Mapping[str, tuple[str, ...]]] = {
    "email": ("Email",),
    "given_name": ("FirstName",),
    "family_name": ("LastName",),
    "phone": ("Phone1",),
    "postal_code": ("PostCode",),
    "city": ("City",),
    "country": ("Country",),
    "bank_account": ("ClearingNo", "BankAccountNo"),
    "first_day": ("EmploymentDate",),
    "last_day": ("EmployedTo",),
    "title": ("JobTitle",),
    "personal_number": ("PersonalIdentityNumber",),
    "tax_table": ("TaxTable",),
    "tax_column": ("TaxColumn",),
}
"""Our field -> Fortnox's; the street is ``Address1`` or ``Address2``, as the order says. The id never changes."""

SHOWN: Final[Mapping[str, str]] = {
    "employment_id": "EmployeeId",
    "street": "Address1, Address2",
    **{name: ", ".join(theirs) for name, theirs in NAMES.items()},
}
"""What Fortnox calls each field, for people."""

_COUNTRIES: Final[Mapping[str, str]] = {
    "BN": "Brunei Darussalam",
    "BO": "Bolivia, Plurinational State of",
    "CZ": "Czech Republic",
    "HK": "Hong Kong",
    "MM": "Myanmar",
    "VG": "Virgin Islands British",
    "VI": "Virgin Islands U.S.",
}
"""What Fortnox's list calls countries otherwise than CLDR, as far as it is public; of invoices it takes no other."""
_REQUIRED: Final = ("email", "given_name", "family_name")
_MOBILE: Final = re.compile(r"(07\d)(\d{3})(\d{2})(\d{2})", re.ASCII)
_PERSONAL: Final = re.compile(r"(?P<year>\d{4})\d{8}", re.ASCII)
_PLUS_FROM: Final = 100
"""Years: in the year in which one becomes so old, the - of a personal number becomes a +."""

Values = Mapping[str, str]
"""Our field -> its text, opened: ``198001011234``, ``6000,123456789``, ``2026-01-31``."""


def plain(fields: EmployeeFields, opened: Mapping[str, str]) -> dict[str, str]:
    """Return the fields that hold something, as texts; the personal ones as ``opened`` has them."""
    return {
        name: opened[name] if isinstance(value, Personal) else str(value)
        for name, value in fields
        if value not in (None, "") and name != "employment_id"
    }


def create(order: UpsertEmployee, values: Values, today: date) -> Request | Rejected:
    """Return the request for a new employee; without an id Fortnox gives it the next number."""
    missing = [name for name in _REQUIRED if not _sent(name, values.get(name, ""))]
    if missing:
        return Rejected.saying("employee_fields_missing", refusal_words.EMPLOYEE_NEEDS(fields=missing), "accountant")
    fields = _fields(order, values, values, today)
    if isinstance(fields, Rejected):
        return fields
    number = {"EmployeeId": order.employee_id} if order.employee_id else {}
    return Request("POST", "employees", body=encode.body("Employee", number | fields | _agreement(order.new)))


def _agreement(new: NewEmployee | None) -> dict[str, str]:
    """Return what Fortnox finds a new employee's agreement by."""
    if new is None:
        return {}
    told = {"PersonelType": new.personnel_type, "EmploymentForm": new.employment_form, "SalaryForm": new.salary_form}
    return {name: value for name, value in told.items() if value}


def change(order: UpsertEmployee, values: Values, names: Sequence[str], today: date) -> Request | Rejected:
    """Return the request that writes these of an employee's fields, and leaves the others as they are."""
    fields = _fields(order, values, names, today)
    if isinstance(fields, Rejected):
        return fields
    active = {"Inactive": False} if order.back else {}
    return Request("PUT", _path(order.employee_id or ""), body=encode.body("Employee", fields | active))


def read(employee_id: str) -> Request:
    """Return the request for one employee."""
    return Request("GET", _path(employee_id))


def listed(page: int) -> Request:
    """Return the request for a page of all employees: there is no search."""
    return Request("GET", "employees", {"limit": encode.LIMIT, "page": page})


def held(record: Mapping[str, Any], today: date, street_line: int = 1) -> dict[str, str]:
    """Return what a record of Fortnox's holds, by our names and as EmployeeFields has it; what is empty is left out.

    The century of a personal number of ten digits is that of who was born last, on ``today`` at the latest.
    """
    texts = {name: _text(record.get(f"Address{street_line}" if name == "street" else NAMES[name][0])) for name in _ALL}
    clearing, account = _text(record.get("ClearingNo")), _text(record.get("BankAccountNo"))
    texts["bank_account"] = f"{clearing},{account}" if clearing or account else ""
    values = {name: _ours(name, text, today) for name, text in texts.items() if text}
    return {name: text for name, text in values.items() if text}


def moved(order: UpsertEmployee, values: Values, expected: Values, now: Values) -> tuple[str, ...]:
    """Return the fields that somebody has changed since it was decided, to something else than what we want."""
    return tuple(
        name for name in _named(order, values) if not _holds(name, values, now) and not _holds(name, expected, now)
    )


def differing(order: UpsertEmployee, values: Values, now: Values) -> tuple[str, ...]:
    """Return the fields that a record does not hold as the order wants them, as far as they can be read."""
    return tuple(name for name in _named(order, values) if not _holds(name, values, now) and now.get(name) != NO_RIGHT)


def otherwise(order: UpsertEmployee, values: Values, now: Values) -> tuple[str, ...]:
    """Return the fields that a record shows otherwise than an order has them: adapted, or filled in a new one."""
    said = {*values, *order.clear, *(now if order.create else ())}
    return tuple(name for name in _ALL if name in said and not _holds(name, values, now) and now.get(name) != NO_RIGHT)


def unreadable(order: UpsertEmployee, values: Values, now: Values) -> tuple[str, ...]:
    """Return the fields of an order that Fortnox does not let us read."""
    return tuple(name for name in _named(order, values) if now.get(name) == NO_RIGHT)


def is_same_person(values: Values, now: Values) -> bool | None:
    """Tell whether a record is of the person that an order is about; None: it shows neither e-mail nor number."""
    for name in ("email", "personal_number"):
        if values.get(name) and now.get(name, NO_RIGHT) != NO_RIGHT:
            return _holds(name, values, now)
    return None


def found(items: Sequence[Mapping[str, Any]], values: Values, today: date) -> str | RetryLater | None:
    """Return the id of the employee with an order's e-mail, else with its personal number; None: nobody has them.

    Somebody whose e-mail we may not read, and whose number does not say that it is another, gives no answer; nor does
    one who has them and no id.
    """
    if not all("Email" in item for item in items):
        return unreadable_list("Employees")
    people = [(held(item, today), _text(item.get("EmployeeId"))) for item in items]
    for name in ("email", "personal_number"):
        for now, employee_id in people:
            if values.get(name) and _holds(name, values, now):
                return employee_id or unreadable_list("Employees")
    number = "personal_number" if values.get("personal_number") else ""
    if any(now.get("email") == NO_RIGHT and now.get(number, NO_RIGHT) == NO_RIGHT for now, _ in people):
        return unreadable_list("Employees")
    return None


def written(order: UpsertEmployee, values: Values, record: Mapping[str, Any], today: date) -> Delivered | None:
    """Read the answer to a write; what Fortnox holds otherwise than it was sent is noted, by the fields' names."""
    employee_id = _text(record.get("EmployeeId")) or (order.employee_id or "")
    if not employee_id:
        return None
    now = held(record, today, order.street_line)
    return Delivered(record=employee_id, **noting(note(order, values, differing(order, values, now))))


def note(order: UpsertEmployee, values: Values, differ: Sequence[str] = ()) -> tuple[Text, ...]:
    """Return what is to be said of a write: what was adapted, left out, or is held otherwise. Never a value."""
    adapted = [name for name in _named(order, values) if name in values and _is_adapted(name, values[name])]
    other = [name for name in differ if name not in adapted]
    told = (
        (waiting_words.ADAPTED_FIELDS, adapted),
        (waiting_words.LEFT_OUT, [name for name in values if not _sent(name, values[name])]),
        (waiting_words.HELD_OTHERWISE_THAN_SENT, other),
    )
    return tuple(what(fields=[named("employees", "field", name) for name in names]) for what, names in told if names)


_ALL: Final = (*NAMES, "street")


def _path(employee_id: str) -> str:
    return f"employees/{quote(employee_id, safe='')}"  # an id may hold what parts a path


def _named(order: UpsertEmployee, values: Values) -> tuple[str, ...]:
    """Return the fields that an order writes or empties, but those that Fortnox has no words for."""
    return tuple(name for name in _ALL if (_sent(name, values[name]) if name in values else name in order.clear))


def _fields(
    order: UpsertEmployee, values: Values, names: Sequence[str] | Values, today: date
) -> dict[str, Any] | Rejected:
    fields: dict[str, Any] = {}
    for name in _ALL:
        theirs = (f"Address{order.street_line}",) if name == "street" else NAMES[name]
        if name not in names:
            continue
        if name not in values:
            fields |= dict.fromkeys(theirs, BLANK)
        elif name == "bank_account":
            clearing, _, account = values[name].partition(",")
            if not (clearing.isdecimal() and account.isdecimal()):
                return Rejected.saying("bank_account_invalid", refusal_words.BAD_BANK_ACCOUNT(), "accountant")
            fields |= dict(zip(theirs, (clearing, account), strict=True))
        elif text := _sent(name, values[name]):
            if name == "personal_number":
                text = _with_its_century(text, today)
            fields[theirs[0]] = int(text) if name == "tax_column" else text
    return fields


def _sent(name: str, value: str) -> str:
    """Return a value as Fortnox gets it; "" for one that it cannot take."""
    match name:
        case "email":
            return value.strip()  # never adapted: another address is another mailbox
        case "phone":
            return sanitise(_swedish(value))
        case "country":
            code = country_code(value)
            return _COUNTRIES.get(code) or sanitise((country_name(code) or "").replace(" & ", " and "))
        case "title":
            return sanitise(value)[:LONGEST_TITLE].rstrip()
        case _:
            return sanitise(value)


def _with_its_century(number: str, today: date) -> str:
    """Return a personal number in ten digits, with a + from the age of 100 on; in twelve where ten would be another."""
    if not (found := _PERSONAL.fullmatch(number)):
        return number
    plus = "+" if int(found["year"]) <= today.year - _PLUS_FROM else ""
    ten = f"{number[2:8]}{plus}{number[8:]}"
    return ten if unsealed_number(ten, today).plain == number else number


def _is_adapted(name: str, value: str) -> bool:
    """Tell whether Fortnox gets other characters, or fewer, than a text has."""
    return name in {"given_name", "family_name", "street", "city", "title", "postal_code"} and _sent(
        name, value
    ) != " ".join(value.split())


def _holds(name: str, values: Values, now: Values) -> bool:
    """Tell whether a record has a value as it is sent, or nothing where nothing is wanted."""
    if name not in values:
        return name not in now
    return _compared(name, values[name]) == _compared(name, now.get(name, ""))


def _compared(name: str, text: str) -> str:
    return _account(text) if name == "bank_account" else kept(name, text)  # type: ignore[arg-type] # the names are fields


def _ours(name: str, text: str, today: date) -> str:  # noqa: PLR0911 - one case for each way of writing
    """Return a text of Fortnox's in the form of ``EmployeeFields``; "" for what says nothing: a day that is none."""
    if NO_RIGHT in text:
        return NO_RIGHT
    match name:
        case "first_day" | "last_day":
            said = str(day(text))
            return said if is_day(said) else ""  # 9999-12-31 is how some say that there is none
        case "phone":
            return e164(text)
        case "country":
            return country_code(text)
        case "personal_number":
            return unsealed_number(text, today).plain
        case "bank_account":
            return _account(text)
        case _:
            return " ".join(text.split())


def _account(text: str) -> str:
    """Return clearing and account number by the bank's own rule: the zeros that a number begins with belong to it."""
    clearing, _, number = text.partition(",")
    return unsealed_account(clearing, number).plain


def _swedish(phone: str) -> str:
    """Return a Swedish number as it is written at home: ``070-123 45 67``, ``08123456``; what is none as it is."""
    if not phone.startswith("+46"):
        return phone
    national = "0" + re.sub(r"\D", "", phone[3:]).lstrip("0")
    mobile = _MOBILE.fullmatch(national)
    home = f"{mobile[1]}-{mobile[2]} {mobile[3]} {mobile[4]}" if mobile else national
    return home if e164(home) == e164(phone) else phone


def _text(value: object) -> str:
    return str(value).strip() if isinstance(value, str | int) and not isinstance(value, bool) else ""
