"""Reads what changed at Alexis HR, which has no webhooks: people by their time of change, leaves by their dates.

A change is told before it is written down that it was, and before the cursor moves; so a crash repeats facts and loses
none. The cursor is a time of Alexis HR's own clock, and each question reaches back behind it.
"""

import json
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta, tzinfo
from decimal import Decimal
from typing import Any, Final

from connectors.alexishr import encode, translate
from connectors.alexishr.classify import Page
from connectors.alexishr.client import PARTY, AlexisHR
from connectors.alexishr.settings import AlexisHRSettings
from connectors.alexishr.translate import SYSTEM, Chosen
from connectors.alexishr.wire import Changed, Leave, LeaveType
from infra import clock, faultpoints, telemetry, words
from infra.commanding import Failed
from infra.delivery.answers import Missing, read
from infra.delivery.guests import BACKFILL, LOOK_UP, guest
from infra.delivery.reading import NotRead
from infra.http import Client
from infra.intake.sealing import sealed
from infra.intake.sightings import EMPLOYEE, LEAVE, Sightings, moment
from infra.plugin import Attempt, Host, Malformed, Refreshed
from schemas import ids
from schemas.events import EmployeeChanged, EmployeeFields, Fact, LeaveChanged, PersonMentioned

_TOLD_AT_ONCE: Final = 200
_ASKED_AT_ONCE: Final = 50  # ids in one URL
_TRIES: Final = 3
_UNREADABLE: Final = "unreadable"
_DELETED: Final = "deleted"

_log = telemetry.log(__name__)


