"""Which documents a company's vouchers have, what each holds, and why one is missing: the rows of ``documents``.

A document is known by the id that its system gave it. Its content is read once, however many vouchers have it.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final, Literal

from infra import store, words
from infra.postgres import Engine, text
from schemas.words import Text

Module = Literal["accounting", "suppliers", "billing"]
"""The part of the ledger's system that a document belongs to."""
MODULES: Final[tuple[Module, ...]] = ("accounting", "suppliers", "billing")
Missing = Literal["not_consented", "not_asked", "not_permitted", "not_there", "too_large", "left_out", "of_no_year"]
WHY: Final[Mapping[Missing, Text]] = {
    "not_consented": words.DOCUMENTS_NOT_CONSENTED(),
    "not_asked": words.DOCUMENTS_NOT_ASKED(),
    "not_permitted": words.DOCUMENTS_NOT_PERMITTED(),
    "not_there": words.DOCUMENT_NOT_THERE(),
    "too_large": words.DOCUMENT_TOO_LARGE(),
    "left_out": words.DOCUMENTS_LEFT_OUT(),
    "of_no_year": words.DOCUMENTS_OF_NO_YEAR(),
}
"""Each note in words."""

_LISTED: Final = text(
    """insert into documents (tenant, year_to, series, number, source_id, module, listed_at)
       select :tenant, :year_to, s, n, i, m, clock_timestamp()
       from unnest(cast(:series as text[]), cast(:numbers as text[]), cast(:ids as text[]), cast(:modules as text[]))
            as x(s, n, i, m)
       on conflict (tenant, year_to, series, number, source_id) do update set listed_at = excluded.listed_at"""
)
# The content of a file that another voucher has as well is known.
_SHARED: Final = text(
    """update documents d set sha256 = k.sha256, size = k.size, type = k.type, note = '', read_at = k.read_at
       from documents k
       where d.tenant = :tenant and d.year_to = :year_to and d.sha256 is null
         and k.tenant = d.tenant and k.source_id = d.source_id and k.module = d.module and k.sha256 is not null"""
)
_AGAIN: Final = text(
    """update documents set note = '', read_at = null
       where tenant = :tenant and year_to = :year_to and number <> '' and note <> '' and read_at < :since"""
)
_WAITING: Final = text(
    """select module, source_id, min(number) as number from documents
       where tenant = :tenant and year_to = :year_to and sha256 is null and note = '' and number <> ''
       group by module, source_id order by module, source_id"""
)
_STORED: Final = text(
    """update documents set sha256 = :sha256, size = :size, type = :type, note = '', read_at = clock_timestamp()
       where tenant = :tenant and module = :module and source_id = :source_id and sha256 is null"""
)
_MISSING: Final = text(
    """update documents set note = :note, read_at = clock_timestamp()
       where tenant = :tenant and module = :module and source_id = :source_id and sha256 is null"""
)
_LOST: Final = text(
    """update documents set sha256 = null, size = null, type = '', note = '', read_at = null
       where tenant = :tenant and sha256 = any(:lost)"""
)
_OF_MODULE: Final = text(
    """insert into documents (tenant, year_to, series, number, source_id, module, note, listed_at, read_at)
       values (:tenant, :year_to, '', '', :module, :module, :note, clock_timestamp(), clock_timestamp())
       on conflict (tenant, year_to, series, number, source_id) do update set note = excluded.note,
           listed_at = excluded.listed_at, read_at = excluded.read_at"""
)
_NOT_OF_MODULE: Final = text(
    "delete from documents where tenant = :tenant and year_to = :year_to and number = '' and module = :module"
)
# Modules are listed one after the other, and a file can be in two: hours tell one reading from the next, not minutes.
_OF_YEAR: Final = text(
    """select series, number, source_id, module, sha256, size, type, note, listed_at, read_at,
              number <> '' and listed_at < max(listed_at) filter (where number <> '') over (partition by module)
                                           - interval '6 hours' as gone
       from documents
       where tenant = :tenant and year_to = :year_to order by series, length(number), number, source_id"""
)
_COUNTS: Final = text(
    """select year_to, count(*) filter (where number <> ''), count(*) filter (where sha256 is not null),
              count(*) filter (where number <> '' and note <> ''),
              coalesce(array_agg(distinct note) filter (where note <> ''), '{}')
       from documents where tenant = :tenant group by year_to order by year_to"""
)


@dataclass(frozen=True, slots=True)
class Listed:
    """A document of a voucher, as its system lists it."""

    series: str
    number: str
    source_id: str
    module: Module


@dataclass(frozen=True, slots=True)
class Waiting:
    """A document whose content is to be read, and the number of a voucher that has it."""

    module: Module
    source_id: str
    number: str


@dataclass(frozen=True, slots=True)
class Content:
    """What a document holds: its SHA-256, its bytes, and its type as the first of them tell it."""

    sha256: str
    size: int
    type: str


