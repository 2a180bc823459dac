"""The request budget of one company: at most so many in any window, counted when the bytes leave."""

from collections import deque
from collections.abc import Iterable

from infra import clock, telemetry

WINDOW = 5.0
"""Fortnox counts over a sliding window of 5 seconds (facts: rate limit)."""


class Budget:
    """A sliding log. One lane uses it, one request at a time."""

    def __init__(self, limit: int, used: Iterable[float] = ()) -> None:
        self._limit = limit
        self._left: deque[float] = deque(sorted(used), maxlen=limit)

    async def take(self) -> None:
        """Wait until one more request fits into every window."""
        asked = clock.monotonic()
        if len(self._left) == self._limit and (wait := self._left[0] + WINDOW - asked) > 0:
            await clock.sleep(wait)
        self._left.append(clock.monotonic())
        telemetry.BUDGET_WAIT_SECONDS.observe(clock.monotonic() - asked)

    def leaves(self) -> None:
        """Note that the request that was taken leaves now: connecting took its time."""
        if self._left:
            self._left[-1] = clock.monotonic()

    def used(self) -> list[float]:
        """Return when the requests of the last window left (monotonic seconds)."""
        since = clock.monotonic() - WINDOW
        return [at for at in self._left if at > since]
