"""``bokbuss`` for tests that run many commands: a process of its own each time, with everything loaded already.

A command takes a second and a half of the processor, of which nearly all is loading. Here one process loads it once and
forks for each command. It begins nothing before, so that what is forked is what a fresh process would be. What is
about how a process starts, or about signals, uses the program itself.
"""

import atexit
import gc
import importlib
import json
import os
import pkgutil
import random
import select
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import traceback
from contextlib import suppress
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[1]
MOST = 1 << 20
_ONE_AT_A_TIME = threading.Lock()
LEFT_OUT = ("infra.migrations", "connectors.fortnox.sandbox.__main__")

# What is typed: it hands over its words, its folder, its environment and its three streams, and ends as the other does.
PROGRAM = """#!{python} -IS
import json, os, socket, sys
with socket.socket(socket.AF_UNIX) as asked:
    asked.connect({path!r})
    told = json.dumps([sys.argv[1:], os.getcwd(), dict(os.environ)]).encode()
    socket.send_fds(asked, [len(told).to_bytes(4, "big") + told], [0, 1, 2])
    code = asked.recv(1)
sys.exit(code[0] if code else "killed")
"""


def bokbuss() -> str:
    """Return the path of the program; the first who asks waits until all is loaded."""
    with _ONE_AT_A_TIME:  # commands are run from several threads
        return _program()


@cache
def _program() -> str:
    folder = Path(tempfile.mkdtemp(prefix="bokbuss-"))
    path, program = folder / "socket", folder / "bokbuss"
    command = [sys.executable, str(Path(__file__)), str(path)]
    pipe = subprocess.PIPE
    loading = subprocess.Popen(command, cwd=ROOT, env=os.environ | {"PYTHONUTF8": "1"}, stdin=pipe, stdout=pipe)

    def end() -> None:
        loading.communicate()  # it ends with its standard input

    atexit.register(end)
    assert loading.stdout is not None
    assert loading.stdout.readline() == b"loaded\n"
    program.write_text(PROGRAM.format(python=sys.executable, path=str(path)))
    program.chmod(0o700)
    return str(program)


def serve(path: str) -> None:
    """Load everything, and fork for each command until standard input ends."""
    sys.path[0] = str(ROOT)
    for package in ("schemas", "infra", "streams", "connectors"):
        for found in pkgutil.walk_packages([str(ROOT / package)], f"{package}."):
            if not found.name.startswith(LEFT_OUT):
                importlib.import_module(found.name)
    for name in ("alembic.command", "alembic.runtime.migration", "sqlalchemy.dialects.postgresql.psycopg"):
        importlib.import_module(name)
    gc.freeze()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for them
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(path)
        listening.listen(64)
        os.write(1, b"loaded\n")
        while listening.fileno() in select.select([listening.fileno(), 0], [], [])[0]:
            asked, _ = listening.accept()
            with asked:
                if os.fork() == 0:
                    listening.close()
                    _run(asked)


def _run(asked: socket.socket) -> None:
    """Be the command, and never return."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    random.seed()
    code = 1
    try:
        told, streams, *_ = socket.recv_fds(asked, MOST, 3)
        while len(told) < 4 + int.from_bytes(told[:4], "big"):
            told += asked.recv(MOST)
        words, folder, environment = json.loads(told[4:])
        for number, stream in enumerate(streams):
            os.dup2(stream, number)
            os.close(stream)
        os.chdir(folder)
        os.environ.clear()
        os.environ.update(environment)
        sys.argv = ["bokbuss", *words]
        importlib.import_module("infra.cli").main()
        code = 0
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 0 if end.code is None else 1
    except BaseException:  # noqa: BLE001 - it ends here, as an interpreter would end it
        traceback.print_exc()
    finally:
        with suppress(OSError):
            sys.stdout.flush()
            sys.stderr.flush()
        with suppress(OSError):
            asked.send(bytes([code]))
        os._exit(code)


if __name__ == "__main__":
    serve(sys.argv[1])
