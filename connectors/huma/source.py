"""Hears from Huma whom to read again, and reads people: one by one, and all of them at night.

A change is told before it is written down that it was; so a crash repeats facts and loses none. Huma does not say when
somebody was changed: a reading counts as of the moment at which it was asked for, by our own clock.
"""

from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any, Final
from uuid import uuid4

from connectors.huma import classify, encode, translate
from connectors.huma.client import PARTY, Huma
from connectors.huma.settings import HumaSettings
from connectors.huma.translate import SYSTEM
from connectors.huma.wire import Fields, Listed
from infra import clock, faultpoints, telemetry, words
from infra.commanding import Failed
from infra.delivery.answers import Missing, read
from infra.delivery.guests import BACKFILL, LOOK_UP, guest
from infra.delivery.reading import NotRead
from infra.http import Client
from infra.intake.sealing import sealed
from infra.intake.sightings import EMPLOYEE, Sightings, moment
from infra.plugin import Attempt, Host, Malformed, Refreshed, Source
from schemas import ids
from schemas.events import EmployeeChanged, Fact, PersonMentioned

LISTED: Final = "listed"
"""The kind of sighting that stands for what a list shows of somebody."""

_TOLD_AT_ONCE: Final = 50
_TRIES: Final = 3
_PERSON: Final = "user"
_UNREADABLE: Final = "unreadable"
_SHOWN: Final = ("givenName", "familyName", "email", "phone", "status", "jobTitles")

_log = telemetry.log(__name__)


# --- Webhooks -------------------------------------------------------------------------------------------------------


def mentioned(body: bytes) -> tuple[Fact, ...]:
    """Return who is to be read again. Each delivery is news, whatever was delivered before. Raises Malformed."""
    heard = translate.heard(body, clock.now())
    _log.info("heard", system=SYSTEM, topic=heard.topic, people=len(heard.mentions), ignored=heard.ignored)
    return heard.mentions


def verify(body: bytes, headers: Mapping[str, str], secret: str) -> str:
    """Check a delivery's signature and give it an id. Raises PermissionError.

    Each has an id of its own, so that none is taken for a repetition: Huma gives no id, and when a value goes back and
    forth and back, the third body equals the first. Told twice, a person is read twice, and that changes nothing.
    """
    if wrong := translate.unsigned(body, headers, secret):
        raise PermissionError(wrong)
    return uuid4().hex


SOURCE: Final = Source(system=SYSTEM, translate=mentioned, facts=(PersonMentioned, EmployeeChanged), verify=verify)


# --- One person -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class HumaPerson:
    """Somebody as Huma holds them.

    Attributes:
        ends: the ids of the positions that began first and that ends last; None when there are none.
        others_end: the day on which the last of the other positions that were read ends.
    """

    record: Mapping[str, Any] = field(repr=False)
    ends: tuple[str, str] | None
    fact: EmployeeChanged
    others_end: date = date.min


async def look(
    huma: Huma, person_id: str, chosen: Fields, attempt: Attempt, *, whole: bool = False
) -> HumaPerson | EmployeeChanged:
    """Read somebody, with their positions where they are needed; the fact of a deletion when nobody is there.

    ``whole``: with their positions, whatever the record tells.

    Raises:
        NotRead: also when a position goes while we read.
        Malformed: the record has another form.
    """
    at = clock.now()
    found = await huma.one(encode.person(person_id), attempt)
    if isinstance(found, Missing):
        return translate.deleted(person_id, at)
    only = translate.only_position(found.record)
    if only is None or (only and not whole):
        return HumaPerson(found.record, (only, only) if only else None, translate.person(found.record, at, chosen))
    items: list[Mapping[str, Any]] = []
    async for page in huma.pages(encode.positions(person_id), attempt):
        items += page.items
    positions: list[Mapping[str, Any]] = []
    for position_id in translate.telling(items):
        position = await huma.one(encode.position(person_id, position_id), attempt)
        if isinstance(position, Missing):
            raise NotRead(classify.unreadable())
        positions.append(position.record)
    if not positions:
        return HumaPerson(found.record, None, translate.person(found.record, at, chosen))
    first, last = translate.first_and_last(positions)
    fact = translate.person(found.record, at, chosen, (positions[first], positions[last]))
    others = [translate.ends(each) for place, each in enumerate(positions) if place != last]
    ends = (str(positions[first]["id"]), str(positions[last]["id"]))
    return HumaPerson(found.record, ends, fact, max(others, default=date.min))


