"""A walk over every page that a reader of Swedish can come to, and what of it is English."""

import re
import sys
from collections import Counter, deque
from collections.abc import Collection, Iterator
from functools import cache
from html.parser import HTMLParser
from string import Formatter
from typing import Final
from urllib.parse import urlsplit

from infra import registry
from schemas.words import Said
from tests.connectors.desk.web_driver import Visitor

_ENGLISH: Final = re.compile(
    r"\b(?:the|of|and|to|with|from|which|was|were|has|have|is|are|it|its|that|this|these|not|been|will|than|since"
    r"|they|there|nothing|somebody|without|already|until|would|who|whose|does|did|cannot|waits|booked|because|where"
    r"|when|what|own|only|other|yes|or|on|as|at|employee|voucher|settings)\b",
    re.IGNORECASE,
)
"""Words of which hardly a sentence of English has none, and which are no Swedish ones."""
_SAME: Final = re.compile(r"bokbuss [a-z][\w \-]*|[\w.\-]+@[\w.\-]+|[\w\-]*[_/][\w\-/.]*|\b[\w.\-]+\.v\d\b")
"""What is the same in each language: commands, addresses, names of settings, keys, paths, types of messages."""
_NOT_READ: Final = frozenset({"script", "style", "code", "kbd", "pre", "textarea"})
_SAID: Final = frozenset({"aria-label", "title", "placeholder", "alt"})
_EMPTY: Final = frozenset({"area", "br", "col", "hr", "img", "input", "link", "meta", "wbr"})
_LONG_ENOUGH: Final = 12
"""Letters of a part of a text that stands between two values, so that it is not found by chance."""
_ALSO_SWEDISH: Final = frozenset({"export"})
_MAY_MARK: Final = re.compile(r"/(?:systems/[^/]+|dead(?:/.*)?|parked)")
"""Pages that may mark something as English: a system's documentation, and what a program said of bytes."""
_OTHER_LANGUAGE: Final = "English"
"""What the button is called that shows the page in that language."""
_ONE_OF_A_KIND: Final = 4
"""Pages that are looked at of those whose addresses differ by numbers only."""


class _Reader(HTMLParser):
    """Collects what a page says, piece by piece, and where it leads."""

    def __init__(self) -> None:
        super().__init__()
        self.said: list[str] = []
        self.marked: list[str] = []
        self.leads_to: list[str] = []
        self._read: list[bool] = [True]
        self._marks: list[bool] = [False]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Go into an element; what is said in another language, or is code, is not read."""
        given = dict(attrs)
        read = self._read[-1] and tag not in _NOT_READ and given.get("lang") in {None, "sv"}
        self.said += [value for name, value in attrs if read and name in _SAID and value]
        if tag == "a" and (address := given.get("href")):
            self.leads_to.append(address)
        if tag not in _EMPTY:
            self._read.append(read)
            self._marks.append(self._marks[-1] or given.get("lang") not in {None, "sv"})

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Take an element that holds nothing."""
        self.handle_starttag(tag, attrs)
        self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        """Come out of an element."""
        if tag not in _EMPTY:
            self._read.pop()
            self._marks.pop()

    def handle_data(self, data: str) -> None:
        """Take a piece of text."""
        if said := " ".join(data.split()):
            if self._read[-1]:
                self.said.append(said)
            elif self._marks[-1] and said != _OTHER_LANGUAGE:
                self.marked.append(said)


@cache
def _texts() -> tuple[frozenset[str], tuple[str, ...]]:
    """Return the English sides of everything that is said in two languages: whole ones, and parts between values."""
    said = [*registry.words().values(), *_said_by_modules()]
    swedish = {each.sv.casefold() for each in said}
    whole, parts = set(), set()
    for each in said:
        english = [literal for literal, *_ in Formatter().parse(each.en)]
        if len(english) == 1 and english[0] == each.en and each.en.casefold() not in swedish:
            whole.add(each.en.casefold())
        parts |= {part.strip() for part in english if len(part.strip()) >= _LONG_ENOUGH and part.strip() not in each.sv}
    return frozenset(whole - _ALSO_SWEDISH), tuple(parts)


def _said_by_modules() -> Iterator[Said]:
    """Yield what modules say in both languages besides their phrases, alone or by a name."""
    ours = [module for name, module in sys.modules.items() if name.startswith(("connectors.", "infra."))]
    for value in [value for module in ours for value in vars(module).values()]:
        yield from (one for one in (value.values() if isinstance(value, dict) else (value,)) if isinstance(one, Said))


def english_in(html: str, ours: Collection[str] = (), *, may_mark: bool = False) -> list[str]:
    """Return the pieces of a page that are English; ``ours`` are texts that are known to be.

    Args:
        may_mark: what is marked as another language is passed over.
    """
    whole, parts = _texts()
    reader = _Reader()
    reader.feed(html)
    found = [] if may_mark else [*reader.marked]
    for piece in reader.said:
        said = piece
        for one in ours:
            said = said.replace(one, "")
        said = _SAME.sub("", said)
        if said.casefold() in whole or any(part in said for part in parts) or _ENGLISH.search(said):
            found.append(piece)
    return found


async def english_pages(visitor: Visitor, *first: str, ours: Collection[str] = ()) -> dict[str, list[str]]:
    """Walk from addresses along every link; return what is English on the pages, by their addresses."""
    found: dict[str, list[str]] = {}
    seen: set[str] = set()
    alike: Counter[str] = Counter()
    waiting = deque(first)
    while waiting:
        address = waiting.popleft()
        kind = _kind(address)
        if address in seen or not address.startswith("/") or alike[kind] >= _ONE_OF_A_KIND:
            continue
        seen.add(address)
        alike[kind] += 1
        answer = await visitor.get(address, **{"Accept-Language": "sv"})
        assert answer.status_code < 500, address
        if "location" in answer.headers:
            waiting.append(answer.headers["location"])
        if not answer.headers.get("content-type", "").startswith("text/html") or not answer.text:
            continue
        assert answer.headers["content-language"] == "sv", address
        if english := english_in(answer.text, ours, may_mark=_MAY_MARK.search(address) is not None):
            found[address] = english
        reader = _Reader()
        reader.feed(answer.text)
        waiting += [one.partition("#")[0] for one in reader.leads_to]
    return found


def _kind(address: str) -> str:
    """Return what is the same in addresses that differ by ids and numbers, and by values of their query."""
    parts = urlsplit(address)
    names = sorted(part.partition("=")[0] for part in parts.query.split("&"))
    return re.sub(r"[0-9a-f]{8}-[0-9a-f-]{27}|\d+", "#", parts.path) + "?" + "&".join(names)
