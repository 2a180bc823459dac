"""A leashed command ends with its owner."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from infra.folders import alive

LEASH = [sys.executable, "-m", "infra.embedded.leash"]
STUBBORN = "trap '' TERM; echo ready >&2; while true; do sleep 0.1; done"


def ends_within(seconds: float, pid: int) -> bool:
    """Tell whether a process is gone before the time is over."""
    deadline = time.perf_counter() + seconds
    while alive(pid) and time.perf_counter() < deadline:
        time.sleep(0.02)
    return not alive(pid)


@contextmanager
def leashed(*arguments: str) -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    """Yield a leash and the process id of its command; the test is the owner."""
    with subprocess.Popen(
        [*LEASH, *arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as leash:
        assert leash.stdout is not None
        yield leash, int(leash.stdout.readline())


def test_a_command_ends_when_its_owner_is_killed() -> None:
    """SIGKILL gives the owner no chance to say good-bye; its end of the pipe closes all the same."""
    owner_code = (
        "import subprocess, sys, time\n"
        f"leash = subprocess.Popen({[*LEASH, '--', 'sleep', '60']!r}, stdin=subprocess.PIPE)\n"
        "time.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", owner_code], stdout=subprocess.PIPE) as owner:
        assert owner.stdout is not None
        pid = int(owner.stdout.readline())
        assert alive(pid)
        owner.kill()
    assert ends_within(5, pid)


def test_a_command_that_ignores_its_signal_is_killed_after_the_grace() -> None:
    """A hung server must not outlive its owner either."""
    with leashed("--grace", "0.3", "--", "sh", "-c", STUBBORN) as (leash, pid):
        assert leash.stderr is not None
        assert leash.stdin is not None
        assert leash.stderr.readline() == b"ready\n"
        leash.stdin.close()
        assert leash.wait(60) == 128 + signal.SIGKILL
        assert not alive(pid)


@pytest.mark.parametrize("wanted", ["TERM", "INT"])
def test_a_command_gets_the_signal_that_ends_it_gracefully(wanted: str) -> None:
    """PostgreSQL's fast shutdown is SIGINT, Kafka's is SIGTERM."""
    report = f"import signal, time; signal.signal(signal.SIG{wanted}, lambda *_: exit(7)); print('up'); time.sleep(60)"
    with leashed("--signal", wanted, "--", sys.executable, "-u", "-c", report) as (leash, _):
        assert leash.stderr is not None
        assert leash.stderr.readline() == b"up\n"
        leash.terminate()
        assert leash.wait(60) == 7


def test_a_command_that_ends_by_itself_gives_its_exit_code() -> None:
    """The owner sees what the command said, not what the leash thinks."""
    with leashed("--", "sh", "-c", "exit 42") as (leash, _):
        assert leash.wait(60) == 42


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel's parent-death signal is Linux's")
def test_a_command_ends_when_the_leash_itself_is_killed() -> None:
    """Nobody is left to pass the signal on, so the kernel does."""
    with leashed("--", "sleep", "60") as (leash, pid):
        leash.kill()
        assert ends_within(5, pid)


def test_a_command_has_a_session_of_its_own() -> None:
    """Ctrl-C in the owner's terminal is the owner's: it decides in what order things end."""
    with leashed("--", "sleep", "60") as (leash, pid):
        assert os.getsid(pid) == pid
        leash.terminate()
