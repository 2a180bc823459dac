"""A mail as people read it: a sentence, tables with an address behind each row, and one button; as text and as HTML.

Pure. A letter says what waits and how much of it, and where to see it; who and what it is about stands behind the
address, so it carries no personal number and no account number.
"""

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template

from schemas.base import Language

_HERE: Final = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Row:
    """What is said: in a few words, how much of it (empty: it is one), more, how loud it is, and where to see it."""

    text: str
    number: str = ""
    more: str = ""
    loud: bool = False
    address: str = ""


@dataclass(frozen=True, slots=True)
class Part:
    """What belongs together: a company, a kind of outcome."""

    title: str
    rows: tuple[Row, ...]
    address: str = ""


@dataclass(frozen=True, slots=True)
class Letter:
    """What is mailed to one language's readers.

    Attributes:
        lead: what it comes to, in a sentence.
        button, address: what to press, and where that leads.
        foot: why somebody gets it, and how it ends.
    """

    language: Language
    subject: str
    title: str
    lead: str
    parts: tuple[Part, ...]
    button: str
    address: str
    foot: str

    @property
    def text(self) -> str:
        """The letter without any form, for who reads mails so."""
        lines = [self.title, "", self.lead]
        for part in self.parts:
            lines += ["", part.title]
            for row in part.rows:
                lines.append("  " + "  ".join(filter(None, (row.number, row.text))))
                lines += [f"      {row.more}"] if row.more else []
        return "\n".join([*lines, "", f"{self.button}:", self.address, "", self.foot, ""])

    @property
    def html(self) -> str:
        """The letter with its form: tables and styles of its own, as mail programs have it; nothing is loaded."""
        return _template().render(letter=self)


@cache
def _template() -> Template:
    loader = FileSystemLoader(_HERE / "templates")
    made = Environment(loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    return made.get_template("letter.html")
