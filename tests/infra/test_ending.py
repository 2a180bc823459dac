"""A process that is asked to end does so in time: in order where it can, and cut off where something hangs."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from infra import ending

BOKBUSS = str(Path(sys.executable).with_name("bokbuss"))
GRACE = ending.GRACE + 5  # for a machine that is busy


def process(code: str) -> subprocess.Popen[bytes]:
    """Start Python on a few lines; return when it says that it is up."""
    head = "import asyncio, time\nfrom infra import ending\n"
    started = subprocess.Popen([sys.executable, "-c", head + code], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert started.stdout is not None
    assert started.stdout.readline() == b"up\n"
    return started


async def test_what_is_late_is_cancelled_and_what_does_not_end_is_left() -> None:
    """In this order; what ended in time is not touched."""
    forever = asyncio.Event()

    async def stubborn() -> None:
        while not forever.is_set():
            try:
                await forever.wait()
            except asyncio.CancelledError:
                continue

    quick, late, never = (asyncio.create_task(each) for each in (asyncio.sleep(0), asyncio.sleep(60), stubborn()))
    assert await ending.ended([quick, late, never], 0.05) == {never}
    assert (quick.cancelled(), late.cancelled()) == (False, True)
    forever.set()
    await never


async def test_a_connection_that_cannot_be_closed_keeps_nobody() -> None:
    """One that hangs is given up, one that fails is told, and neither is raised."""

    async def fails() -> None:
        raise OSError("gone")

    await ending.closed("a hanging one", asyncio.Event().wait, 0.05)
    await ending.closed("a failing one", fails, 5)


def test_what_is_still_being_started_is_cancelled() -> None:
    """Nobody has waited for the sign to stop yet: waiting for a broker that says nothing must not go on."""
    work = "async def work(stop):\n  print('up', flush=True)\n  await asyncio.sleep(600)\n"
    code = work + "asyncio.run(ending.until_signal(work))"
    with process(code) as started:
        started.terminate()
        assert started.wait(GRACE) == 0
        assert started.stderr is not None
        assert started.stderr.read() == b""


@pytest.mark.parametrize("hang", ["await asyncio.to_thread(time.sleep, 600)", "time.sleep(600)"])
def test_what_hangs_is_cut_off(hang: str) -> None:
    """A thread that waits for ever, and a loop that turns no more: the process says so, and ends."""
    code = (
        "ending.GRACE = 0.5\nasync def work(stop):\n  print('up', flush=True)\n  await stop.wait()\n"
        f"  {hang}\nasyncio.run(ending.until_signal(work))"
    )
    with process(code) as started:
        time.sleep(0.2)  # until it waits
        started.terminate()
        assert started.wait(GRACE) == 1
        assert started.stderr is not None
        assert b"cut off" in started.stderr.read()


def test_what_hangs_is_cut_off_where_nobody_hears_it() -> None:
    """Whoever read its standard error has left."""
    code = (
        "ending.GRACE = 0.5\nasync def work(stop):\n  print('up', flush=True)\n  await stop.wait()\n"
        "  time.sleep(600)\nasyncio.run(ending.until_signal(work))"
    )
    with process(code) as started:
        assert started.stderr is not None
        started.stderr.close()
        time.sleep(0.2)  # until it waits
        started.terminate()
        try:
            assert started.wait(5) == 1
        finally:
            started.kill()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT])
def test_every_signal_that_asks_to_end_ends_in_order(number: int) -> None:
    """Also that a terminal went away: what is under way is written down, and nothing waits for a lease to run out."""
    code = (
        "async def work(stop):\n  print('up', flush=True)\n  await stop.wait()\n  print('in order')\n"
        "asyncio.run(ending.until_signal(work))"
    )
    with process(code) as started:
        time.sleep(0.2)  # until it waits
        started.send_signal(number)
        assert started.wait(GRACE) == 0
        assert started.stdout is not None
        assert started.stdout.read() == b"in order\n"


def test_a_terminal_that_goes_away_ends_nothing_under_nohup() -> None:
    """It ignores SIGHUP from its start, and goes on doing so."""
    code = (
        "import signal\nsignal.signal(signal.SIGHUP, signal.SIG_IGN)\n"
        "async def work(stop):\n  print('up', flush=True)\n  await stop.wait()\n"
        "asyncio.run(ending.until_signal(work))"
    )
    with process(code) as started:
        time.sleep(0.2)
        started.send_signal(signal.SIGHUP)
        with pytest.raises(subprocess.TimeoutExpired):
            started.wait(0.5)
        started.terminate()
        assert started.wait(GRACE) == 0


@pytest.mark.parametrize("silent", ["broker", "database"])
def test_a_start_that_waits_for_somebody_silent_can_be_ended(silent: str, kafka: str, tmp_path: Path) -> None:
    """Behind its address somebody takes connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as blackhole:
        address = f"127.0.0.1:{blackhole.getsockname()[1]}"
        environment = {
            "PATH": os.environ["PATH"],
            "BOKBUSS_DATA": str(tmp_path),
            "BOKBUSS_PORT": "0",
            "BOKBUSS_KAFKA__BOOTSTRAP": address if silent == "broker" else kafka,
            "BOKBUSS_DATABASE__URL": f"postgresql://u@{address}/d",
        }
        with subprocess.Popen(
            [BOKBUSS, "run", "sources"], cwd=tmp_path, env=environment, stderr=subprocess.PIPE
        ) as started:
            blackhole.settimeout(60)
            connection, _ = blackhole.accept()
            started.send_signal(signal.SIGTERM)
            assert started.wait(GRACE) == 0
            connection.close()
            assert started.stderr is not None
            assert b"Traceback" not in started.stderr.read()
