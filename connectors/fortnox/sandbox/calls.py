"""The calls that a company got, and the limiter: 25 requests in any 5 seconds per client and company."""

from collections import Counter, deque
from dataclasses import dataclass, field

WINDOW = 5.0
"""Seconds (facts §2.1)."""


@dataclass(slots=True)
class CallLog:
    """One company's calls.

    Attributes:
        routes: calls by route.
        faults: injected faults by name.
        throttled: answers 429 that the client earned; injected ones are not among them.
        busiest: the most requests that arrived in any 5 seconds from one client, rejected ones included.
        posts: when each voucher arrived, rejected by the limiter or not; seconds since 1970.
    """

    routes: Counter[str] = field(default_factory=Counter)
    faults: Counter[str] = field(default_factory=Counter)
    throttled: int = 0
    busiest: int = 0
    posts: list[float] = field(default_factory=list)
    _recent: dict[str, deque[float]] = field(default_factory=dict)

    def arrive(self, client: str, route: str, tick: float, limit: int) -> bool:
        """Count a call (at monotonic seconds) and tell whether the limit lets it through. Rejected calls count too."""
        self.routes[route] += 1
        recent = self._recent.setdefault(client, deque())
        while recent and recent[0] <= tick - WINDOW:
            recent.popleft()
        recent.append(tick)
        self.busiest = max(self.busiest, len(recent))
        return len(recent) <= limit

    def wait(self, client: str, tick: float, limit: int) -> float:
        """Return the seconds until a call of this client would be let through, if it makes none until then."""
        recent = self._recent[client]
        return max(0.0, recent[-limit] + WINDOW - tick) if len(recent) >= limit else 0.0
