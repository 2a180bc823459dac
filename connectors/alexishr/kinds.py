"""Everything that can be carried out in Alexis HR: people written, and read again when somebody mentions them."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any, Final

from connectors.alexishr import encode, refusal_words, translate
from connectors.alexishr.classify import Page, Written
from connectors.alexishr.client import AlexisHR
from connectors.alexishr.encode import DAYS, Request
from connectors.alexishr.settings import AlexisHRSettings
from connectors.alexishr.source import deleted
from connectors.alexishr.translate import SYSTEM, Chosen, ends_last, hides, in_order
from connectors.alexishr.wire import Employment
from infra.delivery.answers import Missing, read
from infra.delivery.reading import reading
from infra.http import Client
from infra.intake.sealing import opened
from infra.intake.sightings import EMPLOYEE, Sightings
from infra.plugin import Attempt, Company, Host, Kind, Malformed
from infra.verdicts import Absent, AlreadyThere, Delivered, Look, Rejected, RetryLater, Unknown, Verdict, noting
from schemas.commands import ReadPerson, UpsertPerson
from schemas.envelope import Envelope
from schemas.events import EmployeeChanged, EmployeeField, EmployeeFields, same_value
from schemas.words import Text, named

_Fields = Mapping[EmployeeField, Any]
"""Values of fields; personal data in plain."""


@dataclass(frozen=True, slots=True)
class _There:
    """A person as Alexis HR holds them now."""

    record: Mapping[str, Any] = field(repr=False)
    employments: tuple[Employment, ...]
    fields: EmployeeFields
    fact: EmployeeChanged | None = None

    @property
    def ends(self) -> tuple[str, ...]:
        """The ids of the employment that began first and of the one that ends last; nothing without any."""
        spells = self.employments
        return (in_order(spells)[0].id, ends_last(spells).id) if spells else ()

    @property
    def id(self) -> str:
        return str(self.record["id"])


class _Person:
    """One order to write a person, its personal data opened."""

    def __init__(self, hr: AlexisHR, order: UpsertPerson, attempt: Attempt, chosen: Chosen) -> None:
        self._hr, self._order, self._attempt, self._chosen = hr, order, attempt, chosen
        self._wanted: _Fields = {name: self._plain(getattr(order.fields, name)) for name in order.written}

    async def write(self) -> Verdict:
        """Look, and write what differs: an employee's fields first, then the days of their employments."""
        if "first_day" in self._wanted and self._wanted["first_day"] is None:
            return Rejected.saying("cannot_be_emptied", refusal_words.NEEDS_FIRST_DAY(), "accountant")
        there = await self._find()
        if isinstance(there, Rejected):
            return there
        if there is None:
            return await self._create()
        if moved := self._moved(there):
            if there.fact is not None:  # so that the next one is decided on it
                await _tell(self._hr, there.fact)
            return Rejected.saying("record_moved", refusal_words.MOVED(fields=moved), "accountant")
        return await self._change(there)

    async def look(self) -> Look:
        """Tell whether the person holds all that was to be written."""
        there = await self._find()
        if isinstance(there, Rejected) or there is None or self._differing(there):
            return Absent()
        return AlreadyThere(record=there.id)

    async def _find(self) -> _There | Rejected | None:
        """Return the person, or the one whom an earlier try of this order made; None: there is none to be found."""
        person_id = self._order.person_id
        if person_id is not None:
            page = await self._hr.read(encode.person(person_id), self._attempt)
            if isinstance(page, Missing):
                return Rejected.saying("person_missing", refusal_words.NO_PERSON(person=person_id), "accountant")
            return _there(page.items[0], page, self._chosen)
        if (request := encode.found_by(self._wanted, self._chosen.fields)) is None:
            return Rejected.saying("not_to_be_found", refusal_words.NOT_TO_BE_FOUND(), "developer")
        page = await self._hr.read(request, self._attempt)
        if isinstance(page, Missing) or not page.items:
            return None
        for item in page.items:
            there = _there(item, page, self._chosen)
            if isinstance(there, _There) and not [name for name in self._differing(there) if name not in DAYS]:
                return there
        return Rejected.saying("person_exists", refusal_words.EXISTS(), "accountant")

    async def _create(self) -> Verdict:
        request = encode.write_person(self._wanted, None, self._chosen.fields)
        verdict = await self._send(request) if request else None
        if not isinstance(verdict, Written):
            return verdict or Rejected.saying("nothing_to_write", refusal_words.NO_FIELDS(), "developer")
        return await self._days(_There(verdict.record, (), EmployeeFields()), [refusal_words.CREATED()])

    async def _change(self, there: _There) -> Verdict:
        differing = self._differing(there)
        if not differing:
            return AlreadyThere(record=there.id)
        notes: list[Text | str] = [
            refusal_words.CHANGED(fields=[named("employees", "field", name) for name in differing])
        ]
        own = {name: self._wanted[name] for name in differing if name not in DAYS}
        request = encode.write_person(own, there.record, self._chosen.fields) if own else None
        if request is not None and not isinstance(verdict := await self._send(request), Written):
            return verdict
        return await self._days(there, notes, tuple(own))

    async def _days(self, there: _There, notes: list[Text | str], written: tuple[str, ...] = ()) -> Verdict:
        """Write first and last day of work, where they differ, after the other fields, and say what was done."""
        days = {name: self._wanted[name] for name in self._differing(there) if name in DAYS}
        type_id = await self._employment_type(days) if days and not there.employments else ""
        if isinstance(type_id, Rejected):
            if self._order.person_id is not None:
                return _partly(type_id, written)
            notes.append(type_id.said)  # the person is there, and that is what others must know
        elif days and there.employments and (hidden := hides(there.employments, days, self._chosen.zone)):
            why = refusal_words.SEVERAL_EMPLOYMENTS(fields=hidden)
            return _partly(Rejected.saying("several_employments", why, "accountant"), written)
        elif days:
            for request in encode.write_days(days, there.record, there.ends, type_id, self._chosen.zone):
                match await self._send(request):
                    case Written():
                        pass
                    case Rejected() as no:
                        return _partly(no, written)
                    case verdict:
                        return verdict
        return Delivered(record=there.id, **noting(notes))

    async def _employment_type(self, days: _Fields) -> str | Rejected:
        """Return the kind of employment of a new one, if there is no choice."""
        page = await self._hr.read(encode.employment_types(), self._attempt)
        if isinstance(page, Page) and len(page.items) == 1 and days.get("first_day"):
            return str(page.items[0].get("id"))
        return Rejected.saying("employment_missing", refusal_words.NO_EMPLOYMENT(fields=days), "accountant")

    async def _send(self, request: Request) -> Written | Rejected | RetryLater | Unknown:
        values = tuple(str(value) for value in self._wanted.values() if value is not None)
        return await self._hr.write(request, self._attempt, values)

    def _differing(self, there: _There) -> list[EmployeeField]:
        return [name for name, value in self._wanted.items() if not same_value(name, self._held(there, name), value)]

    def _moved(self, there: _There) -> list[EmployeeField]:
        """Return the fields that hold neither what was expected nor what is to be written."""
        expected = self._order.expected
        if expected is None:
            return []
        return [
            name
            for name in self._differing(there)
            if not same_value(name, self._held(there, name), self._plain(getattr(expected, name)))
        ]

    def _held(self, there: _There, name: EmployeeField) -> Any:
        return self._plain(getattr(there.fields, name))

    def _plain(self, value: Any) -> Any:
        return opened(value, self._hr.host.vault, self._hr.tenant)