@dataclass(frozen=True, slots=True)
class Document:
    """A document of a voucher.

    Attributes:
        number: "": no document, but what is to be said of all of the module in this year.
        content: None while it waits, or where ``note`` says why it is missing.
        listed_at: when its system last named it.
        read_at: when its content was read, or was found to be missing; None while it waits.
        gone: its system names others of the module since, and this one no more: somebody took it away from the voucher,
            or the number is another voucher's by now.
    """

    series: str
    number: str
    source_id: str
    module: Module
    content: Content | None
    note: Missing | Literal[""]
    listed_at: datetime
    read_at: datetime | None
    gone: bool = False


@dataclass(frozen=True, slots=True)
class DocumentCounts:
    """How many documents a year's vouchers have, how many are stored, and how many are missing; the others wait."""

    documents: int
    stored: int
    missing: int
    notes: tuple[Missing, ...]

    @property
    def waiting(self) -> int:
        """How many are still to be read."""
        return self.documents - self.stored - self.missing


class Documents:
    """The documents of one company."""

    def __init__(self, engine: Engine, tenant: str) -> None:
        self._engine = engine
        self._tenant = tenant

    async def listed(self, year_to: date, documents: Iterable[Listed]) -> None:
        """Write down which documents a year's vouchers have; what is known of their contents stays."""
        each = list({(one.series, one.number, one.source_id): one for one in documents}.values())
        columns: dict[str, Any] = {
            "series": [one.series for one in each],
            "numbers": [one.number for one in each],
            "ids": [one.source_id for one in each],
            "modules": [one.module for one in each],
        }
        await self._change(_LISTED, year_to=year_to, **columns)
        await self._change(_SHARED, year_to=year_to)

    async def try_again(self, year_to: date, since: datetime) -> None:
        """Let documents wait again of which it was said before that they are missing."""
        await self._change(_AGAIN, year_to=year_to, since=since)

    async def waiting(self, year_to: date) -> tuple[Waiting, ...]:
        """Return what is still to be read of a year, each once."""
        rows = await store.rows(self._engine, _WAITING, {"tenant": self._tenant, "year_to": year_to})
        return tuple(Waiting(*row) for row in rows)

    async def stored(self, module: Module, source_id: str, content: Content) -> None:
        """Write down what a document holds, for every voucher that has it; its content must be stored before."""
        values = {"sha256": content.sha256, "size": content.size, "type": content.type}
        await self._change(_STORED, module=module, source_id=source_id, **values)

    async def lost(self, contents: Iterable[str]) -> None:
        """Let every document wait again whose content, by its SHA-256, is in the store no more."""
        if lost := list(contents):
            await self._change(_LOST, lost=lost)

    async def missing(self, module: Module, source_id: str, note: Missing) -> None:
        """Write down why a document is missing."""
        await self._change(_MISSING, module=module, source_id=source_id, note=note)

    async def said(self, year_to: date, module: Module, note: Missing | Literal[""]) -> None:
        """Write down what is to be said of all documents of a module in a year; "": nothing any more."""
        if note:
            await self._change(_OF_MODULE, year_to=year_to, module=module, note=note)
        else:
            await self._change(_NOT_OF_MODULE, year_to=year_to, module=module)

    async def of_year(self, year_to: date) -> tuple[Document, ...]:
        """Return a year's documents by their vouchers; first what is said of whole modules."""
        rows = await store.rows(self._engine, _OF_YEAR, {"tenant": self._tenant, "year_to": year_to})
        return tuple(_document(row) for row in rows)

    async def counts(self) -> Mapping[date, DocumentCounts]:
        """Return how far each year's documents have come, by its last day."""
        rows = await store.rows(self._engine, _COUNTS, {"tenant": self._tenant})
        return {year: DocumentCounts(every, stored, gone, tuple(n)) for year, every, stored, gone, n in rows}

    async def _change(self, statement: Any, **values: Any) -> None:
        await store.write(self._engine, statement, {"tenant": self._tenant, **values})


def _document(row: Any) -> Document:
    content = Content(row.sha256, row.size, row.type) if row.sha256 else None
    return Document(
        row.series, row.number, row.source_id, row.module, content, row.note, row.listed_at, row.read_at, row.gone
    )


_TYPES: Final[tuple[tuple[int, bytes, str], ...]] = (
    (0, b"%PDF-", "application/pdf"),
    (0, b"\x89PNG\r\n\x1a\n", "image/png"),
    (0, b"\xff\xd8\xff", "image/jpeg"),
    (0, b"GIF8", "image/gif"),
    (0, b"II*\0", "image/tiff"),
    (0, b"MM\0*", "image/tiff"),
    (8, b"WEBP", "image/webp"),
    (4, b"ftypheic", "image/heic"),
    (0, b"PK\x03\x04", "application/zip"),
    (0, b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "application/x-ole-storage"),
    (0, b"<?xml", "application/xml"),
    (0, b"\xef\xbb\xbf<?xml", "application/xml"),
)


def type_of(head: bytes) -> str:
    """Return the media type of a file by its first bytes; ``application/octet-stream`` for what is not known."""
    return next((name for at, magic, name in _TYPES if head[at:].startswith(magic)), "application/octet-stream")
