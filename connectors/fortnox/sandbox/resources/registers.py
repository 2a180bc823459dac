"""Registers of records: their list, POST, GET, PUT and DELETE, all the same way, as their description says."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from functools import partial
from typing import Any, Final
from urllib.parse import quote

from connectors.fortnox.sandbox import answers, forms
from connectors.fortnox.sandbox.answers import ApiAnswer, Refusal, RequestRefused
from connectors.fortnox.sandbox.books import Company
from connectors.fortnox.sandbox.forms import Form, parse_day
from connectors.fortnox.sandbox.records import Record, Value, Values
from connectors.fortnox.sandbox.requests import ApiRequest
from connectors.fortnox.sandbox.resources.route import BASE, Route, created, ok
from connectors.fortnox.sandbox.voucher import check_codes

_NUMBER: Final = re.compile(r"-?\d{1,15}(\.\d{1,8})?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Change:
    """A record that is about to be made or changed.

    Attributes:
        key: the record's own; a new one has been given it already.
        stored: its fields until now; None: it is new.
        changes: what the request sets; None empties a field.
        values: its fields after that.
    """

    asked: ApiRequest
    company: Company
    key: str
    stored: Values | None
    changes: Values
    values: Values


def next_number(name: str, company: Company) -> str:
    """Return the number after the largest one of a register, deleted records included."""
    keys = [*company.register(name), *company.reserved.get(name, ())]
    return str(max((int(key) for key in keys if key.isascii() and key.isdecimal()), default=0) + 1)


def without_lists(full: dict[str, Any]) -> dict[str, Any]:
    """Return a record without the lists in it."""
    return {name: value for name, value in full.items() if not isinstance(value, list | tuple)}


def named(text: str) -> dict[str, str]:
    """Return these fields by the names that search and sort parameters have for them."""
    return {name.lower(): name for name in forms.names(text)}


def only(text: str) -> Callable[[dict[str, Any]], dict[str, Any]]:
    """Return what reduces a record to these fields and its address."""
    return lambda full: {name: full[name] for name in ("@url", *forms.names(text))}


Question = Callable[[Mapping[str, Any], str], bool]
"""Whether a record's fields answer a search parameter's text."""


def flag(name: str) -> Question:
    """Return the question whether a field is true, or false."""
    return lambda values, text: (str(values.get(name)).lower() == "true") is forms.parse_flag(text)


def row_is(rows: str, name: str) -> Question:
    """Return the question whether one of a record's rows has this in a field."""
    return lambda values, text: any(str(row.get(name)) == text for row in values.get(rows) or ())


def row_says(rows: str, name: str) -> Question:
    """Return the question whether one of a record's rows has this in a field's text."""
    return lambda values, text: any(text.lower() in str(row.get(name) or "").lower() for row in values.get(rows) or ())


