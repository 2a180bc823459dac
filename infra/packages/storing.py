"""The packages that are there to be fetched: each is built once, kept on disk until its year is another, and resumable.

The bytes of a package depend on its content alone; so whichever process answers, a fetch goes on where it broke off.
"""

import asyncio
import hashlib
import shutil
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import IO, Final

from infra import contents, ledgers, registry, store, tenants
from infra.documents import Document, Documents
from infra.folders import private
from infra.ledgers import LedgerYear, SeveralYears
from infra.packages.building import build
from infra.packages.index import YearAbout
from infra.postgres import Engine, text
from infra.settings import Settings
from schemas import ids
from schemas.ledger import LedgerRetrieved

_FOLDER: Final = "packages"
_TURNS: Final = store.Turns(2)
"""Of packages that one process builds."""
_FETCHED: Final = text(
    """insert into package_fetches (tenant, system, year_to, fetched_by, bytes, sha256, status, fetched_at)
       values (:tenant, :system, :year_to, :by, :bytes, :sha256, :status, clock_timestamp())"""
)
_NAME: Final = text("select company_name from connections where tenant = :tenant and system = :system")
_building: defaultdict[Path, asyncio.Lock] = defaultdict(asyncio.Lock)
"""So that a process builds a package once, however many ask for it."""


class NoSuchYear(LookupError):
    """No one year is called so, or nothing is known of it; the message says what is, and what to do."""


class NotBuilt(Exception):
    """A package cannot be built as things are; the message says why, and what to do."""


@dataclass(frozen=True, slots=True)
class Package:
    """A package on disk."""

    path: Path
    sha256: str
    size: int
    last: date

    @property
    def name(self) -> str:
        """Return what the file is called where it is fetched to."""
        return f"{self.path.parent.name}-{self.last}.zip"


async def years(engine: Engine, tenant: str) -> list[LedgerYear]:
    """Return the years that a package can be had of, the last one first."""
    return [year for year in await ledgers.years(engine, tenant) if year.retrieved is not None]


async def package(engine: Engine, settings: Settings, tenant: str, year: int | date) -> Package:
    """Return the package of a financial year, built if it is not there as it would be now.

    Args:
        year: the one that ends in this year, or on this day.

    Raises:
        NoSuchYear: nothing was read of it, or several end in this year.
        NotBuilt: the store lacks the content of a document or does not answer, or the ledger is none that a file holds.
    """
    known = await years(engine, tenant)
    try:
        found = ledgers.meant(known, year)
    except SeveralYears as several:
        raise NoSuchYear(str(several)) from None
    if found is None:
        there = ", ".join(str(one.last) for one in known) or "none"
        raise NoSuchYear(
            f"nothing was read of {tenant}'s year {year}; there is: {there}. bokbuss ledger sync {tenant} --year {year}"
        )
    folder = settings.data.resolve() / _FOLDER / tenant
    async with _building[folder / str(found.last)]:
        return await _built(engine, settings, tenant, found.last, folder)


async def _built(engine: Engine, settings: Settings, tenant: str, last: date, folder: Path) -> Package:
    documents = await Documents(engine, tenant).of_year(last)
    async with ledgers.opened(engine, tenant, last) as books:
        if books is not None and (kept := _kept(folder, last, _tag(books.retrieved, documents))):
            return kept
    company = await tenants.known(engine, tenant)
    name = await store.scalar(engine, _NAME, {"tenant": tenant, "system": registry.ledger()})
    async with _TURNS.of(engine, tenant), ledgers.opened(engine, tenant, last) as books:
        if books is None:
            raise NoSuchYear(f"{tenant}'s year that ends on {last} is not there any more")
        tag = _tag(books.retrieved, documents)
        about = _about(name or tenant, books.retrieved, company.organisation_number)
        with _room(folder) as file:
            with _said(last):
                await build(
                    file,
                    about,
                    books.parts(),
                    documents,
                    contents.opened(settings),
                    tenant=tenant,
                    format_of=registry.ledger_file(),
                )
            return await asyncio.to_thread(_placed, Path(file.name), file, folder, last, tag)


async def fetched(engine: Engine, tenant: str, package: Package, *, system: str, by: str, start: int = 0) -> None:
    """Write down who fetches a package, and from which byte on."""
    values = {
        "tenant": tenant,
        "system": system,
        "year_to": package.last,
        "by": by[:200],
        "bytes": package.size - start,
        "sha256": package.sha256,
        "status": f"from byte {start}" if start else "whole",
    }
    await store.write(engine, _FETCHED, values)


def forget(settings: Settings, tenant: str) -> None:
    """Remove a company's packages."""
    shutil.rmtree(settings.data.resolve() / _FOLDER / tenant, ignore_errors=True)


def _kept(folder: Path, last: date, tag: str) -> Package | None:
    for path in folder.glob(f"{last}.{tag}.*.zip"):
        return Package(path, path.name.split(".")[2], path.stat().st_size, last)
    return None


def _tag(year: LedgerRetrieved, documents: tuple[Document, ...]) -> str:
    """Return what stands for the content of a package, and for the code that builds it."""
    each = [
        [
            d.series,
            d.number,
            d.source_id,
            d.module,
            d.content.sha256 if d.content else "",
            d.note,
            str(d.read_at),
            d.gone,
        ]
        for d in documents
    ]
    return ids.digest([registry.code(), year.to_json(), each])[:16]


def _about(company: str, year: LedgerRetrieved, organisation_number: str | None) -> YearAbout:
    first, last = year.year_from, year.year_to
    assert first is not None  # noqa: S101 - a year that was read is known by its days
    assert last is not None  # noqa: S101 - the same
    return YearAbout(
        company=company,
        organisation_number=year.organisation_number or organisation_number,
        first=first,
        last=last,
        source=year.source or registry.ledger(),
        read_at=year.read_at,
        read_by=year.requested_by,
        ledger=year.sha256,
        vouchers=year.vouchers,
        rows=year.rows,
    )


@contextmanager
def _said(last: date) -> Iterator[None]:
    """Raise what keeps a package from being built as NotBuilt."""
    try:
        yield
    except FileNotFoundError:
        raise NotBuilt(
            f"the content of a document of the year that ends on {last} is not in the store of documents "
            "(BOKBUSS_DOCUMENTS__URL): put it back from a backup, or have it read again: bokbuss ledger sync"
        ) from None
    except OSError as error:
        raise NotBuilt(error.strerror or str(error)) from error
    except ValueError as error:
        raise NotBuilt(f"the ledger cannot be written as a file: {error}") from error


@contextmanager
def _room(folder: Path) -> Iterator[IO[bytes]]:
    """Give a file in a folder; it is gone afterwards, unless it was moved."""
    private(folder.parent.parent, folder.parent.name)
    folder.mkdir(exist_ok=True)
    with NamedTemporaryFile(dir=folder, prefix=".", delete=False) as file:
        try:
            yield file
        finally:
            Path(file.name).unlink(missing_ok=True)


def _placed(built: Path, file: IO[bytes], folder: Path, last: date, tag: str) -> Package:
    """Give a package that was built its name, and remove those before it: whoever fetches one has it open."""
    file.flush()
    with built.open("rb") as whole:
        sha256 = hashlib.file_digest(whole, "sha256").hexdigest()
    path = built.rename(folder / f"{last}.{tag}.{sha256}.zip")
    for old in set(folder.glob(f"{last}.*.zip")) - {path}:
        old.unlink(missing_ok=True)
    return Package(path, sha256, path.stat().st_size, last)
