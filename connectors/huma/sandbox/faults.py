"""What goes wrong with calls, and when: chosen by a script first, then by seeded chance."""

from collections import deque
from collections.abc import Iterable, Sequence
from enum import StrEnum
from random import Random


class Fault(StrEnum):
    """One thing that goes wrong with one call."""

    LOSE_ANSWER = "lose_answer"  # done; the connection ends in the middle of the answer
    LOSE_REQUEST = "lose_request"  # not done; the same to the caller
    FAIL_AFTERWARDS = "fail_afterwards"  # done; 500
    FAIL = "fail"  # not done; 500
    BAD_GATEWAY = "bad_gateway"  # not done; a page of something in between
    THROTTLED = "throttled"  # not done; 429, which is in no document of theirs
    UNAUTHORISED = "unauthorised"  # not done; 401


class Faults:
    """The faults of a company. The same seed and calls give the same faults.

    Args:
        share: of the calls, from 0 to 1, that something goes wrong with.
        routes: where, such as ``PATCH /users``; none named is everywhere.
        script: taken first, one a call; None lets a call through.
    """

    def __init__(
        self, share: float = 0.0, seed: int | str = 0, routes: Sequence[str] = (), script: Iterable[Fault | None] = ()
    ) -> None:
        """Raise ValueError when the share is none."""
        if not 0 <= share <= 1:
            raise ValueError("faults: a share of the calls, from 0 to 1")
        self._share, self._routes = share, tuple(routes)
        self.script = deque(script)
        self._random = Random(seed)  # noqa: S311 - repeatable, not secret

    def choose(self, route: str) -> Fault | None:
        """Return what goes wrong with a call."""
        if self._routes and route not in self._routes:
            return None
        if self.script:
            return self.script.popleft()
        if self._random.random() >= self._share:
            return None
        return self._random.choice(list(Fault))