Filter = Callable[[Values, date], bool]
"""Whether a record's fields, computed ones too, are chosen on a day."""
PAID: Final[Mapping[str, Filter]] = {
    "cancelled": lambda values, _today: bool(values.get("Cancelled")),
    "fullypaid": lambda values, _today: bool(values.get("FinalPayDate")),
    "unbooked": lambda values, _today: not values.get("Booked") and not values.get("Cancelled"),
    "unpaid": lambda values, _today: not values.get("Cancelled") and not values.get("FinalPayDate"),
    "unpaidoverdue": lambda values, today: (
        not values.get("Cancelled")
        and not values.get("FinalPayDate")
        and str(values.get("DueDate") or today) < str(today)
    ),
}
"""How invoices are chosen by what became of them: customers' and suppliers' alike."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Register:
    """How a register behaves.

    Attributes:
        path, one, many: of ``/3/employees``, ``{"Employee": ...}`` and ``{"Employees": [...]}``.
        key: the field that a record is found by; ``url``: its address is shown in lists only, or everywhere.
        missing, taken: what is said when there is no such record, and when there is one already.
        location: header of 201; None: a POST is answered with 200 (payroll).
        deleted: status of a DELETE; None: there is none. ``reserved``: what is said when the key is a deleted record's,
            which stays taken; None: it is free again.
        bare: records have no address, lists no MetaInformation, and one record cannot be read.
        reduced: returns a record, as it is sent, as lists show it.
        contains, equals: search parameters and the fields that they look into.
        asks: search parameters of other kinds, and whether a record's fields, computed ones too, answer their text.
        dated: the field that ``fromdate`` and ``todate`` look at.
        paid: the field that ``fromfinalpaydate`` and ``tofinalpaydate`` look at.
        sort: names of ``sortby`` and the fields that they order by.
        filters: names of ``filter`` and what they choose, on a day.
        prepare: checks a change and returns the record's fields. Raises RequestRefused.
        shown: fields that Fortnox computes, at a time.
    """

    path: str
    one: str
    many: str
    key: str
    scope: str
    form: Form
    missing: Refusal
    taken: Refusal = answers.TAKEN
    location: str | None
    deleted: int | None = None
    reserved: Refusal | None = None
    bare: bool = False
    reduced: Callable[[dict[str, Any]], dict[str, Any]] = without_lists
    contains: Mapping[str, str] = field(default_factory=dict)
    equals: Mapping[str, str] = field(default_factory=dict)
    asks: Mapping[str, Question] = field(default_factory=dict)
    dated: str | None = None
    paid: str | None = None
    modified: bool = True
    sort: Mapping[str, str] = field(default_factory=dict)
    filters: Mapping[str, Filter] = field(default_factory=dict)
    new_key: Callable[[str, Company], str] = next_number
    prepare: Callable[[Change], Values] = lambda change: change.values
    shown: Callable[[Values, ApiRequest, Company], Mapping[str, Any]] = lambda _values, _asked, _company: {}

    def find(self, key: str, company: Company) -> Record:
        """Return a record. Raises RequestRefused when there is none."""
        return answers.found(company.register(self.path).get(key), self.missing)

    def full(self, record: Record, asked: ApiRequest, company: Company) -> dict[str, Any]:
        """Return a record as it is sent."""
        values = {**record.values, **self.shown(record.values, asked, company)}
        shown = forms.show(self.form, values)
        url = {} if self.bare else {"@url": f"{BASE}/{self.path}/{quote(str(record.values[self.key]), safe='')}"}
        return {**url, **company.seen(shown)}

    def item(self, record: Record, asked: ApiRequest, company: Company) -> dict[str, Any]:
        """Return a record as lists show it."""
        return self.reduced(self.full(record, asked, company))

    def answer(self, record: Record, asked: ApiRequest, company: Company) -> ApiAnswer:
        """Answer 200 with a record."""
        return ok(**{self.one: self.full(record, asked, company)})

    def save(self, change: Change) -> Record:
        """Check a change and put it into the register. Raises RequestRefused, and then nothing is changed."""
        for codes in _parts(change.changes):
            cost_centre, project = str(codes.get("CostCenter") or ""), str(codes.get("Project") or "")
            check_codes(cost_centre or None, project or None, change.company)
        values = {**self.prepare(change), self.key: change.key}
        records = change.company.register(self.path)
        listed_from = records[change.key].listed_from if change.key in records else change.asked.listed_from
        records[change.key] = Record(values, change.asked.at, listed_from)
        return records[change.key]


def create(register: Register, asked: ApiRequest, company: Company) -> ApiAnswer:
    """Make a record. The same request twice makes two, unless it names the key."""
    asked.allow()
    values = forms.read(register.form, forms.content(asked.body, register.one), new=True)
    values = forms.merged({}, values)
    key = str(values.get(register.key) or register.new_key(register.path, company))
    if key in company.register(register.path):
        raise RequestRefused(register.taken, key)
    if register.reserved and key in company.reserved.get(register.path, ()):
        raise RequestRefused(register.reserved, key)
    record = register.save(Change(asked, company, key, None, values, {**values, register.key: key}))
    if register.location is None:
        return register.answer(record, asked, company)
    return created(register.location, **{register.one: register.full(record, asked, company)})


def update(register: Register, asked: ApiRequest, company: Company) -> ApiAnswer:
    """Change a record: what is left out, null or "" stays; API_BLANK empties."""
    asked.allow()
    key = asked.path["key"]
    record = register.find(key, company)
    changes = forms.read(register.form, forms.content(asked.body, register.one), new=False)
    if changes.get(register.key, key) != key:
        raise RequestRefused(answers.FIXED, register.key)
    values = forms.merged(record.values, changes)
    return register.answer(register.save(Change(asked, company, key, record.values, changes, values)), asked, company)


def read(register: Register, asked: ApiRequest, company: Company) -> ApiAnswer:
    """Give one record."""
    asked.allow()
    return register.answer(register.find(asked.path["key"], company), asked, company)


def delete(register: Register, asked: ApiRequest, company: Company) -> ApiAnswer:
    """Delete a record."""
    asked.allow()
    key = asked.path["key"]
    register.find(key, company)
    del company.register(register.path)[key]
    if register.reserved:
        company.reserved.setdefault(register.path, []).append(key)
    return ApiAnswer(register.deleted or 204, b"")


def listing(register: Register, asked: ApiRequest, company: Company) -> ApiAnswer:
    """List the records that the parameters choose, in the order in which they were made unless ``sortby`` is given."""
    period = ("fromdate", "todate") if register.dated else ()
    paid = ("fromfinalpaydate", "tofinalpaydate") if register.paid else ()
    order = ("sortby", "sortorder") if register.sort else ()
    modified = ("lastmodified",) if register.modified else ()
    search = (*register.contains, *register.equals, *register.asks)
    asked.allow(*search, *period, *paid, *order, *modified, filters=register.filters)
    records = company.register(register.path).values()
    found = [one for one in asked.modified(records) if _chosen(register, one, asked, company)]

    def key(one: Record, name: str) -> tuple[bool, Decimal, str]:
        return _sort_key({**one.values, **register.shown(one.values, asked, company)}.get(name))

    keys = {name: partial(key, name=field) for name, field in register.sort.items()}
    found = asked.ordered(found, keys)
    answer = asked.page(register.many, found, lambda one: register.item(one, asked, company))
    return ok(**{name: part for name, part in answer.items() if name == register.many or not register.bare})


def routes(register: Register) -> Iterator[Route]:
    """Return a register's routes."""
    path, one = f"/3/{register.path}", f"/3/{register.path}/{{key}}"
    yield "GET", path, register.scope, partial(listing, register)
    yield "POST", path, register.scope, partial(create, register)
    if not register.bare:
        yield "GET", one, register.scope, partial(read, register)
    yield "PUT", one, register.scope, partial(update, register)
    if register.deleted is not None:
        yield "DELETE", one, register.scope, partial(delete, register)


