"""Builds an auditor's package: one ZIP file on disk, a piece at a time. The same content gives the same bytes.

Nothing in it is compressed (documents are already), so that no version of a compressor changes a byte, and no time of
ours stands in it. ZIP64 is used where it is needed.
"""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Iterable
from tempfile import TemporaryFile
from typing import IO, Final
from zipfile import ZIP_STORED, ZipFile, ZipInfo

from infra.contents import Contents
from infra.documents import Document
from infra.packages import index
from infra.packages.index import LEDGER, Placed, YearAbout
from infra.plugin import LedgerFile, YearHead
from schemas.ledger import LedgerPartRead

_PIECE: Final = 1024 * 1024
_ABOUT: Final = (
    "The ledger of one financial year (ledger.se, for any bookkeeping program), and the documents of its vouchers.\r\n"
    "index.csv and index.json name each document with its voucher, its hash (SHA-256), and when it was retrieved.\r\n"
    "Where a document is missing, a text stands in its place and says why.\r\n"
    "What lies in documents/earlier was joined to a voucher of that number before, and is not any more.\r\n"
)


async def build(
    into: IO[bytes],
    about: YearAbout,
    parts: AsyncIterator[LedgerPartRead],
    documents: Iterable[Document],
    contents: Contents,
    *,
    tenant: str,
    format_of: LedgerFile,
) -> None:
    """Write a package.

    Args:
        parts: the year's, in the order of their names.
        documents: of the year's vouchers.

    Raises:
        FileNotFoundError: the content of a document is not in the store.
        OSError: the store does not answer, or what it holds is not what was stored.
        ValueError: the ledger cannot be written as a file.
    """
    files = index.placed(documents)
    wanted = {(one.document.series, one.document.number) for one in files if one.document.number}
    vouchers: dict[tuple[str, str], tuple[str, str]] = {}
    with TemporaryFile() as year, TemporaryFile() as ledger, ZipFile(into, "w", ZIP_STORED, allowZip64=True) as zipped:
        async for part in parts:
            for each in part.vouchers:
                if (each.series, each.number) in wanted:
                    vouchers[each.series, each.number] = (each.day.isoformat(), each.text)
            await asyncio.to_thread(year.write, part.model_dump_json().encode() + b"\n")
        size, digest = await asyncio.to_thread(_write_ledger, ledger, year, about, format_of)
        await _add(zipped, "README.txt", _one(_ABOUT.encode()))
        await _add(zipped, "index.json", _one(index.as_json(about, (size, digest), files, vouchers)))
        await _add(zipped, "index.csv", _one(index.as_table(files, vouchers)))
        await _add(zipped, LEDGER, _read(ledger), size)
        for one in files:
            await _add_document(zipped, one, contents, tenant)


async def _add_document(zipped: ZipFile, one: Placed, contents: Contents, tenant: str) -> None:
    content = one.document.content
    if content is None:
        await _add(zipped, one.file, _one(f"{one.document.source_id or one.document.module}: {one.note}\r\n".encode()))
    elif one.first:
        pieces = _as_stored(contents.read(tenant, content.sha256), content.sha256)
        await _add(zipped, one.file, pieces, content.size)


async def _add(zipped: ZipFile, name: str, pieces: AsyncIterator[bytes], size: int = 0) -> None:
    entry = ZipInfo(name)  # of 1 January 1980: a time would make other bytes of the same content
    entry.file_size = size
    entry.external_attr = 0o644 << 16
    with zipped.open(entry, "w") as file:
        async for piece in pieces:
            await asyncio.to_thread(file.write, piece)


async def _as_stored(pieces: AsyncIterator[bytes], sha256: str) -> AsyncIterator[bytes]:
    """Yield a content as long as it is what the index says. Raises OSError at its end when it was another one."""
    digest = hashlib.sha256()
    async for piece in pieces:
        digest.update(piece)
        yield piece
    if digest.hexdigest() != sha256:
        raise OSError(
            f"the content {sha256} in the store of documents (BOKBUSS_DOCUMENTS__URL) is not what was stored: put it "
            "back from a backup, or delete it and have it read again: bokbuss ledger sync"
        )


async def _one(piece: bytes) -> AsyncIterator[bytes]:
    yield piece


async def _read(file: IO[bytes]) -> AsyncIterator[bytes]:
    file.seek(0)
    while piece := await asyncio.to_thread(file.read, _PIECE):
        yield piece


def _write_ledger(file: IO[bytes], year: IO[bytes], about: YearAbout, format_of: LedgerFile) -> tuple[int, str]:
    """Write the ledger's file out of the year's parts, one a line; return its size and its SHA-256."""
    head = YearHead(
        first=about.first,
        last=about.last,
        company=about.company,
        organisation_number=about.organisation_number,
        written=about.read_at.date() if about.read_at else about.last,
        written_by=about.read_by,
    )
    digest = hashlib.sha256()
    year.seek(0)
    for piece in format_of.write(head, map(LedgerPartRead.model_validate_json, year)):
        file.write(piece)
        digest.update(piece)
    return file.tell(), digest.hexdigest()
