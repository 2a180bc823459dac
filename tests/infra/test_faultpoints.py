"""Fault points do what they are armed for, once, and nothing when they are not armed."""

import os
import signal
import subprocess
import sys

import pytest

from infra import faultpoints

REACH = "from infra.faultpoints import reach; print([reach('lane.sending') for _ in range(3)])"


def reach(armed: str) -> subprocess.CompletedProcess[str]:
    """Come by a step three times in a process of its own."""
    environment = {**os.environ, "BOKBUSS_FAULTPOINT": armed}
    return subprocess.run([sys.executable, "-c", REACH], env=environment, capture_output=True, text=True, check=False)


def test_a_step_that_is_not_armed_does_nothing() -> None:
    """In production no step ever does anything."""
    assert not faultpoints.reach("lane.sending")
    assert reach("lane.recorded:1:kill").stdout == "[False, False, False]\n"


def test_a_step_kills_its_process_the_time_that_it_is_armed_for() -> None:
    """The second time, and not before; whoever armed it is told."""
    ended = reach("lane.sending:2:kill")
    assert ended.returncode == -signal.SIGKILL
    assert ended.stderr == "faultpoint lane.sending:kill\n"


def test_a_step_is_left_out_once() -> None:
    """A fact that is passed by is one fact, not all that follow."""
    assert reach("lane.recorded:1:kill,lane.sending:2:skip").stdout == "[False, True, False]\n"


@pytest.mark.parametrize("text", ["lane.sending", "lane.sending:1:explode", "lane.sending:first:kill"])
def test_a_fault_point_is_armed_as_meant_or_not_at_all(text: str) -> None:
    """A misspelt fault point must not make a run that disturbs nothing."""
    with pytest.raises(ValueError, match=r".+"):
        faultpoints.parse(text)