async def tell(huma: Huma, facts: Sequence[Fact]) -> tuple[str, ...]:
    """Tell facts, and then write down what was told of whom; return their ids."""
    host, tenant = huma.host, huma.tenant
    told = await host.accept(tenant, SYSTEM, facts)
    faultpoints.reach("huma.told")
    seen, people = Sightings(host.engine, tenant, SYSTEM), [fact for fact in facts if isinstance(fact, EmployeeChanged)]
    gone = [fact.person_id for fact in people if fact.deleted]
    await seen.forget(EMPLOYEE, gone)
    await seen.forget(LISTED, gone)
    marks = {fact.person_id: _mark(host, tenant, fact) for fact in people if not fact.deleted}
    await seen.remember(EMPLOYEE, marks, rising=True)
    return told


async def written_to(huma: Huma, person_id: str) -> None:
    """Note that somebody was written to: the next list and the next look at them are news."""
    seen = Sightings(huma.host.engine, huma.tenant, SYSTEM)
    await seen.written(EMPLOYEE, person_id)
    await seen.written(LISTED, person_id)


# --- Everybody ------------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class PeopleReader:
    """Reads one company's people, and tells what differs from what was told last.

    Attributes:
        may_go_on: raises when another process may be reading for this company by now.
    """

    huma: Huma
    attempt: Attempt
    may_go_on: Callable[[], None] = lambda: None
    _told: list[str] = field(default_factory=list)

    @property
    def _seen(self) -> Sightings:
        return Sightings(self.huma.host.engine, self.huma.tenant, SYSTEM)

    async def everybody(self, *, whole: bool, progress: Callable[[int], None] = lambda _: None) -> Refreshed:
        """Read the list, then each person of whom it shows something else than it did, and who is gone.

        What was told by the time that something fails stays told, and only the rest is read the next time.

        Args:
            whole: read each person, whatever the list shows: it lacks address, bank account and days.

        Raises:
            NotRead: Huma does not answer; or not about somebody, whom the next reading asks for again: others are told.
        """
        at, calls = clock.now(), len(self.attempt.calls)
        self._told.clear()
        chosen = await self.huma.chosen()
        listed, seen = await self._list(chosen), await self._seen.every(LISTED)
        first = await self._seen.reading(EMPLOYEE) is None
        due = [each for each, mark in listed.items() if whole or seen.get(each) != mark]
        gone = sorted((set(seen) | set(await self._seen.every(EMPLOYEE))) - set(listed))
        done = len(listed) - len(due)
        failed: NotRead | None = None
        for some in _chunks([*due, *gone], _TOLD_AT_ONCE):
            failed = await self._people(some, listed, chosen) or failed
            done += sum(each in listed for each in some)
            progress(done)
        if failed is not None:
            raise failed
        self.may_go_on()
        await self._seen.read(LISTED, at, len(listed))
        if whole or first:
            await self._seen.read(EMPLOYEE, at, len(listed))
        return Refreshed(len(listed), len(self.attempt.calls) - calls, tuple(self._told))

    async def _list(self, chosen: Fields) -> dict[str, str]:
        """Return what the list shows of each person, as a fingerprint. Other users than people are left out.

        What a company has chosen is a part of it, whether lists show it or not: after another choice everybody differs.
        """
        listed, shown = dict[str, str](), {*_SHOWN, *chosen.values()}
        async for page in self.huma.pages(encode.people(), self.attempt):
            for item in page.items:
                try:
                    known = read(Listed, item, "user")
                except Malformed as error:
                    _log.error("person_unreadable", tenant=self.huma.tenant, system=SYSTEM, problems=error.problems)
                    continue
                if known.type == _PERSON:
                    listed[known.id] = ids.digest({name: str(item.get(name)) for name in shown})
        return listed

    async def _people(self, people: Sequence[str], listed: Mapping[str, str], chosen: Fields) -> NotRead | None:
        """Read some people, tell what differs, and write down what the list showed of them.

        Return why somebody could not be read; two in a row are not about somebody. Raises NotRead.
        """
        host, tenant = self.huma.host, self.huma.tenant
        seen = await self._seen.seen(EMPLOYEE, people)
        facts: list[Fact] = []
        unreadable: dict[str, str] = {}
        failed: dict[str, NotRead] = {}
        for before, person_id in zip((None, *people), people, strict=False):
            began = clock.now()
            try:
                found = await look(self.huma, person_id, chosen, self.attempt)
            except NotRead as error:
                if not error.verdict.alone or before in failed:
                    raise
                failed[person_id] = error
                continue
            except Malformed as error:
                _log.error("person_unreadable", tenant=tenant, system=SYSTEM, problems=error.problems)
                if _content_of(seen.get(person_id)) != _UNREADABLE:  # mentioned, so that the failing look is on record
                    facts.append(
                        PersonMentioned(system=SYSTEM, person_id=person_id, topic=_UNREADABLE, mentioned_at=began)
                    )
                    unreadable[person_id] = f"{moment(began)} {_UNREADABLE}"
                continue
            fact = found.fact if isinstance(found, HumaPerson) else found
            if fact.deleted or _content_of(_mark(host, tenant, fact)) != _content_of(seen.get(person_id)):
                facts.append(fact)
        self.may_go_on()
        if facts:
            self._told += await tell(self.huma, facts)
            await self._seen.remember(EMPLOYEE, unreadable, rising=True)
        gone = {fact.person_id for fact in facts if isinstance(fact, EmployeeChanged) and fact.deleted}
        read = [each for each in people if each in listed and each not in failed and each not in gone]
        await self._seen.remember(LISTED, {each: listed[each] for each in read})
        return next(iter(failed.values()), None)


