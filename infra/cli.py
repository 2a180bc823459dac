"""The ``bokbuss`` command: runs a verb, and turns whatever goes wrong into a sentence and an exit code."""

import gc
import os
import sys
import tempfile
import traceback
from collections.abc import Sequence
from contextlib import suppress
from errno import EDQUOT, EFBIG, EIO, ENOSPC, EPIPE
from io import TextIOWrapper
from pathlib import Path

import typer

from infra.commanding import Failed, WrongUsage, print_lines
from infra.verbs import Verbs

app = typer.Typer(
    cls=Verbs,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="What happens in a Swedish company's systems reaches its ledger: once, correctly, and provably.",
)

_NOT_TAKEN = frozenset({EPIPE, ENOSPC, EDQUOT, EFBIG, EIO})
"""What says that a stream takes nothing more: its reader is gone, or its disk is full."""
ALLOCATIONS = 20_000
"""New objects after which garbage is looked for, not 700: messages come and go by the hundred, and looking for garbage
among them takes a tenth of the flows' time; among what is being loaded there is none."""


@app.callback()
def _verbs() -> None:
    """Let Typer make a group of what has no command of its own."""


def main() -> None:
    """Run the command line. Exit codes: 0 done, 1 something is held or failed, 2 wrong usage or settings."""
    gc.set_threshold(ALLOCATIONS)
    gc.disable()  # until the verb is loaded
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")  # it would look through every package for them
    debug = "--debug" in sys.argv
    sys.argv[1:] = [word for word in sys.argv[1:] if word != "--debug"]
    _open_streams()
    if isinstance(sys.stdout, TextIOWrapper):  # a terminal of Latin-1 lacks letters: what was done is done all the same
        sys.stdout.reconfigure(errors="backslashreplace")
    try:
        _must_be_text(sys.argv[1:])
        try:
            app()
        finally:
            sys.stdout.flush()  # what cannot be printed is told, and not by Python when the process has ended
    except Failed as error:
        _fail(str(error), error.code)
    except Exception as error:
        if (code := _code_of(error)) is not None:
            _fail(str(error), code)
        if debug:
            raise
        _fail(*_unforeseen(error))


def _open_streams() -> None:
    """Let nothing stand for streams that were closed: what is opened next would be taken for them."""
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        if getattr(sys, name) is None:
            with suppress(OSError):
                os.fstat(number)
                continue
            os.dup2(opened := os.open(os.devnull, os.O_RDWR), number)
            if opened != number:
                os.close(opened)
            setattr(sys, name, os.fdopen(number, "w" if number else "r", encoding="utf-8", closefd=False))


def _print_no_more() -> None:
    """Let nothing stand for a standard output that takes nothing: Python would try once more at its end."""
    nothing = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nothing, sys.stdout.fileno())
    os.close(nothing)


def _code_of(error: Exception) -> int | None:
    """Return the exit code of an error whose message says what to do; None if it is none of those."""
    from infra import folders, store
    from infra.access.vault import WrongKey
    from infra.environment import WrongEnvironment
    from infra.exporting import NoSuchProtocol
    from infra.http import NoCertificates
    from infra.installation import Restored, WrongInstallation
    from infra.intake.accepting import Unavailable
    from infra.kafka import cluster
    from infra.tenants import UnknownTenant

    wrong = (
        cluster.BrokerUnavailable,
        cluster.WrongTopic,
        store.DatabaseUnavailable,
        store.WrongSchema,
        folders.InUse,
        folders.Unwritable,
        UnknownTenant,
        WrongEnvironment,
        WrongInstallation,
        WrongKey,
        NoSuchProtocol,
        NoCertificates,
    )
    return 1 if isinstance(error, Unavailable | Restored) else 2 if isinstance(error, wrong) else None


def _must_be_text(words: Sequence[str]) -> None:
    """Refuse words that no text can hold: bytes that are not UTF-8, NUL."""
    for number, word in enumerate(words, 1):
        if "\0" in word or any("\ud800" <= character <= "\udfff" for character in word):
            raise WrongUsage(f"word {number} of the command is no text in UTF-8: {word!a}")


def _unforeseen(error: Exception) -> tuple[str, int]:
    """Return what to say of an error that nothing has caught, and the exit code; its story goes into a file."""
    from infra import clock
    from infra.environment import load

    if isinstance(error, OSError) and error.filename is None and error.errno in _NOT_TAKEN:
        _print_no_more()
        # Whoever reads it has left, as ``head`` does: nobody is told that.
        return "" if error.errno == EPIPE else f"what it says, or keeps, cannot be written: {error.strerror}", 1
    if isinstance(error, FileNotFoundError) and error.filename is None:  # of a place that is asked for by no name
        return "the folder that this was started in is there no more: go to another, or name BOKBUSS_DATA in full", 2
    data = load().data
    if isinstance(error, OSError) and error.filename is not None:
        where, why = Path(os.fsdecode(error.filename)), error.strerror
        if data.absolute() in (where.absolute(), *where.absolute().parents):
            return f"the data folder {data} cannot be used: {where}: {why}. Another one: BOKBUSS_DATA=FOLDER", 2
        return f"{where}: {why}", 2
    story = "".join(traceback.format_exception(error))
    name = f"error-{clock.now():%Y%m%dT%H%M%S}.txt"
    for place in (data, Path(tempfile.gettempdir())):
        with suppress(OSError):
            file = place / name
            file.write_text(story, errors="backslashreplace")
            file.chmod(0o600)
            return f"something is wrong with bokbuss itself: {type(error).__name__}. Its story is in {file}", 1
    return f"something is wrong with bokbuss itself: {type(error).__name__}. To see its story: --debug", 1


def _fail(message: str, code: int) -> None:
    if message:
        print_lines(f"bokbuss: {message}".splitlines(), err=True)
    sys.exit(code)
