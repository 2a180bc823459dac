"""A company in the sandbox's Alexis HR: its people, employments and leaves, in memory, and how they are asked for."""

import json
import re
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final

from connectors.alexishr.sandbox.faults import Faults
from connectors.alexishr.sandbox.forms import FORMS, TIMES, Form
from infra import clock

Record = dict[str, Any]

_FILTER: Final = re.compile(r"filters\[(\w+)\](?:\[(\$\w+)\])?(\[\])?")
_SORT: Final = re.compile(r"sort\[(\w+)\]")
_KINDS: Final = ("VACATION", "SICK_LEAVE", "PARENTAL_LEAVE", "OFF_DUTY", "CHILDCARE")
_TYPES: Final[Mapping[str, type | tuple[type, ...]]] = {
    "string": str,
    "time": str,
    "boolean": bool,
    "number": (int, float),
    "object": dict,
}
_COMPARE: Final[Mapping[str, Callable[[Any, Any], bool]]] = {
    "$eq": lambda held, asked: held == asked[0],
    "$neq": lambda held, asked: held != asked[0],
    "$gt": lambda held, asked: held is not None and held > asked[0],
    "$gte": lambda held, asked: held is not None and held >= asked[0],
    "$lt": lambda held, asked: held is not None and held < asked[0],
    "$lte": lambda held, asked: held is not None and held <= asked[0],
    "$in": lambda held, asked: held in asked,
    "$nin": lambda held, asked: held not in asked,
    "$between": lambda held, asked: held is not None and asked[0] <= held <= asked[1],
}


class RequestRefused(Exception):
    """The API says no: a status and its messages."""

    def __init__(self, status: int, *messages: str) -> None:
        self.status, self.messages = status, messages
        super().__init__(f"{status}: {messages}")


