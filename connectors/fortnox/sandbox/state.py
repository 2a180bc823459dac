"""The books on disk: restored at the start and written after every change: ``kill -9`` loses no answered write.

A folder holds ``books.json`` (integrations, users, consents, codes, tokens, how the server behaves) and one file for
each company, ``companies/<database number>.json``. Each is written aside and moved into place: it is always whole.
Faults, counts of calls, and writes that a fault had put off are not kept.
"""

import asyncio
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import fields
from pathlib import Path
from typing import Any, Final

from pydantic import ConfigDict, TypeAdapter, ValidationError
from pydantic_core import from_json, to_json

from connectors.fortnox.sandbox.books import Books, Company
from infra.folders import claimed

_CHEAP: Final = 2_000_000
"""Bytes, some 20 ms: books that are larger are written at most once in ``_APART`` seconds, after the answer."""
_APART: Final = 1.0

_CONFIG: Final = ConfigDict(
    extra="forbid", arbitrary_types_allowed=True, ser_json_bytes="base64", val_json_bytes="base64"
)
_COMPANIES: Final = TypeAdapter(dict[int, Company], config=_CONFIG)
_BOOKS: Final = TypeAdapter(dict[int, Books], config=_CONFIG)
_PASSING: Final = {
    Books: frozenset({"companies", "luck"}),
    Company: frozenset({"faults", "calls", "_late"}),
}


class UnreadableFile(ValueError):
    """A file of the folder cannot be read."""


def shown(kept: Books | Company) -> dict[str, Any]:
    """Return books or a company as the JSON that a file holds."""
    content: dict[str, Any] = from_json(_json(kept))
    return content


def fill(kept: Books | Company, content: Mapping[str, Any]) -> None:
    """Put what a file holds into books or a company. Raises ValueError, and then changes nothing."""
    adapter: TypeAdapter[Any] = _BOOKS if isinstance(kept, Books) else _COMPANIES
    try:
        read = adapter.validate_json(to_json({0: content}))[0]
    except ValidationError as error:
        problems = (f"{'.'.join(map(str, each['loc'][1:]))}: {each['msg']}" for each in error.errors())
        raise ValueError("; ".join(problems)) from None
    for field in fields(kept):
        if field.name not in _PASSING[type(kept)]:
            setattr(kept, field.name, getattr(read, field.name))


class Keeper:
    """Writes the books to a folder. Without a folder it writes nothing."""

    def __init__(self, books: Books, folder: Path | None = None) -> None:
        self._books, self._folder = books, folder
        self._changed: set[int | None] = set()
        self._size = 0
        self._timer: asyncio.TimerHandle | None = None

    def changed(self, *companies: int) -> None:
        """Write these companies and what belongs to none: at once where that is cheap, else within a second."""
        if self._folder is None:
            return
        self._changed |= {None, *companies}
        if self._timer is None and self._size < _CHEAP:
            self.write()
        elif self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(_APART, self.write)

    def write(self) -> None:
        """Write what has changed."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._size = 0
        for number in self._changed:
            company = None if number is None else self._books.companies.get(number)
            if number is None:
                self._put("books.json", _json(self._books))
            elif company is not None:
                self._put(f"companies/{number}.json", _json(company))
        self._changed.clear()

    def _put(self, name: str, content: bytes) -> None:
        assert self._folder is not None  # noqa: S101 - for mypy: nothing has changed without one
        place = self._folder / name
        aside = place.with_suffix(".new")
        aside.touch(mode=0o600)
        self._size += aside.write_bytes(content)
        os.replace(aside, place)  # noqa: PTH105 - Path.replace says less of what it is: atomic


@contextmanager
def keeping(books: Books, folder: Path) -> Iterator[Keeper]:
    """Restore the books from a folder, keep them there, and write them at the end.

    Raises:
        infra.folders.InUse: another sandbox keeps its books there.
        UnreadableFile: a file is not what a sandbox of this version writes.
    """
    (folder / "companies").mkdir(parents=True, exist_ok=True, mode=0o700)
    with claimed(folder, patience=0.0):
        _restore(books, folder)
        keeper = Keeper(books, folder)
        try:
            yield keeper
        finally:
            keeper.changed(*books.companies)
            keeper.write()


def _restore(books: Books, folder: Path) -> None:
    if (place := folder / "books.json").exists():
        _read(books, place)
    for place in sorted((folder / "companies").glob("*.json")):
        company = Company(int(place.stem))
        _read(company, place)
        books.add(company)


def _read(kept: Books | Company, place: Path) -> None:
    try:
        fill(kept, from_json(place.read_bytes()))
    except ValueError as error:
        raise UnreadableFile(f"{place}: {error}; move the folder away to begin with empty books") from error


def _json(kept: Books | Company) -> bytes:
    if isinstance(kept, Books):
        return _BOOKS.dump_json({0: kept})[5:-1]
    return _COMPANIES.dump_json({0: kept})[5:-1]
