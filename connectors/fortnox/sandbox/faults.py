"""What goes wrong, and when: chosen by a script first, then by seeded chance. The server carries it out."""

from collections import deque
from collections.abc import Iterable, Mapping
from enum import StrEnum
from random import Random


class Fault(StrEnum):
    """One thing that goes wrong with one request, or from one request on."""

    COMMIT_THEN_LOSE_ANSWER = "commit_then_lose_answer"  # done; the connection is closed without an answer
    COMMIT_THEN_500 = "commit_then_500"  # done; a 500 without JSON
    COMMIT_THEN_HTML = "commit_then_html"  # done; a 502 page from something in between
    RESET_BEFORE_COMMIT = "reset_before_commit"  # not done; the connection is reset
    HTML_WITHOUT_COMMIT = "html_without_commit"  # not done; a 502 page
    SLOW = "slow"  # done at once, answered late
    SLOW_BEFORE_COMMIT = "slow_before_commit"  # done late, also when the client has gone, then answered
    LATE_COMMIT = "late_commit"  # the answer is lost, and it is done only later
    STALE_LIST = "stale_list"  # done, the answer is lost, and lists show it only later
    UNAUTHORIZED_MID_RUN = "unauthorized_mid_run"  # 401, and the token is dead
    THROTTLED = "throttled"  # 429 for this and every request that follows, for a while
    SERVER_DOWN = "server_down"  # this and every request that follows is reset, for a while
    FAIL_WITHOUT_COMMIT = "fail_without_commit"  # not done; a 500 without JSON
    CUT_ANSWER = "cut_answer"  # done; half of the answer comes, then the connection is closed


_LASTING = (Fault.SERVER_DOWN, Fault.THROTTLED)

SECONDS: Mapping[Fault, float] = {
    Fault.SLOW: 2.0,
    Fault.SLOW_BEFORE_COMMIT: 2.0,
    Fault.LATE_COMMIT: 3.0,
    Fault.STALE_LIST: 3.0,
    Fault.THROTTLED: 2.0,
    Fault.SERVER_DOWN: 5.0,
}
"""How late, or how long, unless a company's faults say otherwise."""


class Faults:
    """The faults of one company. The same seed, script and requests give the same faults.

    Attributes:
        only: the routes that faults begin at, such as ``POST /3/vouchers``; None is every request, tokens included.
            ``POST /oauth-v1/token refresh_token`` is that grant; without the grant it is all of them.
        script: taken first, one a request; None lets a request through.
        seconds: how late or how long, by fault.
    """

    def __init__(
        self,
        seed: int | str = 0,
        rates: Mapping[Fault, float] | None = None,
        only: str | Iterable[str] | None = "POST /3/vouchers",
        *,
        script: Iterable[Fault | None] = (),
        seconds: Mapping[Fault, float] | None = None,
    ) -> None:
        """Raise ValueError unless the rates are chances that add up to at most 1 and no time is negative."""
        self._rates = dict(rates or {})
        if any(rate < 0 for rate in self._rates.values()) or sum(self._rates.values()) > 1 + 1e-9:
            raise ValueError("rates: each is at least 0, and together they are at most 1")
        self.seconds = {**SECONDS, **(seconds or {})}
        if any(duration < 0 for duration in self.seconds.values()):
            raise ValueError("seconds: no time is negative")
        self.only = None if only is None else (only,) if isinstance(only, str) else tuple(only)
        self.script = deque(script)
        self._random = Random(seed)  # noqa: S311 - repeatable, not secret
        self._until: dict[Fault, float] = {}

    @classmethod
    def evenly(cls, share: float, seed: int | str, only: Iterable[str] | None = None) -> "Faults":
        """Return faults that befall a share (0 to 1) of the requests, every kind that ends with its request alike.

        Raises ValueError when the share is none.
        """
        if not 0 <= share <= 1:
            raise ValueError("faults: a share of the calls, from 0 to 1")
        kinds = [fault for fault in Fault if fault not in _LASTING]
        return cls(seed, dict.fromkeys(kinds, share / len(kinds)), only)

    def ongoing(self, tick: float) -> Fault | None:
        """Return the lasting fault that a request at this moment (monotonic seconds) falls into."""
        return next((fault for fault in _LASTING if tick < self._until.get(fault, 0.0)), None)

    def choose(self, route: str, tick: float) -> Fault | None:
        """Return what goes wrong with a request that arrived at this moment (monotonic seconds)."""
        if self.only is not None and not any(f"{route} ".startswith(f"{one} ") for one in self.only):
            return None
        fault = self.script.popleft() if self.script else self._draw()
        if fault in _LASTING:
            self._until[fault] = tick + self.seconds[fault]
        return fault

    def _draw(self) -> Fault | None:
        left = self._random.random()
        for fault in Fault:  # never the order of the rates
            left -= self._rates.get(fault, 0.0)
            if left < 0:
                return fault
        return None