class Company:
    """One company.

    Attributes:
        token: the access token that is good; change it, and the old one is dead.
        records: by resource and id, as the API shows them.
        page_limit: the most records that an answer holds, however many are asked for.
        clock_offset: seconds by which its clock is ahead of ours.
        hides_archived: whether lists leave out kinds of leave that are archived; by their id they can be read.
        tells_time: whether answers have a Date header.
        faults: what goes wrong.
        calls: method and path with query of each call, in order.
        before: called before each call is answered, with its number; tests change things there.
    """

    def __init__(self, name: str = "Alexis Test AB", token: str = "sandbox-token") -> None:  # noqa: S107 - a sandbox's
        self.token = token
        self.records: dict[str, dict[str, Record]] = {resource: {} for resource in FORMS}
        self.page_limit = 1000
        self.clock_offset = 0.0
        self.hides_archived = False
        self.tells_time = True
        self.faults = Faults()
        self.calls: list[str] = []
        self.before: Callable[[int], None] = lambda _: None
        self._ids = 0
        self._employments: dict[str, list[str]] = {}
        self.id = self._put("company", {"name": name, "orgNumber": "559999-0016"})["id"]
        self.employment_types = [self._put("employment-type", {"name": "Tillsvidare", "vacation": True})["id"]]
        self.leave_types = {
            kind: self._put(
                "leave-type",
                {
                    "name": kind.capitalize(),
                    "kind": kind,
                    "minimumDuration": "DAY",
                    "deductible": False,
                    "paid": True,
                    "disabled": False,
                },
            )["id"]
            for kind in _KINDS
        }

    # --- What a person does in the web application ----------------------------------------------------------------

    def add_person(self, first_day: str | None = None, last_day: str | None = None, **fields: Any) -> str:
        """Hire somebody; ``fields`` by the API's names. Return their id."""
        made = self._put(
            "employee",
            {
                "active": True,
                "companyId": self.id,
                "userId": "",
                "employeeNumber": str(len(self.records["employee"]) + 1),
                "created": self.now(),
                **fields,
            },
        )
        made["userId"] = made["id"][::-1]
        self._touched("employee", made)
        if first_day:
            self.add_employment(made["id"], first_day, last_day)
        return str(made["id"])

    def add_employment(self, person_id: str, first_day: str, last_day: str | None = None) -> str:
        """Employ somebody (again)."""
        made = self._put(
            "employment",
            {
                "companyId": self.id,
                "employeeId": person_id,
                "typeId": self.employment_types[0],
                "startDate": _midnight(first_day),
                "endDate": _midnight(last_day),
                "terminated": False,
                "rate": 100,
                "country": "SE",
            },
        )
        self._touched("employment", made)
        return str(made["id"])

    def change_person(self, person_id: str, **fields: Any) -> None:
        """Change fields of a person; None empties one."""
        self._change("employee", person_id, fields)

    def change_employment(self, employment_id: str, **fields: Any) -> None:
        """Change an employment; only its own time of change moves."""
        self._change("employment", employment_id, fields)

    def remove(self, resource: str, record_id: str) -> None:
        """Delete a record, and what belongs to it."""
        del self.records[resource][record_id]
        for other in self.records.values():
            for each in [key for key, value in other.items() if record_id in _belongs_to(value)]:
                del other[each]

    def add_leave(self, person_id: str, kind: str, first_day: str, last_day: str, extent: int = 100) -> str:
        """Approve a leave, with its days."""
        made = self._put(
            "leave",
            {
                "employeeId": person_id,
                "typeId": self.leave_types[kind],
                "status": "APPROVED",
                "duration": "one_day" if first_day == last_day else "longer",
                "startDate": _midnight(first_day),
                "endDate": _midnight(last_day),
            },
        )
        self._days(made, extent)
        return str(made["id"])

    def change_leave(self, leave_id: str, extent: int = 100, **fields: Any) -> None:
        """Change a leave, and its days with it."""
        leave = self.records["leave"][leave_id]
        leave |= fields
        self._days(leave, extent)

    def now(self) -> str:
        """Return its time of day, as the API writes it."""
        return _written(clock.now() + timedelta(seconds=self.clock_offset))

    # --- What the API does ----------------------------------------------------------------------------------------

    def listed(self, resource: str, query: Iterable[tuple[str, str]]) -> Record:
        """Answer GET of a list. Raises RequestRefused."""
        form = FORMS[resource]
        found = [each for each in self.records[resource].values() if not (self.hides_archived and each.get("archived"))]
        select: list[str] = []
        relations: list[str] = []
        limit, offset = 50, 0
        filters: dict[tuple[str, str], list[str]] = {}
        for key, value in query:
            if key == "select":
                select = _named(value, form.selected, "select")
            elif key == "relations":
                relations = _named(value, form.relations, "relations")
            elif key in {"limit", "offset"}:
                if not value.isdecimal():
                    raise RequestRefused(400, f"{key} must be an integer number")
                limit, offset = (int(value), offset) if key == "limit" else (limit, int(value))
            elif asked := _SORT.fullmatch(key):
                _named(asked[1], form.filtered, "sort")
                _order(found, asked[1], descending=value == "desc")
            elif asked := _FILTER.fullmatch(key):
                _named(asked[1], form.filtered, "filters")
                if (operator := asked[2] or "$eq") not in _COMPARE:
                    raise RequestRefused(400, f"filters: {operator} is not allowed")
                filters.setdefault((asked[1], operator), []).append(value)
            else:
                raise RequestRefused(400, f"property {key} should not exist")
        for (name, operator), asked_for in filters.items():
            wanted = [_comparable(name, each) for each in asked_for]
            found = [each for each in found if _COMPARE[operator](_comparable(name, each.get(name)), wanted)]
        page = found[offset : offset + min(limit, self.page_limit)]
        body: Record = {
            "status": "ok",
            "total": len(found),
            "count": len(page),
            "offset": offset,
            "data": [_shown(each, select) for each in page],
        }
        return body | self._related(relations, page)

    def one(self, resource: str, record_id: str, query: Iterable[tuple[str, str]]) -> Record:
        """Answer GET of one record. Raises RequestRefused."""
        form, record = FORMS[resource], self._held(resource, record_id)
        named = dict(query)
        select = _named(named.get("select", ""), form.selected, "select")
        relations = _named(named.get("relations", ""), form.relations, "relations")
        return {"status": "ok", "data": _shown(record, select)} | self._related(relations, [record])

    def create(self, resource: str, body: Any) -> Record:
        """Answer POST. Raises RequestRefused."""
        form = FORMS[resource]
        _check(form, body, form.changed)
        if missing := sorted(form.required - body.keys()):
            raise RequestRefused(400, *(f"{name} should not be empty" for name in missing))
        if resource == "employee":
            return {"status": "ok", "data": _shown(self.records["employee"][self.add_person(**body)], [])}
        self._held("employee", body["employeeId"])
        made = self._put("employment", {"companyId": self.id, **body})
        self._touched("employment", made)
        return {"status": "ok", "data": _shown(made, [])}

    def change(self, resource: str, record_id: str, body: Any) -> Record:
        """Answer PATCH: a nested object replaces the one that was there. Raises RequestRefused."""
        self._held(resource, record_id)
        _check(FORMS[resource], body, frozenset())
        self._change(resource, record_id, body)
        return {"status": "ok", "data": _shown(self.records[resource][record_id], [])}

    def _held(self, resource: str, record_id: str) -> Record:
        if record_id not in self.records[resource]:
            raise RequestRefused(404, "Not Found")
        return self.records[resource][record_id]

    def _related(self, relations: Iterable[str], page: Iterable[Record]) -> Record:
        wanted = list(relations)
        if not wanted:
            return {}
        spells = [each for person in page for each in self._spells(person["id"])]
        return {"relations": {name: [_shown(e, []) for e in spells] if name == "employment" else [] for name in wanted}}

    def _put(self, resource: str, fields: Record) -> Record:
        self._ids += 1
        record = {"id": f"507f1f77{self._ids:016x}", **fields}
        self.records[resource][record["id"]] = record
        if resource == "employment":
            self._employments.setdefault(record["employeeId"], []).append(record["id"])
        return record

    def _spells(self, person_id: str) -> list[Record]:
        held = self.records["employment"]
        return [held[each] for each in self._employments.get(person_id, ()) if each in held]

    def _change(self, resource: str, record_id: str, fields: Mapping[str, Any]) -> None:
        record = self.records[resource][record_id]
        record |= fields
        self._touched(resource, record)

    def _touched(self, resource: str, record: Record) -> None:
        record["updated"] = self.now()
        for name in ("workPhone", "privatePhone"):
            if name in record:
                record[f"{name}Sanitized"] = "".join(c for c in record[name] or "" if c in "+0123456789")
        if resource == "employment":
            person = self.records["employee"].get(record["employeeId"], {})
            spells = self._spells(record["employeeId"])
            _order(spells, "startDate")
            person |= {
                "hireDate": spells[0]["startDate"],
                "endDate": spells[-1].get("endDate"),
                "employmentId": spells[-1]["id"],
                "employmentTypeId": spells[-1]["typeId"],
                "employmentCountry": spells[-1]["country"],
            }

    def _days(self, leave: Record, extent: int) -> None:
        days = self.records["leave-transaction"]
        for each in [key for key, value in days.items() if value["parent"]["id"] == leave["id"]]:
            del days[each]
        day, last = (datetime.fromisoformat(leave[name]) for name in ("startDate", "endDate"))
        while day <= last and leave["status"] in {"APPROVED", "CONFIRMED"}:
            fields = {
                "parent": {"id": leave["id"], "type": "leave"},
                "status": leave["status"],
                "leaveTypeId": leave["typeId"],
                "employeeId": leave["employeeId"],
                "childId": "",
                "description": "",
                "date": _written(day),
                "hours": 8 * extent / 100,
                "extent": extent,
            }
            self._put("leave-transaction", fields)
            day += timedelta(days=1)


