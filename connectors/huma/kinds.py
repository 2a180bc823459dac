"""Everything that can be carried out in Huma: people written, and read again when somebody mentions them."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any, Final

from connectors.huma import encode, refusal_words, translate
from connectors.huma.classify import Written
from connectors.huma.client import Huma
from connectors.huma.encode import DAYS, NAMES, NEEDED, NEW, Request
from connectors.huma.settings import HumaSettings
from connectors.huma.source import HumaPerson, look, tell, written_to
from connectors.huma.translate import SUPPORTED
from connectors.huma.wire import Fields, Listed
from infra.delivery.answers import read
from infra.delivery.reading import NotRead, reading
from infra.http import Client
from infra.intake.sealing import opened
from infra.plugin import Attempt, Company, Host, Kind, Malformed
from infra.verdicts import Absent, AlreadyThere, Delivered, Look, Rejected, RetryLater, Unknown, Verdict, noting
from schemas.audit import Shown
from schemas.commands import ReadPerson, UpsertPerson
from schemas.envelope import Envelope
from schemas.events import EmployeeField, EmployeeFields, same_value
from schemas.words import Text, named

_Fields = Mapping[EmployeeField, Any]
"""Values of fields; personal data in plain."""


class _Upsert:
    """One order to write a person, its personal data opened."""

    def __init__(self, huma: Huma, order: UpsertPerson, attempt: Attempt, chosen: Fields) -> None:
        self._huma, self._order, self._attempt, self._chosen = huma, order, attempt, chosen
        self._elsewhere = [name for name, place in chosen.items() if place != NAMES[name]]
        written = [name for name in order.written if name in SUPPORTED]
        self._wanted: _Fields = {name: self._plain(getattr(order.fields, name)) for name in written}
        others = [name for name in order.written if name not in SUPPORTED]
        self._notes: list[Text | str] = [
            refusal_words.NOT_WRITTEN(field=named("employees", "field", name)) for name in others
        ]

    async def write(self) -> Verdict:
        """Look, and write what differs: a person's own fields first, then the days of their positions."""
        if not self._wanted:
            others = [name for name in self._order.written if name not in SUPPORTED]
            why = refusal_words.DOES_NOT_TRAVEL(fields=others) if others else refusal_words.NO_FIELDS()
            return Rejected.saying("nothing_to_write", why, "developer")
        if emptied := [
            name for name in NEEDED if name in self._wanted and not self._wanted[name] and name not in self._elsewhere
        ]:
            return Rejected.saying("cannot_be_emptied", refusal_words.CANNOT_BE_EMPTIED(fields=emptied), "accountant")
        there = await self._find()
        if isinstance(there, Rejected):
            return there
        if there is None:
            return await self._create()
        if moved := self._moved(there):
            await tell(self._huma, [there.fact])  # so that the next one is decided on it
            return Rejected.saying("record_moved", refusal_words.MOVED(fields=moved), "accountant")
        return await self._change(there)

    async def look(self) -> Look:
        """Tell whether the person holds all that was to be written."""
        there = await self._find()
        if isinstance(there, Rejected) or there is None or self._differing(there):
            return Absent()
        return self._found(there)

    def _found(self, there: HumaPerson) -> AlreadyThere:
        return AlreadyThere(record=there.fact.person_id, shown=self._until_confirmed(there, there.record))

    async def _find(self) -> HumaPerson | Rejected | None:
        """Return the person, or the one whom an earlier try of this order made; None: there is none to be found."""
        person_id = self._order.person_id
        if person_id is not None:
            there = await self._look(person_id)
            if there is not None:
                return there
            return Rejected.saying("person_missing", refusal_words.NO_PERSON(person=person_id), "accountant")
        if (lacking := self._lacking()) is not None:
            return lacking
        email = str(self._wanted["email"])
        async for page in self._huma.pages(encode.found_by(email), self._attempt):
            for item in page.items:
                if not same_value("email", item.get("email"), email):
                    continue
                there = await self._look(read(Listed, item, "user").id)
                if there is not None and self._can_be_ours(there):
                    return there
                if there is not None:
                    return Rejected.saying("person_exists", refusal_words.EXISTS(), "accountant")
        return None

    def _lacking(self) -> Rejected | None:
        """Say what a new person lacks."""
        if self._elsewhere:
            return Rejected.saying("incomplete", refusal_words.ELSEWHERE(fields=self._elsewhere), "accountant")
        if missing := [name for name in NEEDED if not self._wanted.get(name)]:
            return Rejected.saying("incomplete", refusal_words.NEEDS(fields=missing), "accountant")
        return None

    async def _look(self, person_id: str) -> HumaPerson | None:
        found = await look(self._huma, person_id, self._chosen, self._attempt, whole="last_day" in self._wanted)
        return found if isinstance(found, HumaPerson) else None

    def _can_be_ours(self, there: HumaPerson) -> bool:
        """Tell whether an earlier try can have made somebody: with what a new person gets, and nothing else yet."""
        return all(name in DAYS or (name not in NEW and not self._held(there, name)) for name in self._differing(there))

    async def _create(self) -> Verdict:
        groups: list[str] = []
        async for page in self._huma.pages(encode.companies(), self._attempt):
            groups += [str(item.get("id")) for item in page.items]
        only = tuple(groups) if len(groups) == 1 else ()
        verdict = await self._send(encode.create(self._wanted, only))
        if not isinstance(verdict, Written):
            return verdict
        self._notes.insert(0, refusal_words.CREATED() if only else refusal_words.CREATED_IN_NO_GROUP())
        # From here on it is certain that something was done, and a list may not show it at once.
        try:
            there = await self._look(verdict.id)
        except NotRead as error:
            return Unknown.saying(refusal_words.NOT_READ_AFTERWARDS(why=error.verdict.said))
        if there is None:
            return Unknown.saying(refusal_words.NOT_THERE_AFTERWARDS())
        rest = await self._write(there, [name for name in self._differing(there) if name not in NEW])
        return Unknown.saying(refusal_words.NOT_COMPLETED(why=rest.said)) if isinstance(rest, RetryLater) else rest

    async def _change(self, there: HumaPerson) -> Verdict:
        differing = self._differing(there)
        if not differing:
            return self._found(there)
        self._notes.append(refusal_words.CHANGED(fields=[named("employees", "field", name) for name in differing]))
        return await self._write(there, differing)

    async def _write(self, there: HumaPerson, differing: list[EmployeeField]) -> Verdict:
        """Write some fields, days of work after the others, and say what was done."""
        own = {name: self._wanted[name] for name in differing if name not in DAYS}
        days = {name: self._wanted[name] for name in differing if name in DAYS}
        requests = [request] if (request := encode.write_person(own, there.record, self._chosen)) else []
        refused: list[Rejected] = []
        if days and there.ends is None:
            refused.append(Rejected.saying("position_missing", refusal_words.NO_POSITION(fields=days), "accountant"))
        elif days.get("last_day") and days["last_day"] < there.others_end:
            refused.append(Rejected.saying("several_positions", refusal_words.SEVERAL_POSITIONS(), "accountant"))
        elif there.ends is not None:
            requests += encode.write_days(days, there.fact.person_id, there.ends)
        written: list[str] = []
        record = there.record
        for each in requests:
            match await self._send(each):
                case Written() as done:
                    written.append(each.resource)
                    record = done.record if each is request else record
                case Rejected() as no:
                    refused.append(no)
                case verdict:
                    return verdict
        if refused and self._order.person_id is not None:
            whys = [no.said for no in refused]
            partly = own and written
            why = refusal_words.PARTLY(whys=whys, fields=own) if partly else refusal_words.ALL_OF(whys=whys)
            return replace(refused[0], why=why.english, wording=why.wording)
        if "email" in own and "email" not in self._elsewhere:
            self._notes.append(refusal_words.CONFIRMS_FIRST())
        self._notes += [no.said for no in refused]  # a new person is there, and that is what others must know
        shown = self._until_confirmed(there, record)
        return Delivered(record=there.fact.person_id, shown=shown, **noting(self._notes))

    def _until_confirmed(self, there: HumaPerson, record: Mapping[str, Any]) -> Shown | None:
        """Return what is held of an address that the record has asked its person to confirm: nobody put it back."""
        wanted, held = self._wanted.get("email"), there.fact.fields.email
        if wanted is None or "email" in self._elsewhere or same_value("email", held, wanted):
            return None
        try:
            waits = translate.requested_email(record) == wanted
        except Malformed:
            return None
        return Shown(names=("email",), fields=EmployeeFields(email=held)) if waits else None

    async def _send(self, request: Request) -> Written | Rejected | RetryLater | Unknown:
        values = tuple(str(value) for value in self._wanted.values() if value is not None)
        return await self._huma.write(request, self._attempt, values)

    def _differing(self, there: HumaPerson) -> list[EmployeeField]:
        asked = None if "email" in self._elsewhere else translate.requested_email(there.record)
        return [
            name
            for name, value in self._wanted.items()
            if not same_value(name, self._held(there, name), value) and not (name == "email" and asked == value)
        ]

    def _moved(self, there: HumaPerson) -> list[EmployeeField]:
        """Return the fields that hold neither what was expected nor what is to be written."""
        expected = self._order.expected
        if expected is None:
            return []
        return [
            name for name in self._differing(there) if self._held(there, name) != self._plain(getattr(expected, name))
        ]

    def _held(self, there: HumaPerson, name: EmployeeField) -> Any:
        return self._plain(getattr(there.fact.fields, name))

    def _plain(self, value: Any) -> Any:
        return opened(value, self._huma.host.vault, self._huma.tenant)