async def refresh(host: Host, tenant: str, progress: Callable[[int], None]) -> Refreshed:
    """Read a company's people in full, for somebody who waits. Raises Failed with what is wrong and what to do."""
    async with reader(host, tenant, LOOK_UP) as reading:
        try:
            return await reading.everybody(whole=True, progress=progress)
        except NotRead as error:
            raise Failed(words.NOT_READ(party=PARTY, why=error.verdict.said)) from error


@asynccontextmanager
async def reader(host: Host, tenant: str, priority: int = BACKFILL) -> AsyncIterator[PeopleReader]:
    """Open a company's Huma for reading, with calls borrowed from its budget."""
    timeout = host.settings.of(HumaSettings).request_timeout
    async with (
        Client(timeout=timeout, headers={"Accept": "application/json"}) as client,
        guest(host, SYSTEM, tenant, priority) as attempt,
    ):
        yield PeopleReader(Huma(tenant, host, client, tries=_TRIES), attempt)


def _mark(host: Host, tenant: str, fact: EmployeeChanged) -> str:
    """Return what stands for a sighting: when it was read, then what was held. Later ones are greater."""
    whole = sealed(fact, host.vault, tenant)
    held = whole.model_copy(update={"changed_at": datetime(2000, 1, 1, tzinfo=UTC), "ignored": ()})
    return f"{moment(fact.changed_at)} {ids.revision(held)}"


def _content_of(mark: str | None) -> str:
    return (mark or "").partition(" ")[2]


def _chunks(items: Iterable[str], size: int) -> Iterable[Sequence[str]]:
    every = list(items)
    return (every[at : at + size] for at in range(0, len(every), size))