@dataclass(slots=True)
class PeopleReader:
    """Reads one company's people and leaves, and tells what differs from what was told last.

    Attributes:
        may_go_on: raises when another process may be reading for this company by now.
    """

    hr: AlexisHR
    attempt: Attempt
    may_go_on: Callable[[], None] = lambda: None
    _told: list[str] = field(default_factory=list)
    _kinds: dict[str, str] = field(default_factory=dict)
    _unread_kinds: dict[str, NotRead] = field(default_factory=dict)

    @property
    def _seen(self) -> Sightings:
        return Sightings(self.hr.host.engine, self.hr.tenant, SYSTEM)

    @property
    def _limit(self) -> int:
        return self.hr.host.settings.of(AlexisHRSettings).page_size

    # --- People ---------------------------------------------------------------------------------------------------

    async def everybody(self, progress: Callable[[int], None] = lambda _: None) -> Refreshed:
        """Read every person, tell what differs, and who is gone. Raises NotRead; what was told by then stays told."""
        chosen, began, whole_at = await self.hr.chosen(), clock.monotonic(), clock.now()
        newest: datetime | None = None
        at: datetime | None = None
        there: set[str] = set()
        self._told.clear()
        calls = len(self.attempt.calls)
        async for page in self.hr.pages(encode.people(self._limit), self.attempt):
            at = at or page.at
            newest = _latest(newest, await self._people(page, chosen))
            there |= {str(item.get("id")) for item in page.items}
            progress(len(there))
        marks = await self._seen.every(EMPLOYEE)
        await self._gone({each: mark for each, mark in marks.items() if each not in there}, chosen)
        self.may_go_on()
        await self._seen.read(EMPLOYEE, whole_at, len(there), at or _before(newest, began))
        return Refreshed(len(there), len(self.attempt.calls) - calls, tuple(self._told))

    async def changes(self) -> None:
        """Read who was changed since the last time, themselves or in an employment, and tell what differs."""
        seen = self._seen
        reading, chosen, began = await seen.reading(EMPLOYEE), await self.hr.chosen(), clock.monotonic()
        if reading is None or reading.cursor is None:  # nobody was there, or nobody said what time it was
            await self.everybody()
            return
        back = reading.cursor - timedelta(seconds=self.hr.host.settings.of(AlexisHRSettings).overlap_seconds)
        newest: datetime | None = None
        at: datetime | None = None
        known: set[str] = set()
        async for page in self.hr.pages(encode.people(self._limit, since=back), self.attempt):
            at = at or page.at
            newest = _latest(newest, await self._people(page, chosen, live=True))
            known |= {str(item.get("id")) for item in page.items}
        others: dict[str, None] = {}
        async for page in self.hr.pages(encode.employments(self._limit, back), self.attempt):
            others |= {str(item.get("employeeId")): None for item in page.items}
            newest = _latest(newest, _newest(page.items))
        for some in _chunks([each for each in others if each not in known], _ASKED_AT_ONCE):
            async for page in self.hr.pages(encode.people(self._limit, ids=some), self.attempt):
                await self._people(page, chosen, live=True)
        if (cursor := at or _before(newest, began)) is not None:
            faultpoints.reach("alexishr.before_cursor")
            self.may_go_on()
            await seen.move(EMPLOYEE, cursor)

    async def _people(self, page: Page, chosen: Chosen, *, live: bool = False) -> datetime | None:
        """Tell what differs among a page's people; return the latest time of a change, by Alexis HR's clock."""
        employments: dict[str, list[Mapping[str, Any]]] = {}
        for each in page.related.get("employment", ()):
            employments.setdefault(str(each.get("employeeId")), []).append(each)
        seen = await self._seen.seen(EMPLOYEE, [str(item.get("id")) for item in page.items])
        told: list[tuple[Fact, str, str]] = []
        for item in page.items:
            record = str(item.get("id"))
            fact = self._person(item, employments.get(record, []), chosen)
            if isinstance(fact, EmployeeChanged):
                fact = await self._newer(fact, seen.get(record, ""), chosen)
            if fact is None or (mark := _fingerprint(fact)).partition(" ")[2] == seen.get(record, "").partition(" ")[2]:
                continue
            told.append((fact, record, mark))
            if live and isinstance(fact, EmployeeChanged):
                age = (clock.now() - fact.changed_at).total_seconds()
                telemetry.SOURCE_SEEN_SECONDS.labels(SYSTEM).observe(max(age, 0.0))
        await self._tell(EMPLOYEE, told)
        return _newest([*page.items, *page.related.get("employment", ())])

    def _person(
        self, item: Mapping[str, Any], employments: Sequence[Mapping[str, Any]], chosen: Chosen
    ) -> EmployeeChanged | PersonMentioned | None:
        """Return what a record tells. One that cannot be read is mentioned, so that the failing look is on record."""
        try:
            return sealed(translate.person(item, employments, chosen), self.hr.host.vault, self.hr.tenant)
        except Malformed as error:
            _log.error("person_unreadable", tenant=self.hr.tenant, system=SYSTEM, problems=error.problems)
        try:
            changed = read(Changed, item, "employee")
        except Malformed:
            return None
        return PersonMentioned(
            system=SYSTEM, person_id=changed.id, topic=_UNREADABLE, mentioned_at=changed.updated.astimezone(UTC)
        )

    async def _newer(self, fact: EmployeeChanged, seen: str, chosen: Chosen) -> EmployeeChanged | None:
        """Return a fact as it is to be told: one that looks older than what was told is read again first.

        It may be an old page, or a person whose employment, which had changed last, is gone.
        """
        at, _, content = seen.partition(" ")
        if at <= moment(fact.changed_at) or content == _content(fact):
            return fact
        page = await self.hr.read(encode.person(fact.person_id), self.attempt)
        if isinstance(page, Missing):
            return None
        again = self._person(page.items[0], page.related.get("employment", ()), chosen)
        if not isinstance(again, EmployeeChanged):
            return None
        return again.model_copy(update={"changed_at": max(again.changed_at, datetime.fromisoformat(at))})

    async def _gone(self, people: Mapping[str, str], chosen: Chosen) -> None:
        """Tell which of these people, by what stands for them, are not there any more; each is looked for.

        Raises:
            NotRead: also when only somebody could not be looked for; two in a row are not about somebody.
        """
        failed: NotRead | None = None
        before_failed = False
        for person_id, mark in sorted(people.items()):
            at, _, content = mark.partition(" ")
            if content == _DELETED:  # it was told, and counts as of then should they come back as they were
                continue
            try:
                page = await self.hr.read(encode.person(person_id), self.attempt)
            except NotRead as error:
                if not error.verdict.alone or before_failed:
                    raise
                failed, before_failed = error, True
                continue
            before_failed = False
            if isinstance(page, Page):
                await self._people(page, chosen)
                continue
            fact = deleted(person_id)
            fact = fact.model_copy(update={"changed_at": max(fact.changed_at, datetime.fromisoformat(at))})
            await self._tell(EMPLOYEE, [(fact, person_id, f"{moment(fact.changed_at)} {_DELETED}")])
        if failed is not None:
            raise failed

    # --- Leaves ---------------------------------------------------------------------------------------------------

    async def leaves(self, *, whole: bool = False) -> None:
        """Read the leaves of the window again, and tell what differs: also what is gone.

        The extent of a leave stands in its days, which are read of the leaves that differ; ``whole``: of all.
        """
        seen = self._seen
        zone, now = (await self.hr.chosen()).zone, clock.now()
        since = now.astimezone(zone).date() - timedelta(days=self.hr.host.settings.of(AlexisHRSettings).leave_days)
        before = {record: LeaveChanged.model_validate_json(said) for record, said in (await seen.every(LEAVE)).items()}
        there: set[str] = set()
        people: dict[str, bool] = {}
        await self._read_kinds()
        self._unread_kinds.clear()
        async for page in self.hr.pages(encode.leaves(self._limit, since - timedelta(days=1)), self.attempt):
            there |= {str(item.get("id")) for item in page.items}
            await self._tell_leaves(page.items, before, zone, whole=whole)
        for record, said in before.items():
            if record in there:
                continue
            if said.last_day < since:
                await seen.forget(LEAVE, [record])
                continue
            if said.withdrawn:
                continue
            found = await self.hr.read(encode.leave(record), self.attempt)
            if isinstance(found, Page):
                await self._tell_leaves(found.items, before, zone)
            elif await self._is_there(said.person_id, people):
                await self._tell(LEAVE, [_told_leave(said.model_copy(update={"withdrawn": True}))])
            else:  # it went with its person: nobody says that they were not absent
                await seen.forget(LEAVE, [record])
        for error in self._unread_kinds.values():
            raise error
        self.may_go_on()
        await seen.read(LEAVE, now, len(there))

    async def _is_there(self, person_id: str, known: dict[str, bool]) -> bool:
        if person_id not in known:
            known[person_id] = isinstance(await self.hr.read(encode.person(person_id), self.attempt), Page)
        return known[person_id]

    async def _read_kinds(self) -> None:
        """Read the kinds of leave; one without a kind that we know goes by its id."""
        async for page in self.hr.pages(encode.leave_types(self._limit), self.attempt):
            self._learn_kinds(page)

    def _learn_kinds(self, page: Page) -> None:
        for item in page.items:
            try:
                known = read(LeaveType, item, "leave-type")
            except Malformed as error:
                _log.error("leave_type_unreadable", tenant=self.hr.tenant, problems=error.problems)
            else:
                self._kinds[known.id] = known.kind

    async def _look_for_kind(self, leave: Leave, before: LeaveChanged | None) -> None:
        """Read a kind that the list does not show, as an archived one; of one that is gone, what was told says it."""
        if leave.type_id in self._kinds or leave.type_id in self._unread_kinds:
            return
        try:
            page = await self.hr.read(encode.leave_type(leave.type_id), self.attempt)
        except NotRead as error:
            if not error.verdict.alone:
                raise
            self._unread_kinds[leave.type_id] = error
            return
        if isinstance(page, Page):
            self._learn_kinds(page)
        elif before is not None:
            self._kinds[leave.type_id] = before.kind

    async def _tell_leaves(
        self,
        items: Sequence[Mapping[str, Any]],
        before: Mapping[str, LeaveChanged],
        zone: tzinfo,
        *,
        whole: bool = False,
    ) -> None:
        """Tell which of these leaves differ from what was told of them. What was never approved was never told.

        One whose kind or days cannot be read stays as it was told: how much of each is absence is not guessed.
        """
        candidates: list[tuple[Mapping[str, Any], LeaveChanged]] = []
        for item in items:
            try:
                leave = read(Leave, item, "leave")
                await self._look_for_kind(leave, before.get(leave.id))
                said = translate.leave(item, self._kinds, zone)
            except Malformed as error:
                _log.error("leave_unreadable", tenant=self.hr.tenant, system=SYSTEM, problems=error.problems)
                continue
            if leave.type_id in self._unread_kinds:
                continue
            known = before.get(said.leave_id)
            if (known is None and said.withdrawn) or (
                known is not None
                and not whole
                and said == known.model_copy(update={"extent": said.extent, "days": said.days})
            ):
                continue
            candidates.append((item, said))
        extents, unread = await self._extents([said for _, said in candidates if not said.withdrawn], zone)
        told = []
        for item, said in candidates:
            if said.person_id in unread and not said.withdrawn:
                continue
            fact = translate.leave(item, self._kinds, zone, extents.get(said.leave_id))
            if fact != before.get(fact.leave_id):
                told.append(_told_leave(fact))
        await self._tell(LEAVE, told)

    async def _extents(
        self, leaves: Sequence[LeaveChanged], zone: tzinfo
    ) -> tuple[dict[str, dict[date, Decimal]], set[str]]:
        """Return the percent of each day of each leave, and the people of whom a day cannot be read."""
        found: dict[str, dict[date, Decimal]] = {}
        unread: set[str] = set()
        for some in _chunks(leaves, _ASKED_AT_ONCE):
            people = sorted({each.person_id for each in some})
            first, last = min(each.first_day for each in some), max(each.last_day for each in some)
            days: dict[str, dict[str, Mapping[str, Any]]] = {}
            async for page in self.hr.pages(encode.leave_days(self._limit, people, first, last), self.attempt):
                for item in page.items:  # by id: a list that has moved is read again
                    days.setdefault(str(item.get("employeeId")), {})[str(item.get("id"))] = item
            asked = {each.leave_id for each in some}  # of the same people's other leaves not every day is among these
            for person_id, held in days.items():
                try:
                    told = translate.extents(held.values(), zone)
                except Malformed as error:
                    _log.error("leave_days_unreadable", tenant=self.hr.tenant, system=SYSTEM, problems=error.problems)
                    unread |= {person_id} if person_id in people else set(people)
                else:
                    found |= {leave: extents for leave, extents in told.items() if leave in asked}
        return found, unread

    # --- Both -----------------------------------------------------------------------------------------------------

    async def _tell(self, kind: str, told: Sequence[tuple[Fact, str, str]]) -> None:
        """Tell facts, and then write down what was told."""
        for some in _chunks(told, _TOLD_AT_ONCE):
            await self._accept([fact for fact, _, _ in some])
            faultpoints.reach("alexishr.told")
            self.may_go_on()
            await self._seen.remember(kind, {record: mark for _, record, mark in some}, rising=kind == EMPLOYEE)

    async def _accept(self, facts: Sequence[Fact]) -> None:
        self._told += await self.hr.host.accept(self.hr.tenant, SYSTEM, facts)


