"""No company is asked more than its budget allows, and no request waits longer than it must."""

import asyncio
from collections.abc import Sequence
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from infra import clock
from infra.budget import WINDOW, Budget
from tests.infra import virtual

_ROUNDING = 1e-6
seconds = st.integers(0, 7000).map(lambda ms: ms / 1000)
requests = st.lists(st.tuples(seconds, st.integers(0, 400).map(lambda ms: ms / 1000)), max_size=60)
"""Of each request: how long after the last one it is asked for, and how long connecting takes."""


def most_in_a_window(times: Sequence[float]) -> int:
    """Return the most of these times that any half-open window holds."""
    return max((sum(at <= other < at + WINDOW - _ROUNDING for other in times) for at in times), default=0)


async def send(budget: Budget, pattern: Sequence[tuple[float, float]]) -> list[tuple[float, float, float]]:
    """Send requests one after the other; return when each was asked for, was let through, and left."""
    sent = []
    for pause, connecting in pattern:
        await clock.sleep(pause)
        asked = clock.monotonic()
        await budget.take()
        through = clock.monotonic()
        await clock.sleep(connecting)
        budget.leaves()
        sent.append((asked, through, clock.monotonic()))
    return sent


@given(limit=st.integers(1, 24), pattern=requests)
def test_no_window_holds_more_than_the_limit(limit: int, pattern: list[tuple[float, float]]) -> None:
    """However requests come and however long connecting takes, any 5 seconds hold at most ``limit`` that left."""
    left = [at for *_, at in virtual.run(send(Budget(limit), pattern))]
    assert most_in_a_window(left) <= limit


@given(limit=st.integers(1, 24), pattern=requests)
def test_a_request_waits_no_longer_than_it_must(limit: int, pattern: list[tuple[float, float]]) -> None:
    """It is let through at once, or at the moment when the one ``limit`` before it is out of the window."""
    sent = virtual.run(send(Budget(limit), pattern))
    for number, (asked, through, _) in enumerate(sent):
        due = sent[number - limit][2] + WINDOW if number >= limit else asked
        assert abs(through - max(asked, due)) < _ROUNDING


@given(
    limit=st.integers(1, 24),
    before=requests,
    handover=st.integers(0, 6000).map(lambda ms: ms / 1000),
    after=requests,
)
def test_a_successor_goes_on_counting(
    limit: int, before: list[tuple[float, float]], handover: float, after: list[tuple[float, float]]
) -> None:
    """What the last owner used in the window is handed over, so that both together keep the limit."""

    async def both() -> list[float]:
        first = Budget(limit)
        sent = await send(first, before)
        used = first.used()
        await clock.sleep(handover)
        return [at for *_, at in sent + await send(Budget(limit, used), after)]

    assert most_in_a_window(virtual.run(both())) <= limit


@given(pattern=requests, latencies=st.lists(seconds, min_size=60, max_size=60))
def test_the_target_counts_one_more_at_most(pattern: list[tuple[float, float]], latencies: list[float]) -> None:
    """Requests that travel slowly bunch up, but one at a time: with 24 leaving, Fortnox never sees more than its 25."""

    async def arrive() -> list[float]:
        budget, arrived = Budget(24), []
        for (pause, connecting), latency in zip([*pattern, *pattern], [*latencies, *latencies], strict=False):
            await asyncio.sleep(pause / 100)
            await budget.take()
            await asyncio.sleep(connecting / 100)
            budget.leaves()
            await asyncio.sleep(latency / 10)
            arrived.append(clock.monotonic())
        return arrived

    arrived = virtual.run(arrive())
    assert all(one <= other for one, other in pairwise(arrived))
    assert most_in_a_window(arrived) <= 25


def test_only_the_last_window_is_handed_over() -> None:
    """What left before it frees nobody and binds nobody."""

    async def used() -> tuple[int, int]:
        budget = Budget(24)
        await send(budget, [(0.0, 0.0)] * 5)
        await clock.sleep(WINDOW - 0.1)
        before = len(budget.used())
        await clock.sleep(0.2)
        return before, len(budget.used())

    assert virtual.run(used()) == (5, 0)
