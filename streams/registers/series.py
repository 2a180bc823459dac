"""A register's series of Z numbers: what is remembered of it, and which numbers have not come. Pure."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import timedelta
from itertools import pairwise
from typing import Final

from schemas.events import DayClosed
from streams.registers.state import Closing, Numbers

MOST: Final = 56
"""Reports of a register that are remembered: eight weeks of one a day."""
MOST_GAPS: Final = 20
"""Gaps of a register that are remembered to have been told of."""
_BEFORE: Final = timedelta(microseconds=1)
_NEAR: Final = timedelta(days=7)
"""Further apart, the same number may be that of the register that stood there before: a new one counts from 1 again."""


def remember(known: Sequence[Closing], day: DayClosed) -> tuple[Closing, ...]:
    """Return a register's last reports with one more; a correction takes the place of what it corrects."""
    new = Closing(
        day.z_number, day.business_date, day.taken_at, day.total_sales, not day.unnumbered, day.organisation_number
    )
    same = next(
        (one for one in known if one.z == new.z and _is_near(one, new) and not one.is_anothers(new.whose)), None
    )
    if same is not None:
        new = new._replace(taken_at=same.taken_at)
        return tuple(new if one is same else one for one in known)
    if day.amendment:  # a correction is taken late, and belongs where its number does
        later = next((one for one in known if one.z > new.z and one.taken_at < new.taken_at), None)
        if later is not None and later is known[0]:
            return tuple(known)  # it corrects what is forgotten
        new = new._replace(taken_at=later.taken_at - _BEFORE) if later else new
    if not known or known[-1].taken_at <= new.taken_at:
        return (*known, new)[-MOST:]
    return tuple(sorted((*known, new), key=lambda one: one.taken_at)[-MOST:])


def gaps(closings: Sequence[Closing], told: Numbers) -> Iterator[tuple[Closing, Closing]]:
    """Yield the reports on both sides of numbers that have not come, and that nobody was told of.

    A lower number than the one before begins another series: a new register counts from 1 again.
    """
    for before, after in pairwise(one for one in closings if one.counted):
        missing = not_come(before, after, closings)
        if any(not any(low < first and last < high for low, high in told) for first, last in missing):
            yield before, after


def not_come(before: Closing, after: Closing, closings: Iterable[Closing]) -> Numbers:
    """Return the numbers between two reports that are not remembered to have come, near in time to one of these."""
    low, high = before.z, after.z
    runs: Numbers = ((low + 1, high - 1),) if high > low + 1 else ()
    for one in closings:
        if low < one.z < high and (_is_near(one, before) or _is_near(one, after)):
            runs = without(runs, one.z)
    return runs


def without(runs: Numbers, number: int) -> Numbers:
    """Return the numbers but for one."""
    left: list[tuple[int, int]] = []
    for first, last in runs:
        if first <= number <= last:
            left += [run for run in ((first, number - 1), (number + 1, last)) if run[0] <= run[1]]
        else:
            left.append((first, last))
    return tuple(left)


def said(runs: Numbers) -> tuple[str, ...]:
    """Return each run as people write it: ``413`` or ``413-415``."""
    return tuple(f"{first}" if first == last else f"{first}-{last}" for first, last in runs)


def _is_near(one: Closing, other: Closing) -> bool:
    return abs(one.taken_at - other.taken_at) <= _NEAR