def _unreadable(error: Malformed) -> Rejected:
    return Rejected.saying("person_unreadable", refusal_words.UNREADABLE(problems=str(error)[:450]), "developer")


async def _write(huma: Huma, order: Envelope[UpsertPerson], attempt: Attempt) -> Verdict:
    try:
        verdict = await _Upsert(huma, order.data, attempt, await huma.chosen()).write()
    except Malformed as error:
        return _unreadable(error)
    if isinstance(verdict, Delivered | AlreadyThere):
        await written_to(huma, verdict.record)
    return verdict


async def _probe(huma: Huma, order: Envelope[UpsertPerson], attempt: Attempt) -> Look:
    try:
        found = await _Upsert(huma, order.data, attempt, await huma.chosen()).look()
    except Malformed:
        return Absent()  # it is given again, and its answer is put on record then
    if isinstance(found, AlreadyThere):
        await written_to(huma, found.record)
    return found


async def _read(huma: Huma, order: Envelope[ReadPerson], attempt: Attempt) -> Delivered | Rejected:
    """Read a person and tell what is held; somebody who is not there any more was deleted."""
    try:
        found = await look(huma, order.data.person_id, await huma.chosen(), attempt)
    except Malformed as error:
        return _unreadable(error)
    await tell(huma, [found.fact if isinstance(found, HumaPerson) else found])
    return Delivered(record=order.data.person_id)


KINDS: Final[tuple[Kind, ...]] = (
    Kind(
        order=UpsertPerson,
        write=_write,
        probe=_probe,
        found_by="the person's id and the values that were written; a new one by e-mail address",
    ),
    reading(ReadPerson, _read),
)


@asynccontextmanager
async def connect(company: Company, host: Host) -> AsyncIterator[Huma]:
    """Open a company's Huma. Nothing is sent until the first order."""
    timeout = host.settings.of(HumaSettings).request_timeout
    async with Client(timeout=timeout, headers={"Accept": "application/json"}) as client:
        yield Huma(company.tenant, host, client)