def deleted(person_id: str) -> EmployeeChanged:
    """Return the fact that a person is not there any more, as of now: nobody says since when."""
    return EmployeeChanged(
        system=SYSTEM, person_id=person_id, changed_at=clock.now(), deleted=True, fields=EmployeeFields()
    )


async def refresh(host: Host, tenant: str, progress: Callable[[int], None]) -> Refreshed:
    """Read a company's people in full, for somebody who waits. Raises Failed with what is wrong and what to do."""
    async with reader(host, tenant, LOOK_UP) as reading:
        try:
            return await reading.everybody(progress)
        except NotRead as error:
            raise Failed(words.NOT_READ(party=PARTY, why=error.verdict.said)) from error


@asynccontextmanager
async def reader(host: Host, tenant: str, priority: int = BACKFILL) -> AsyncIterator[PeopleReader]:
    """Open a company's Alexis HR for reading, with calls borrowed from its budget."""
    timeout = host.settings.of(AlexisHRSettings).request_timeout
    async with (
        Client(timeout=timeout, headers={"Accept": "application/json"}) as client,
        guest(host, SYSTEM, tenant, priority) as attempt,
    ):
        yield PeopleReader(AlexisHR(tenant, host, client, tries=_TRIES), attempt)


def _content(fact: EmployeeChanged) -> str:
    return ids.revision(fact.model_copy(update={"changed_at": datetime(2000, 1, 1, tzinfo=UTC), "ignored": ()}))