def _there(record: Mapping[str, Any], page: Page, chosen: Chosen) -> _There | Rejected:
    spells: Sequence[Mapping[str, Any]] = [
        each for each in page.related.get("employment", ()) if each.get("employeeId") == record.get("id")
    ]
    try:
        fact = translate.person(record, spells, chosen)
        employments = tuple(read(Employment, each, "employment") for each in spells)
    except Malformed as error:
        return _unreadable(error)
    return _There(record, employments, fact.fields, fact)


def _unreadable(error: Malformed) -> Rejected:
    return Rejected.saying("person_unreadable", refusal_words.UNREADABLE(problems=str(error)[:450]), "developer")


def _partly(no: Rejected, written: tuple[str, ...]) -> Rejected:
    """Return a refusal of the days that says what was written before it."""
    if not written:
        return no
    why = refusal_words.PARTLY(why=no.said, fields=written)
    return replace(no, why=why.english, wording=why.wording)


async def _write(hr: AlexisHR, order: Envelope[UpsertPerson], attempt: Attempt) -> Verdict:
    verdict = await _Person(hr, order.data, attempt, await hr.chosen()).write()
    if isinstance(verdict, Delivered | AlreadyThere):
        await _seen(hr).written(EMPLOYEE, verdict.record)
    return verdict


async def _probe(hr: AlexisHR, order: Envelope[UpsertPerson], attempt: Attempt) -> Look:
    look = await _Person(hr, order.data, attempt, await hr.chosen()).look()
    if isinstance(look, AlreadyThere):
        await _seen(hr).written(EMPLOYEE, look.record)
    return look


async def _read(hr: AlexisHR, order: Envelope[ReadPerson], attempt: Attempt) -> Delivered | Rejected:
    """Read a person and tell what is held; somebody who is not there any more was deleted."""
    page = await hr.read(encode.person(order.data.person_id), attempt)
    if isinstance(page, Missing):
        fact = deleted(order.data.person_id)
    else:
        try:
            fact = translate.person(page.items[0], page.related.get("employment", ()), await hr.chosen())
        except Malformed as error:
            return _unreadable(error)
    await _tell(hr, fact)
    return Delivered(record=order.data.person_id)


async def _tell(hr: AlexisHR, fact: EmployeeChanged) -> None:
    """Tell what a person holds beside the readings, of which the next one tells it again, or what is held by then."""
    await hr.host.accept(hr.tenant, SYSTEM, [fact])
    await _seen(hr).written(EMPLOYEE, fact.person_id)


def _seen(hr: AlexisHR) -> Sightings:
    return Sightings(hr.host.engine, hr.tenant, SYSTEM)


KINDS: Final[tuple[Kind, ...]] = (
    Kind(
        order=UpsertPerson,
        write=_write,
        probe=_probe,
        found_by="the person's id and the values that were written; a new one by employment id or e-mail address",
    ),
    reading(ReadPerson, _read),
)


@asynccontextmanager
async def connect(company: Company, host: Host) -> AsyncIterator[AlexisHR]:
    """Open a company's Alexis HR. Nothing is sent until the first order."""
    timeout = host.settings.of(AlexisHRSettings).request_timeout
    async with Client(timeout=timeout, headers={"Accept": "application/json"}) as client:
        yield AlexisHR(company.tenant, host, client)
