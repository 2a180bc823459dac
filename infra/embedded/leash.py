"""Run a command that ends when its owner does: ``python -m infra.embedded.leash [--signal TERM] -- command ...``.

The owner holds the other end of this program's standard input. When that closes, even because the owner was killed,
the command gets the signal, and after the grace period SIGKILL. Standard output gets one line, the command's process
id; what the command prints goes to standard error. Only the standard library: it must start fast, from anywhere.
"""

import argparse
import ctypes
import functools
import os
import pwd
import signal
import subprocess
import sys
import threading
from collections.abc import Sequence
from contextlib import suppress

_PR_SET_PDEATHSIG, _PR_SET_SECUREBITS, _PR_CAP_AMBIENT, _PR_CAP_AMBIENT_RAISE = 1, 28, 47, 2
_SECBIT_NO_SETUID_FIXUP = 1 << 2
_CAPABILITY_VERSION_3, _CAP_DAC_OVERRIDE = 0x20080522, 1


def _checked(result: int, what: str) -> None:
    if result != 0:
        raise OSError(ctypes.get_errno(), f"{what}: {os.strerror(ctypes.get_errno())}")


def _become(user: str, *, reach: bool) -> None:
    """Give up root for ``user``; ``reach`` keeps the one right to pass folders that only root may enter."""
    account = pwd.getpwnam(user)
    libc = ctypes.CDLL(None, use_errno=True)
    if reach:
        # Otherwise access(2), by which PostgreSQL looks for its programs, answers without the capability.
        _checked(libc.prctl(_PR_SET_SECUREBITS, _SECBIT_NO_SETUID_FIXUP, 0, 0, 0), "keep capabilities")
    os.setgroups([])
    os.setgid(account.pw_gid)
    os.setuid(account.pw_uid)
    if reach:
        bit = 1 << _CAP_DAC_OVERRIDE
        header, sets = (ctypes.c_uint32 * 2)(_CAPABILITY_VERSION_3, 0), (ctypes.c_uint32 * 6)(bit, bit, bit, 0, 0, 0)
        _checked(libc.capset(header, sets), "limit capabilities")
        _checked(libc.prctl(_PR_CAP_AMBIENT, _PR_CAP_AMBIENT_RAISE, _CAP_DAC_OVERRIDE, 0, 0), "pass a capability on")


def _prepare(leash: int, user: str | None, *, reach: bool) -> None:
    """In the child, before the command: become ``user``, and (Linux) die with the leash even if it is killed."""
    if user is not None:
        _become(user, reach=reach)
    if sys.platform == "linux":
        libc = ctypes.CDLL(None, use_errno=True)
        _checked(libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0), "die with the parent")
        if os.getppid() != leash:  # it was killed before we asked
            os._exit(1)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; return its exit code, or 128 and the signal that ended it."""
    parser = argparse.ArgumentParser(prog="infra.embedded.leash", description=__doc__)
    parser.add_argument("--signal", default="TERM", help="what ends the command gracefully: TERM, INT, ...")
    parser.add_argument("--grace", type=float, default=10.0, help="seconds until SIGKILL")
    parser.add_argument("--user", help="run the command as this user; for root")
    parser.add_argument("--reach", action="store_true", help="with --user: may pass folders that only root may enter")
    parser.add_argument("command", nargs="+")
    options = parser.parse_args(arguments)

    child = subprocess.Popen(  # noqa: S603 - running the owner's command is the purpose
        options.command,
        stdin=subprocess.DEVNULL,
        stdout=sys.stderr,
        start_new_session=True,
        preexec_fn=functools.partial(_prepare, os.getpid(), options.user, reach=options.reach),  # noqa: PLW1509 - no threads yet
    )

    def kill() -> None:
        with suppress(ProcessLookupError):
            os.killpg(child.pid, signal.SIGKILL)

    def end(*_: object) -> None:
        child.send_signal(signal.Signals[f"SIG{options.signal}"])
        timer = threading.Timer(options.grace, kill)
        timer.daemon = True
        timer.start()

    def watch() -> None:
        while os.read(sys.stdin.fileno(), 1024):
            pass
        end()

    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, end)
    threading.Thread(target=watch, daemon=True).start()
    with suppress(BrokenPipeError):  # the owner is gone already: watch() sees it
        os.write(sys.stdout.fileno(), f"{child.pid}\n".encode())
    code = child.wait()
    return code if code >= 0 else 128 - code


if __name__ == "__main__":
    sys.exit(main())
