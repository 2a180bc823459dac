"""The index of an auditor's package: which file holds what, of which voucher, with its hash; what is missing.

The same year with the same documents gives the same index, byte for byte.
"""

import csv
import io
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from pydantic_core import to_json

from infra.documents import WHY, Document

LEDGER: Final = "ledger.se"
_FORMAT: Final = "bokbuss package 1"
_ENDINGS: Final[Mapping[str, str]] = {
    "application/pdf": "pdf",
    "image/png": "png",
    "image/jpeg": "jpg",
    "image/gif": "gif",
    "image/tiff": "tif",
    "image/webp": "webp",
    "image/heic": "heic",
    "application/zip": "zip",
    "application/xml": "xml",
}
_WAITING: Final = "it is not read yet"
_GONE: Final = (
    "its system names it no more under this voucher: somebody took it away, or the number is another voucher's by now"
)
_COLUMNS: Final = (
    *("series", "number", "date", "text", "module", "id", "file", "size", "type", "sha256", "read", "note"),
)


@dataclass(frozen=True, slots=True)
class YearAbout:
    """What an index says of the year and of its ledger.

    Attributes:
        read_at: when the ledger was read, from ``source``, for ``read_by``.
        ledger: the digest of what was read; it is the same wherever the same year was read.
    """

    company: str
    organisation_number: str | None
    first: date
    last: date
    source: str
    read_at: datetime | None
    read_by: str
    ledger: str
    vouchers: int
    rows: int


@dataclass(frozen=True, slots=True)
class Placed:
    """A document of a voucher in the package: under which name its content stands, or the note that stands for it."""

    document: Document
    file: str
    first: bool
    """Of several vouchers that have this content, this one is the first: the content stands under its name."""
    note: str


def placed(documents: Iterable[Document]) -> tuple[Placed, ...]:
    """Return where each document stands. What several vouchers have stands there once."""
    found: list[Placed] = []
    files: dict[tuple[bool, str], str] = {}
    counts: dict[str, int] = {}
    for document in documents:
        folder = "documents/earlier" if document.gone else "documents"
        folder = f"{folder}/{_safe(document.series)}/{_safe(document.number)}" if document.number else folder
        counts[folder] = counts.get(folder, 0) + 1
        name = f"{folder}/{counts[folder]:02} {document.module}"
        note = _GONE if document.gone else ""
        if document.content is None:
            note = note or (WHY[document.note].english if document.note else _WAITING)
            found.append(Placed(document, f"{name} missing.txt", first=True, note=note))
            continue
        held = document.gone, document.content.sha256
        first = held not in files
        file = files.setdefault(held, f"{name}.{_ENDINGS.get(document.content.type, 'bin')}")
        found.append(Placed(document, file, first=first, note=note))
    return tuple(found)


def as_json(
    about: YearAbout,
    ledger: tuple[int, str],
    files: Sequence[Placed],
    vouchers: Mapping[tuple[str, str], tuple[str, str]],
) -> bytes:
    """Return the index for programs.

    Args:
        ledger: size and SHA-256 of the ledger's file.
        vouchers: day and text of each voucher that has documents, by its series and number.
    """
    documents = [row for row, one in zip(_rows(files, vouchers), files, strict=True) if one.document.number]
    index: dict[str, Any] = {
        "format": _FORMAT,
        "company": about.company,
        "organisation_number": about.organisation_number,
        "year": {"from": about.first, "to": about.last},
        "ledger": {
            "file": LEDGER,
            "size": ledger[0],
            "sha256": ledger[1],
            "content_sha256": about.ledger,
            "vouchers": about.vouchers,
            "rows": about.rows,
            "source": about.source,
            "read_at": about.read_at,
            "read_by": about.read_by,
        },
        "documents": documents,
        "missing": sum(1 for each in documents if each["sha256"] is None),
        "notes": [{"module": one.document.module, "note": one.note} for one in files if not one.document.number],
    }
    return to_json(index, indent=2) + b"\n"


def as_table(files: Sequence[Placed], vouchers: Mapping[tuple[str, str], tuple[str, str]]) -> bytes:
    """Return the index for people: a table that spreadsheets open, in UTF-8."""
    text = io.StringIO()
    table = csv.DictWriter(text, _COLUMNS, delimiter=";", lineterminator="\r\n")
    table.writeheader()
    for row in _rows(files, vouchers):
        table.writerow({name: _cell(value) for name, value in row.items()})
    return b"\xef\xbb\xbf" + text.getvalue().encode()


def _rows(files: Iterable[Placed], vouchers: Mapping[tuple[str, str], tuple[str, str]]) -> Iterable[dict[str, Any]]:
    for one in files:
        document, content = one.document, one.document.content
        day, text = ("", "") if document.gone else vouchers.get((document.series, document.number), ("", ""))
        yield {
            "series": document.series,
            "number": document.number,
            "date": day,
            "text": text,
            "module": document.module,
            "id": document.source_id,
            "file": one.file,
            "size": content.size if content else None,
            "type": content.type if content else None,
            "sha256": content.sha256 if content else None,
            "read": document.read_at,
            "note": one.note,
        }


def _cell(value: object) -> str:
    """Return a value as a cell that no spreadsheet takes for a formula."""
    text = "" if value is None else value.isoformat() if isinstance(value, datetime) else str(value)
    return f"'{text}" if text[:1] in {"=", "+", "-", "@", "\t", "\r"} else text


def _safe(text: str) -> str:
    """Return a series or a number as the name of a folder, on any system."""
    return re.sub(r"[^0-9A-Za-zÅÄÖåäö]", "_", text) or "_"
