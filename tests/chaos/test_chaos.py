"""The short form of ``make chaos``: a minute of kills, a stop, a lost fact and lost answers, and all ties out."""

import asyncio
from collections import Counter

import pytest

from tests.chaos import run
from tests.chaos.report import Result

pytestmark = pytest.mark.chaos


@pytest.fixture(scope="module")
def result(tmp_path_factory: pytest.TempPathFactory) -> Result:
    """Return what a short run came to."""
    said: list[str] = []
    found = asyncio.run(
        run.chaos(
            tmp_path_factory.mktemp("chaos"),
            seed="short",
            companies=4,
            every=0.7,
            disturb=run.short,
            say=said.append,
            aftermath=5.0,
        )
    )
    print("\n".join([*said, *found.lines()]))  # noqa: T201 - shown when a test fails
    return found


def test_every_day_close_is_one_voucher_or_one_named_hold(result: Result) -> None:
    """No kill, stop, lost fact or lost answer loses or doubles a day; journal, audit trail and books agree."""
    assert result.problems == []
    assert (result.duplicates, result.losses) == (0, 0)


def test_the_disturbances_did_happen(result: Result) -> None:
    """A run in which nothing went wrong proves nothing."""
    assert result.not_reached == Counter()
    assert {"lane.sending kill", "decide.emitted kill", "sinks SIGSTOP 6 s"} <= result.done.keys()
    assert result.fault_share >= 0.1


def test_a_fact_that_was_passed_by_is_found_and_decided(result: Result) -> None:
    """Faust acknowledges what its agent never saw; the auditor does not believe it."""
    assert result.skipped >= 1
    assert result.holes_mended >= 1
