"""No company is asked more than its budget allows, and no request waits longer than it must."""

import asyncio
from collections.abc import Sequence
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from infra import clock
from infra.delivery.budget import BACKFILL, LIFE, LOOK_UP, WINDOW, Budget
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


loans = st.tuples(
    st.integers(0, 3000).map(lambda ms: ms / 1000),
    st.integers(1, 8),
    st.sampled_from([LOOK_UP, BACKFILL]),
    st.sampled_from([0.0, 60.0]),
    st.floats(0, 1),
)
"""After how long a guest asks, for how many calls, as what, how long it has waited, when in their life it uses them."""


@given(limit=st.integers(1, 24), pattern=requests, asked=st.lists(loans, max_size=40), busy=st.booleans())
def test_the_lane_and_its_guests_keep_the_limit_together(
    *, limit: int, pattern: list[tuple[float, float]], asked: list[tuple[float, int, int, float, float]], busy: bool
) -> None:
    """Whenever guests use what they were lent, and however slowly the lane connects meanwhile."""

    async def both() -> list[float]:
        budget, left = Budget(limit), []
        budget.busy = busy
        live = asyncio.ensure_future(send(budget, pattern))
        for pause, calls, priority, waited, share in asked:
            await clock.sleep(pause)
            now = clock.monotonic()
            left += [now + share * LIFE] * budget.lend(calls, priority, waited, now + LIFE)
        return left + [at for *_, at in await live]

    assert most_in_a_window(virtual.run(both())) <= limit


@given(asked=st.lists(loans, max_size=40), orders=st.integers(1, 4))
def test_live_orders_find_calls_left_by_guests(asked: list[tuple[float, int, int, float, float]], orders: int) -> None:
    """However much guests borrow, the first four orders after a rest wait for nobody."""

    async def wait() -> float:
        budget = Budget(24)
        for pause, calls, priority, waited, _ in asked:
            await clock.sleep(pause)
            budget.lend(calls, priority, min(waited, 1.0), clock.monotonic() + LIFE)
        began = clock.monotonic()
        await send(budget, [(0.0, 0.0)] * orders)
        return clock.monotonic() - began

    assert virtual.run(wait()) < _ROUNDING


def lent(*calls: tuple[int, int, float], used: int = 0, busy: bool = False) -> list[int]:
    """Return what guests get who ask at once, each for so many calls, with a priority, after waiting so long."""

    async def ask() -> list[int]:
        budget = Budget(24, [clock.monotonic()] * used)
        budget.busy = busy
        return [budget.lend(number, priority, waited, clock.monotonic() + LIFE) for number, priority, waited in calls]

    return virtual.run(ask())


def test_backfill_waits_for_look_ups_and_both_for_live_orders() -> None:
    """Each leaves something to those before it; of a busy lane look-ups get what it does not use, backfill nothing."""
    assert lent((30, LOOK_UP, 0.0), (30, BACKFILL, 0.0)) == [20, 0]
    assert lent((30, BACKFILL, 0.0), (30, LOOK_UP, 0.0)) == [16, 4]
    assert lent((1, LOOK_UP, 0.0), (1, BACKFILL, 0.0), used=20) == [0, 0]
    assert lent((1, LOOK_UP, 0.0), (1, BACKFILL, 0.0), used=15) == [1, 0]
    assert lent((1, BACKFILL, 0.0), used=15) == [1]
    assert lent((30, BACKFILL, 60.0), (30, LOOK_UP, 0.0), busy=True) == [0, 12]


def test_a_look_up_that_waited_gets_one_call_a_second() -> None:
    """Others that waited as long wait for the next one."""
    assert lent((5, LOOK_UP, 4.9), (5, LOOK_UP, 5.0), (5, LOOK_UP, 60.0), used=20, busy=True) == [0, 1, 0]
    assert lent((5, BACKFILL, 60.0), used=20, busy=True) == [0]


def test_a_look_up_that_waited_is_not_overtaken_for_ever() -> None:
    """The lane, waiting as well, steps back for it, once, and loses nothing else."""

    async def race() -> tuple[int, float, list[float]]:
        began = clock.monotonic()
        budget = Budget(24, [began - WINDOW + number / 5 for number in range(1, 25)])
        live = asyncio.ensure_future(send(budget, [(0.0, 0.0)] * 24))
        while not (got := budget.lend(5, LOOK_UP, 10.0, clock.monotonic() + LIFE)):
            await clock.sleep(0.25)
        return got, clock.monotonic() - began, [through - began for _, through, _ in await live]

    got, guest, live = virtual.run(race())
    assert got == 1
    assert guest < 0.6
    assert live[-1] < 6.0


def test_a_call_that_is_under_way_counts() -> None:
    """It has not left yet: it leaves now or later."""

    async def lend() -> list[int]:
        budget = Budget(1)
        await budget.take()
        await clock.sleep(10.0)
        under_way = budget.lend(1, LOOK_UP, 0.0, clock.monotonic())
        budget.leaves()
        await clock.sleep(WINDOW)
        return [under_way, budget.lend(1, LOOK_UP, 0.0, clock.monotonic())]

    assert virtual.run(lend()) == [0, 1]


def test_nobody_calls_while_the_target_wants_a_pause() -> None:
    """Neither the lane nor guests; and who inherits the budget inherits the pause."""

    async def pauses() -> tuple[int, float]:
        budget = Budget(24)
        budget.pause(30.0)
        began = clock.monotonic()
        got = budget.lend(1, LOOK_UP, 60.0, began + LIFE)
        await Budget(24, budget.used()).take()
        return got, clock.monotonic() - began

    got, waited = virtual.run(pauses())
    assert got == 0
    assert abs(waited - 30.0) < 1e-3
