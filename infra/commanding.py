"""What verbs share: options, who asks, how it is printed, and what a command ends with when something is wrong."""

import getpass
import json
import shutil
import sys
import textwrap
from collections.abc import Iterable
from contextlib import suppress
from difflib import get_close_matches
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from schemas.words import Text

Json = Annotated[bool, typer.Option("--json", help="For programs.")]
By = Annotated[str | None, typer.Option("--by", help="Who decides, for the trail; your user name by default.")]
Company = Annotated[str, typer.Argument(metavar="TENANT", help="The company.")]
OfCompany = Annotated[str | None, typer.Option("--tenant", help="Only this company.")]


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