def _check(form: Form, body: Any, forbidden: frozenset[str]) -> None:
    """Refuse a body that is no object, or has fields that do not exist, or of another type."""
    if not isinstance(body, dict) or not form.written:
        raise RequestRefused(400, "the body must be an object")
    wrong = [f"property {name} should not exist" for name in body if name not in form.written or name in forbidden]
    for name, value in body.items():
        wanted = form.written.get(name, "")
        emptied = value is None and wanted == "time"
        if wanted and not emptied and not isinstance(value, _TYPES[wanted]):
            wrong.append(f"{name} must be a {wanted}")
        elif wanted == "time" and not emptied and _comparable("updated", value) is None:
            wrong.append(f"{name} must be a valid ISO 8601 date string")
    addresses = {name: str(body.get(name) or "@") for name in ("workEmail", "privateEmail")}
    wrong += [f"{name} must be an email, not {value}" for name, value in addresses.items() if "@" not in value]
    if wrong:
        raise RequestRefused(400, *wrong)


def _named(value: str, allowed: frozenset[str], where: str) -> list[str]:
    names = [name for name in value.split(",") if name]
    if wrong := [name for name in names if name not in allowed]:
        raise RequestRefused(400, f"each value in {where} must be one of the following values; not {', '.join(wrong)}")
    return names


def _order(records: list[Record], name: str, *, descending: bool = False) -> None:
    def key(record: Record) -> tuple[bool, Any]:
        value = _comparable(name, record.get(name))
        return value is not None, value if value is not None else 0

    records.sort(key=key, reverse=descending)


def _comparable(name: str, value: Any) -> Any:
    """Return a value such that those of one field compare; query values are texts."""
    if value is None:
        return None
    if name in TIMES:
        try:
            at = datetime.fromisoformat(str(value))
        except ValueError:
            return None
        return at if at.tzinfo else at.replace(tzinfo=UTC)
    return json.dumps(value) if isinstance(value, bool) else str(value)


def _shown(record: Record, select: Iterable[str]) -> Record:
    names = list(select) or list(record)
    return {name: record[name] for name in names if record.get(name) is not None}


def _belongs_to(record: Record) -> set[str]:
    return {str(record.get("employeeId")), str((record.get("parent") or {}).get("id"))}


def _midnight(day: str | None) -> str | None:
    return None if day is None else _written(datetime.combine(date.fromisoformat(day), time(), UTC))


def _written(at: datetime) -> str:
    return f"{at:%Y-%m-%dT%H:%M:%S}.{at.microsecond // 1000:03d}Z"
