"""What verbs share: options, who asks, how it is printed, and what a command ends with when something is wrong."""

import getpass
import json
import os
import select
import shutil
import sys
import textwrap
from collections.abc import Iterable
from contextlib import suppress
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

if TYPE_CHECKING:
    from schemas.words import Text

Json = Annotated[bool, typer.Option("--json", help="For programs.")]
By = Annotated[str | None, typer.Option("--by", help="Who decides, for the trail; your user name by default.")]
Company = Annotated[str, typer.Argument(metavar="TENANT", help="The company.")]
OfCompany = Annotated[str | None, typer.Option("--tenant", help="Only this company.")]


LARGEST_FILE: Final = 16 << 20
"""Bytes that a file may have which a verb reads whole: settings, a list of people, a key."""

_PIECE: Final = 1 << 16
_PATIENCE: Final = 10
"""Seconds for which a pipe may bring nothing."""

_CONTROLS = {number: f"\\x{number:02x}" for number in (*range(32), *range(127, 160)) if chr(number) not in "\t\n\r"}


class Failed(Exception):
    """The command did what it could and something is held or failed: exit code 1. The message says what to do."""

    code = 1

    @property
    def said(self) -> "Text | str":
        """The message, for readers of other languages where it was said in words."""
        from schemas.words import Text

        said = self.args[0] if self.args else ""
        return said if isinstance(said, Text) else str(said)


class WrongUsage(Failed):
    """The command asks for what cannot be, or the settings are wrong: exit code 2."""

    code = 2


class NoSuchYear(Failed):
    """A company's ledger has no such financial year; the message names those that there are."""


def asker(by: str | None) -> str:
    """Return who says so, for the trail: who was named, or whoever runs this command."""
    with suppress(KeyError, OSError):  # a container's user may have no name
        return by or getpass.getuser()
    return "an operator"


def asked(what: str, *, secret: bool = False) -> str:
    """Return what somebody types when asked, or the next line of standard input; a secret is not shown."""
    if not sys.stdin.isatty():
        return sys.stdin.readline().strip()
    return (getpass.getpass if secret else input)(f"{what}: ").strip()


def read_file(file: Path, most: int = LARGEST_FILE, larger: str = "") -> bytes:
    """Return what a file that somebody named holds, or what a program writes into a pipe of that name.

    Args:
        most: bytes that it may have.
        larger: what to do with one that has more.

    Raises:
        WrongUsage: it is larger, cannot be read, or is a pipe into which nobody writes.
    """
    content = bytearray()
    try:
        # Without O_NONBLOCK a pipe is not even opened before somebody writes into it.
        descriptor = os.open(file, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        try:
            comes = select.poll()
            comes.register(descriptor, select.POLLIN)
            # Of a file there is always something; a pipe that no one has opened yet would read as if it had ended.
            while len(content) <= most and (come := comes.poll(_PATIENCE * 1000)):
                piece = os.read(descriptor, min(most + 1 - len(content), _PIECE))
                if not piece:
                    return bytes(content)
                content += piece
        finally:
            os.close(descriptor)
    except OSError as error:
        raise WrongUsage(f"{file} cannot be read: {error.strerror}") from None
    if not come:
        raise WrongUsage(f"{file} is no file, and for {_PATIENCE} s nothing has come out of it: name a file")
    larger = larger or "name the right file, or divide it"
    raise WrongUsage(f"{file} is larger than the {most} bytes that are read of it: {larger}")


def regular(file: Path) -> Path:
    """Return a file that is read piece by piece, however large. Raises WrongUsage when it is a pipe or a device."""
    if file.exists() and not file.is_file():
        raise WrongUsage(f"{file} is a pipe, a device or a folder: write it into a file, and name that")
    return file


def one_of(word: str, choices: Iterable[str], what: str) -> str:
    """Return a word that is one of the choices. Raises WrongUsage, which names the nearest and all of them."""
    if word in (known := list(choices)):
        return word
    near = get_close_matches(word, known, n=1)
    meant = f"did you mean {near[0]}? " if near else ""
    raise WrongUsage(f"no {what} is called {word!r}; {meant}it can be: {', '.join(known)}")


def print_json(value: Any) -> None:
    """Print a value for programs."""
    sys.stdout.write(_json(value, indent=2) + "\n")


def print_json_line(value: Any) -> None:
    """Print a value for programs that read line by line, at once."""
    sys.stdout.write(_json(value) + "\n")
    sys.stdout.flush()


def _json(value: Any, indent: int | None = None) -> str:
    """Return a value as JSON that standard output can hold: where its encoding lacks letters, they are escapes."""
    has_all = str(sys.stdout.encoding or "utf-8").lower().startswith("utf")
    return json.dumps(value, ensure_ascii=not has_all, indent=indent, default=str)


def width() -> int:
    """Return the columns that lines must fit: of the terminal, or as COLUMNS says; 0 where nobody reads them in one."""
    return shutil.get_terminal_size(fallback=(0, 0)).columns


def print_lines(lines: Iterable[str], *, err: bool = False) -> None:
    """Print lines, and those that are too long for the terminal in several, further in; no word is broken.

    What others have written may stand in them: a character that a terminal would obey is shown as its number.
    """
    columns = width()
    for text in lines:
        line = text.translate(_CONTROLS)
        indent = line[: len(line) - len(line.lstrip())] + "    "
        wrapped = columns and len(line) > columns
        parts = textwrap.wrap(
            line, max(columns, 40), subsequent_indent=indent, break_long_words=False, break_on_hyphens=False
        )
        typer.echo("\n".join(parts) if wrapped else line, err=err)


def print_out(value: Any, lines: Iterable[str], *, as_json: bool) -> None:
    """Print what came of it: a value for programs, or lines for people."""
    if as_json:
        print_json(value)
    else:
        print_lines(lines)