def _fingerprint(fact: EmployeeChanged | PersonMentioned) -> str:
    """Return what stands for a sighting: when it was changed, then what it held. Newer ones are greater."""
    if isinstance(fact, PersonMentioned):
        return f"{moment(fact.mentioned_at)} {_UNREADABLE} {moment(fact.mentioned_at)}"
    return f"{moment(fact.changed_at)} {_content(fact)}"


def _told_leave(fact: LeaveChanged) -> tuple[Fact, str, str]:
    return fact, fact.leave_id, json.dumps(fact.to_json(), sort_keys=True)


def _newest(items: Iterable[Mapping[str, Any]]) -> datetime | None:
    latest = None
    for item in items:
        try:
            latest = _latest(latest, read(Changed, item, "record").updated.astimezone(UTC))
        except Malformed:
            continue
    return latest


def _latest(one: datetime | None, other: datetime | None) -> datetime | None:
    return max(one, other) if one and other else one or other


def _before(newest: datetime | None, began: float) -> datetime | None:
    """Return a time before which everything was seen, from the latest change and when (monotonic) reading began."""
    return newest and newest - timedelta(seconds=clock.monotonic() - began)


def _chunks(items: Sequence[Any], size: int) -> Iterable[Sequence[Any]]:
    return (items[at : at + size] for at in range(0, len(items), size))
