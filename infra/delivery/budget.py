"""The request budget of one company: at most so many calls in any window, counted when the bytes leave.

Who owns the lane counts, in memory. Its live orders take calls; guests, who read from other places, are lent some.
"""

from collections.abc import Iterable

from infra import clock

WINDOW = 5.0
"""Seconds of the sliding window that every system's budget is counted over."""
LIFE = 2.0
"""Seconds that a guest has for calls that it was lent. They count as leaving at the last moment, whenever they do."""
LOOK_UP = 1
"""Somebody waits for the answer: doctor, consent, a command, a page."""
BACKFILL = 2
"""Nobody waits: it gets what is left."""

_ROUNDING = 1e-6
_STARVED = 5.0
"""Seconds after which a look-up gets a call although live orders use everything up."""
_TRICKLE = 1.0
"""Seconds between two such calls; and how long one is kept free for a guest that may be gone."""


class Budget:
    """A sliding log. One lane takes from it, one call at a time; ``busy`` says that its live orders wait."""

    def __init__(self, limit: int, used: Iterable[float] = ()) -> None:
        self._limit = limit
        self._left = list(used)  # when each call left, or when it leaves at the latest
        self._under_way = False  # the lane's call: taken, and not left yet
        self._waiting = False
        self._kept_until = self._trickled = float("-inf")
        self.busy = False

    async def take(self) -> None:
        """Wait until one more call of the lane's fits into every window; one that was taken and never left is free."""
        self._under_way, self._waiting = False, True
        try:
            while (wait := self._full_for(clock.monotonic())) > 0:
                await clock.sleep(wait)
        finally:
            self._waiting = False
        self._under_way = True

    def leaves(self) -> None:
        """Note that the call that was taken leaves now: connecting took its time."""
        self._under_way = False
        self._left.append(clock.monotonic())

    def lend(self, calls: int, priority: int, waited: float, until: float) -> int:
        """Return how many calls a guest may make until then (monotonic seconds), after it ``waited`` so long.

        Some are always left for live orders. While those wait, look-ups get what is not used anyway; if that is
        nothing, one call each second, for which the lane steps back. Backfill leaves something to both.
        """
        now = clock.monotonic()
        used = self._used(now)
        lent = max(0, min(calls, self._share(priority) - used))
        if priority == LOOK_UP:
            lent = lent or self._trickle(now, used, waited)
            self._kept_until = float("-inf") if lent else self._kept_until
        self._left += [until] * lent
        return lent

    def pause(self, seconds: float) -> None:
        """Let nobody call for so long: the target said so. It is as if the window had been used up until then."""
        self._left += [clock.monotonic() + seconds - WINDOW] * self._limit

    def used(self) -> list[float]:
        """Return when the calls of the last window left, or leave at the latest (monotonic seconds)."""
        self._forget(clock.monotonic())
        return list(self._left)

    def share_used(self) -> float:
        """Return how much of the last window's calls is used up, from 0 to 1."""
        return len(self.used()) / self._limit

    def _share(self, priority: int) -> int:
        """Return how many calls of a window may be in use after a guest was lent some."""
        live = self.busy or self._waiting
        if priority == LOOK_UP:
            return self._limit // 2 if live else self._limit - self._limit // 6
        return 0 if live else self._limit - self._limit // 3

    def _trickle(self, now: float, used: int, waited: float) -> int:
        if waited < _STARVED or now < self._trickled + _TRICKLE:
            return 0
        if used >= self._limit:
            self._kept_until = now + _TRICKLE
            return 0
        self._trickled = now
        return 1

    def _used(self, now: float) -> int:
        self._forget(now)
        return len(self._left) + self._under_way

    def _forget(self, now: float) -> None:
        self._left = [at for at in self._left if at + WINDOW > now + _ROUNDING]

    def _full_for(self, now: float) -> float:
        """Return the seconds until the lane may call."""
        self._forget(now)
        free_at = [at + WINDOW for at in self._left]
        if self._kept_until > now:
            free_at.append(self._kept_until)
        return 0.0 if len(free_at) < self._limit else sorted(free_at)[-self._limit] - now