def _chosen(register: Register, one: Record, asked: ApiRequest, company: Company) -> bool:
    if one.listed_from is not None and one.listed_from > asked.at:
        return False
    values, query = {**one.values, **register.shown(one.values, asked, company)}, asked.query
    chosen, (first, last) = register.filters.get(query.get("filter", "")), asked.period()

    def text(name: str) -> str:
        value = values.get(name)
        return str(register.form[name].empty if value is None else value)

    return (
        (chosen is None or chosen(values, asked.today))
        and all(query[name].lower() in text(at).lower() for name, at in register.contains.items() if name in query)
        and all(query[name] == text(at) for name, at in register.equals.items() if name in query)
        and all(fits(values, query[name]) for name, fits in register.asks.items() if name in query)
        and (register.dated is None or first <= (parse_day(text(register.dated)) or date.max) <= last)
        and (register.paid is None or _is_paid(parse_day(str(values.get(register.paid) or "")), asked))
    )


def _is_paid(day: date | None, asked: ApiRequest) -> bool:
    """Tell whether something was paid within the days that a question names; where it names none, all is meant."""
    first, last = asked.day("fromfinalpaydate"), asked.day("tofinalpaydate")
    if first is None and last is None:
        return True
    return day is not None and (first or date.min) <= day <= (last or date.max)


def _sort_key(value: object) -> tuple[bool, Decimal, str]:
    """Return what a value is ordered by: numbers first, by what they are worth."""
    text = "" if value is None else str(value).lower()
    is_number = _NUMBER.fullmatch(text) is not None
    return not is_number, Decimal(text) if is_number else Decimal(), text


def _parts(values: Values) -> Iterable[Mapping[str, Value]]:
    """Return a record's fields, and those of each of its rows."""
    yield values
    for value in values.values():
        if isinstance(value, list):
            yield from value
