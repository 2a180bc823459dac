"""Fills in what happened on days past, out of files: in the order of days, so few at a time that live ones hardly wait.

A fact that was decided before is known by its identity and passed over: nothing else has to be remembered to go on.
"""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from datetime import date
from pathlib import Path
from typing import Any, Final

from infra import clock, store
from infra.intake.accepting import Acceptor, Unavailable, read_payload
from infra.plugin import Malformed, Source
from infra.postgres import Engine, text
from schemas import ids
from schemas.events import Fact

_AT_ONCE: Final = 10
"""Facts that are on their way at once: two seconds of a company's budget, which a live one may have to wait."""
_POLL: Final = 0.2
_SHOWN: Final = 20
_SAY: Final = 5.0
_DECIDED: Final = text(
    "select distinct fact_id from decided where tenant = :tenant and fact_id = any(cast(:facts as text[]))"
)
_OPEN: Final = text(
    """select (select count(*) from outbox where tenant = :tenant)
            + (select count(*) from journal where tenant = :tenant and state in ('queued', 'sending'))"""
)


class Filling:
    """The files of a company's system that tell of some days.

    Attributes:
        refused: what breaks its format, by file, each with its first problem.
        accepted, known, outside: facts that were accepted now, that were decided before, and that are of other days.
    """

    def __init__(
        self, engine: Engine, acceptor: Acceptor, source: Source, tenant: str, first: date, last: date, most: int
    ) -> None:
        self._engine, self._acceptor, self._source, self._tenant = engine, acceptor, source, tenant
        self._first, self._last, self._most = first, last, most
        self._translate = source.translate
        self._files: list[tuple[date, Path]] = []
        self.refused: dict[str, str] = {}
        self.accepted = self.known = self.outside = 0

    @property
    def left(self) -> int:
        """How many files are still to be told."""
        return len(self._files)

    async def look(self, paths: Iterable[Path]) -> None:
        """Read which files tell of these days; a folder stands for the files in it. Raises Unavailable."""
        self._translate = await self._acceptor.reader(self._tenant, self._source)
        files = [file for path in paths for file in (sorted(path.iterdir()) if path.is_dir() else [path])]
        for file in files:
            if file.is_file():
                _, facts = await asyncio.to_thread(self._read, file)
                days = [fact.of_day for fact in facts if fact.of_day]
                if facts and not days:
                    self.refused[str(file)] = "it tells of no day"
                wanted = [day for day in days if self._first <= day <= self._last]
                self.outside += len(facts) - len(wanted)
                self._files += [(min(wanted), file)] if wanted else []
        self._files.sort(reverse=True)  # taken from the end

    def _read(self, file: Path) -> tuple[bytes, Sequence[Fact]]:
        try:
            with file.open("rb") as opened:
                payload = read_payload(opened, self._most)
            return payload, self._translate(payload)
        except Malformed as error:
            self.refused[str(file)] = error.problems[0]
        except OSError as error:
            self.refused[str(file)] = f"it cannot be read: {error.strerror}"
        return b"", ()

    async def run(self, patience: float, say: Callable[[str], None]) -> bool:
        """Tell them all; False when nothing has moved for so many seconds."""
        moved, said, under_way = clock.monotonic(), clock.monotonic(), list[str]()
        while self._files or under_way:
            now = clock.monotonic()
            if await self._may_go_on(under_way):
                before, under_way = self.left, await self._some()
                moved = now if self.left < before else moved
            if now - moved > patience:
                return False
            await clock.sleep(_POLL)
            if now - said > _SAY:
                said = now
                say(f"{self.accepted} accepted, {self.known} known, {self.left} files left")
        return True

    async def _may_go_on(self, under_way: Sequence[str]) -> bool:
        """Tell whether what was told last is decided, and hardly anything waits to be carried out."""
        if set(under_way) - await self._decided(under_way):  # two files may tell the same
            return False
        return (await store.scalar(self._engine, _OPEN, {"tenant": self._tenant}) or 0) < _AT_ONCE

    async def _some(self) -> list[str]:
        """Accept the next facts; return their ids. What Kafka does not take now stays for the next time."""
        told: list[str] = []
        while self._files and len(told) < _AT_ONCE:
            _, file = self._files[-1]
            payload, found = await asyncio.to_thread(self._read, file)
            facts = [f for f in found if f.of_day and self._first <= f.of_day <= self._last]
            before = await self._decided([ids.fact_id(fact.key, ids.revision(fact)) for fact in facts])
            new = [fact for fact in facts if ids.fact_id(fact.key, ids.revision(fact)) not in before]
            try:
                if new:
                    await self._acceptor.keep_documents(self._tenant, self._source, payload)
                told += await self._acceptor.accept_facts(self._tenant, self._source.system, new)
            except Unavailable:
                break
            except Malformed as error:
                self.refused[str(file)] = error.problems[0]
                new = []
            self._files.pop()
            self.accepted += len(new)
            self.known += len(facts) - len(new)
        return told

    async def _decided(self, facts: Sequence[str]) -> frozenset[str]:
        return frozenset(await store.scalars(self._engine, _DECIDED, {"tenant": self._tenant, "facts": list(facts)}))

    def lines(self) -> list[str]:
        """Say what came of it."""
        told = [f"{self.accepted} accepted, {self.known} decided before, {self.outside} of other days"]
        told += [f"refused: {file}: {why}" for file, why in list(self.refused.items())[:_SHOWN]]
        return told + ([f"and {len(self.refused) - _SHOWN} more refused"] if len(self.refused) > _SHOWN else [])

    def to_json(self) -> dict[str, Any]:
        """Return the same for programs."""
        return {"accepted": self.accepted, "known": self.known, "outside": self.outside, "refused": self.refused}
