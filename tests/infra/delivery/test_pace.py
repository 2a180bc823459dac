"""How a lane goes on after an answer: from values."""

from itertools import pairwise
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from infra.delivery.pace import FEW, MANY, OUR_FAILURE, Pace, spread
from infra.verdicts import Absent, Delivered, Rejected, RetryLater, Unknown

ORDER = UUID("5f0f6c1e-1b2a-5c3d-8e4f-0123456789ab")
ANSWERS = st.sampled_from(
    [
        Delivered(),
        Rejected("period_locked", "", "accountant"),
        Unknown("500"),
        RetryLater(5.0, "throttled", "429"),
        RetryLater(2.0, "consent_missing", "", "operator", steady=True),
        RetryLater(5.0, "fortnox_failing", "500", alone=True),
        RetryLater(60.0, OUR_FAILURE, ""),
        RetryLater(300.0, "scope_missing", "", "operator", of_kind=True),
    ]
)


@given(st.lists(ANSWERS, max_size=100))
def test_doubts_are_bounded_and_follow_the_clear_answers(answers: list[object]) -> None:
    """More doubts than clear answers: a few at once; more clear answers: more, as many as can be looked for."""
    pace = Pace()
    for answer in answers:
        before = pace.doubts
        pace.sent(answer)  # type: ignore[arg-type]
        assert FEW <= pace.doubts <= MANY
        if isinstance(answer, Delivered | Rejected):
            assert pace.doubts >= before
        elif isinstance(answer, Unknown):
            assert pace.doubts <= before
        else:
            assert pace.doubts == before


@given(st.lists(ANSWERS, max_size=50))
def test_a_lane_pauses_for_what_is_about_the_company_and_a_clear_answer_ends_it(answers: list[object]) -> None:
    """A doubt and a bug of ours pause nobody; what was asked of the target in vain grows, to a minute and a quarter."""
    pace = Pace()
    for answer in answers:
        wait = pace.after(answer, ORDER, 1, "invoice")  # type: ignore[arg-type]
        assert wait.kind == 0 or isinstance(answer, RetryLater)
        match answer:
            case RetryLater(after=after, of_kind=True):
                assert (wait.lane, wait.order, pace.paused_for) == (0, 0, "")
                assert after <= wait.kind < 1.25 * after
                assert pace.resting == {"invoice": "scope_missing"}
            case RetryLater(alone=True):
                assert wait.lane == 0 or wait.order > wait.lane
                assert wait.order >= 5
            case RetryLater(code=code) if code == OUR_FAILURE:
                assert (wait.lane, wait.order) == (0, 60)
            case RetryLater(after=after, steady=True):
                assert (wait.lane, pace.paused_for) == (after, "consent_missing")
            case RetryLater(after=after):
                assert after <= wait.lane <= 75
                assert wait.order > wait.lane
            case Unknown():
                assert wait.lane == 0
            case _:
                assert (wait.lane, pace.paused_for, pace.resting) == (0, "", {})


def test_one_failure_is_an_orders_and_three_in_a_row_the_targets() -> None:
    """As long as anything is answered clearly, the others go on."""
    pace, failing = Pace(), RetryLater(5.0, "fortnox_failing", "500", alone=True)
    assert [pace.after(failing, ORDER, 1).lane > 0 for _ in range(4)] == [False, False, True, True]
    pace.after(Absent(), ORDER, 1)
    assert [pace.after(failing, ORDER, 1).lane > 0 for _ in range(3)] == [False, False, True]


@given(st.uuids(version=5), st.integers(0, 100))
def test_waits_are_spread_by_the_orders_id(order_id: UUID, attempt: int) -> None:
    """The same order waits the same however often it is computed: never less than asked, a quarter more at most."""
    assert 1 <= spread(order_id, attempt) < 1.25
    assert spread(order_id, attempt) == spread(order_id, attempt)


def test_companies_that_wait_for_one_target_come_back_at_different_times() -> None:
    """Of twenty orders hardly two have one factor, and one order has another at each try."""
    orders = [UUID(int=n * 2**80 // 7 + n * 2654435761) for n in range(20)]
    assert len({spread(order, 1) for order in orders}) > 10
    assert any(a != b for a, b in pairwise(spread(ORDER, attempt) for attempt in range(4)))
