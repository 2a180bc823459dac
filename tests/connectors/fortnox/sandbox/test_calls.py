"""The limiter and what it counts: 25 requests in any 5 seconds, per client and company (facts §2.1)."""

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from connectors.fortnox.sandbox.calls import WINDOW, CallLog

Fortnox = Any  # of conftest.py, which a test cannot import


async def test_the_26th_request_is_throttled_without_error_information(fortnox: Fortnox) -> None:
    """429 says nothing but its reason, and there is no Retry-After."""
    statuses = [(await fortnox.get("companyinformation")).status for _ in range(25)]
    answer = await fortnox.get("companyinformation")
    assert statuses == [200] * 25
    assert (answer.status, answer.body) == (429, b"Too Many Requests")
    assert "retry-after" not in answer.headers


async def test_a_throttled_voucher_is_not_booked(fortnox: Fortnox) -> None:
    """A 429 did nothing."""
    for _ in range(25):
        await fortnox.get("companyinformation")
    assert (await fortnox.post()).status == 429
    assert fortnox.numbers() == []


async def test_retry_after_can_be_switched_on(fortnox: Fortnox) -> None:
    """Then a 429 says in whole seconds when a call is let through again."""
    fortnox.books.retry_after = True
    for _ in range(25):
        await fortnox.get("companyinformation")
    assert (await fortnox.get("companyinformation")).headers["retry-after"] == "5"


async def test_companies_have_budgets_of_their_own(fortnox: Fortnox) -> None:
    """What one company used up another has left."""
    await fortnox.control("companies", {"database_number": 1002})
    for _ in range(26):
        await fortnox.get("companyinformation")
    token = json.loads((await fortnox.token(tenant="1002")).body)["access_token"]
    fortnox.headers = {"Authorization": f"Bearer {token}"}
    assert (await fortnox.get("companyinformation")).status == 200


async def test_calls_are_counted_by_company_and_route(fortnox: Fortnox) -> None:
    """Benchmarks read here what they used, what they earned, and when vouchers arrived."""
    fortnox.books.limit = 3
    for _ in range(2):
        await fortnox.get("vouchers/F/1")
    for _ in range(2):
        await fortnox.post()
    (company,) = json.loads((await fortnox.control("calls")).body)["companies"]
    assert company["calls"] == {
        "POST /oauth-v1/token": 1,
        "GET /3/vouchers/{series}/{number}": 2,
        "POST /3/vouchers": 2,
    }
    assert (company["throttled"], company["busiest_window"]) == (1, 4)
    first, second = company["posts"]
    assert 1_700_000_000 < first <= second


@given(
    st.lists(st.tuples(st.floats(0, 3), st.sampled_from(["a", "b"])), max_size=60),
    st.integers(1, 6),
)
def test_a_call_passes_if_and_only_if_its_window_is_not_full(steps: list[tuple[float, str]], limit: int) -> None:
    """The window slides, belongs to one client, and holds rejected calls as well: hammering keeps the door shut."""
    calls, tick = CallLog(), 1000.0
    made: list[tuple[float, str]] = []
    for pause, client in steps:
        tick += pause
        made.append((tick, client))
        window = [at for at, whose in made if whose == client and at > tick - WINDOW]
        assert calls.arrive(client, "GET /3/x", tick, limit) == (len(window) <= limit)
        assert calls.busiest >= len(window)
    assert calls.routes.total() == len(steps)


@given(st.lists(st.floats(0, 2), min_size=1, max_size=40), st.integers(1, 6))
def test_after_the_wait_a_call_is_let_through(pauses: list[float], limit: int) -> None:
    """``wait`` tells how long to be quiet."""
    calls, tick = CallLog(), 1000.0
    for pause in pauses:
        tick += pause
        calls.arrive("a", "GET /3/x", tick, limit)
    assert calls.arrive("a", "GET /3/x", tick + calls.wait("a", tick, limit) + 1e-6, limit)
