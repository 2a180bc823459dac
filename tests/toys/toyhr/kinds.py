"""Everything that can be carried out in Toy HR: people written."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Final

from infra.delivery.answers import Missing
from infra.http import Client
from infra.plugin import Attempt, Company, Host, Kind, Malformed
from infra.verdicts import Absent, AlreadyThere, Delivered, Look, Rejected, Verdict
from schemas.commands import UpsertPerson
from schemas.envelope import Envelope
from schemas.events import EmployeeChanged, EmployeeField
from tests.toys.toyhr import encode, refusal_words, translate
from tests.toys.toyhr.client import ToyHR
from tests.toys.toyhr.settings import ToyHRSettings


def _wanted(order: UpsertPerson) -> encode.Wanted:
    return {name: getattr(order.fields, name) for name in order.written if name in encode.NAMES}


async def _find(hr: ToyHR, order: UpsertPerson, attempt: Attempt) -> EmployeeChanged | Rejected | None:
    """Return the person, or whoever has a new person's e-mail address; None: there is nobody yet."""
    if order.person_id is not None:
        found = await hr.people(encode.person(order.person_id), attempt)
        if isinstance(found, Missing):
            return Rejected.saying("person_missing", refusal_words.NO_PERSON(person=order.person_id), "accountant")
        return translate.person(found.items[0])
    if order.fields.email is None:
        return Rejected.saying("incomplete", refusal_words.NEEDS_EMAIL(), "accountant")
    found = await hr.people(encode.found_by(order.fields.email), attempt)
    return None if isinstance(found, Missing) or not found.items else translate.person(found.items[0])


def _differing(order: UpsertPerson, there: EmployeeChanged) -> list[EmployeeField]:
    return [name for name, value in _wanted(order).items() if getattr(there.fields, name) != value]


def _moved(order: UpsertPerson, there: EmployeeChanged) -> list[EmployeeField]:
    """Return the fields that hold neither what was expected nor what is to be written."""
    if (expected := order.expected) is None:
        return []
    return [name for name in _differing(order, there) if getattr(there.fields, name) != getattr(expected, name)]


async def _write(hr: ToyHR, envelope: Envelope[UpsertPerson], attempt: Attempt) -> Verdict:
    """Look, and write what differs; what has moved since it was decided is refused by name."""
    order = envelope.data
    try:
        there = await _find(hr, order, attempt)
    except Malformed as error:
        return Rejected.saying("person_unreadable", refusal_words.UNREADABLE(problems=str(error)[:450]), "developer")
    if isinstance(there, Rejected):
        return there
    differing = _differing(order, there) if there else list(_wanted(order))
    if there and not differing:
        return AlreadyThere(record=there.person_id)
    if there and order.person_id is None:
        return Rejected.saying("person_exists", refusal_words.EXISTS(), "accountant")
    if there and (moved := _moved(order, there)):
        return Rejected.saying("record_moved", refusal_words.MOVED(fields=moved), "accountant")
    wanted = {name: value for name, value in _wanted(order).items() if name in differing}
    values = tuple(str(value) for value in wanted.values() if value is not None)
    written = await hr.write(encode.write(wanted, order.person_id), attempt, values)
    return replace(written, note=", ".join(differing)) if isinstance(written, Delivered) else written


async def _probe(hr: ToyHR, envelope: Envelope[UpsertPerson], attempt: Attempt) -> Look:
    """Tell whether the person holds all that was to be written."""
    try:
        there = await _find(hr, envelope.data, attempt)
    except Malformed:
        return Absent()  # it is given again, and its answer is put on record then
    if isinstance(there, Rejected) or there is None or _differing(envelope.data, there):
        return Absent()
    return AlreadyThere(record=there.person_id)


KINDS: Final[tuple[Kind, ...]] = (
    Kind(
        order=UpsertPerson,
        write=_write,
        probe=_probe,
        found_by="the person's id and the values that were written; a new one by e-mail address",
    ),
)


@asynccontextmanager
async def connect(company: Company, host: Host) -> AsyncIterator[ToyHR]:
    """Open a company's Toy HR. Nothing is sent until the first order."""
    timeout = host.settings.of(ToyHRSettings).request_timeout
    async with Client(timeout=timeout, headers={"Accept": "application/json"}) as client:
        yield ToyHR(company.tenant, host, client)
