"""In what order a till's outbox is read, and which ids that are missing may still come. Pure.

Ids are given out when a row is written, and seen when its transaction commits: a lower id may appear after a higher
one. So a missing id is a hole. While a transaction runs that may fill it, it is waited for, some seconds, so that rows
come in order. Then it is passed and looked for at each look, until every transaction that ran when it was first seen is
over and an hour has gone by besides: a session may have taken its ids from the sequence long before it writes.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

KEEP: Final = 3600.0
"""Seconds that a hole is looked for, whatever transactions say."""
START: Final = -(2**63)
"""Before the first id that a table can have."""
MOST: Final = 1000
"""Holes that are kept in mind. Of more, those are let go first that no transaction can fill, and that are oldest."""


@dataclass(frozen=True, slots=True)
class Hole:
    """Ids that are missing, both ends included.

    Attributes:
        seen_at: when it was first seen, in seconds since 1970 by their clock.
        before: transactions with a lower number may still fill it: the first number that was not given out by then.
    """

    first: int
    last: int
    seen_at: float
    before: int


@dataclass(frozen=True, slots=True)
class Position:
    """How far an outbox was read: up to ``passed``, but for the holes; those beyond it are being waited for."""

    passed: int = START
    holes: tuple[Hole, ...] = ()

    @property
    def behind(self) -> tuple[Hole, ...]:
        """The holes that were passed."""
        return tuple(hole for hole in self.holes if hole.last <= self.passed)


@dataclass(frozen=True, slots=True)
class Look:
    """What one snapshot of an outbox shows.

    Attributes:
        ids: of rows in the holes that were passed, and of the first rows beyond ``passed``, ascending.
        at: when, in seconds since 1970 by their clock.
        running: the lowest number of a transaction that runs: all below it are over.
        upcoming: the first number that is not given out yet.
    """

    ids: Sequence[int]
    at: float
    running: int
    upcoming: int


def read(position: Position, look: Look, patience: float) -> tuple[tuple[int, ...], Position]:
    """Return the ids whose rows are taken now, in order, and how far the outbox was read once they are."""
    late = [one for one in look.ids if one <= position.passed]
    holes = [hole for known in position.behind for hole in _without(known, late) if not _is_over(hole, look)]
    waiting = [hole for hole in position.holes if hole.last > position.passed]
    taken, passed, before = late, position.passed, position.passed
    is_waiting = False
    for one in look.ids[len(late) :]:
        if one > before + 1:
            hole = _known(Hole(before + 1, one - 1, look.at, look.upcoming), waiting)
            is_waiting = is_waiting or not (look.running >= hole.before or look.at - hole.seen_at >= patience)
            holes.append(hole)
        if not is_waiting:
            taken, passed = [*taken, one], one
        before = one
    return tuple(taken), Position(passed, _few(holes, look))


def _is_over(hole: Hole, look: Look) -> bool:
    return look.running >= hole.before and look.at - hole.seen_at >= KEEP


def _known(hole: Hole, waiting: Iterable[Hole]) -> Hole:
    """Return a hole as it was first seen, if it was: part of it may have been filled since."""
    for one in waiting:
        if one.first <= hole.first and hole.last <= one.last:
            return replace(hole, seen_at=one.seen_at, before=one.before)
    return hole


def _without(hole: Hole, ids: Iterable[int]) -> Iterator[Hole]:
    """Yield what is left of a hole when ids in it have come, ascending."""
    first = hole.first
    for one in ids:
        if first <= one <= hole.last:
            if one > first:
                yield replace(hole, first=first, last=one - 1)
            first = one + 1
    if first <= hole.last:
        yield replace(hole, first=first)


def _few(holes: Sequence[Hole], look: Look) -> tuple[Hole, ...]:
    if len(holes) <= MOST:
        return tuple(holes)
    by_chance = sorted(holes, key=lambda hole: (look.running >= hole.before, -hole.seen_at, -hole.first))
    return tuple(sorted(by_chance[:MOST], key=lambda hole: hole.first))
