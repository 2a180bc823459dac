"""A company whose books are in the sandbox, and whose ledger is read out of it.

As a program it carries one order out, as a lane does: ``BOKBUSS_FAULTPOINT`` may kill it on its way.
"""

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from connectors.fortnox import sandbox
from connectors.fortnox.ledger.orders import LEDGERS
from connectors.fortnox.sandbox import Books, Company
from connectors.fortnox.sandbox.books import Draft, Row
from connectors.fortnox.sandbox.records import Attached, File, Record
from connectors.fortnox.settings import FortnoxSettings
from infra import clock, store
from infra.access.connections import Connections
from infra.access.vault import Vault
from infra.environment import whole
from infra.leases import Leases
from infra.plugin import Attempt, Host
from infra.plugin import Company as Ours
from infra.postgres import Engine, text
from infra.settings import DocumentsSettings
from infra.verdicts import Absent, AlreadyThere, Delivered, Rejected, RetryLater
from schemas import envelope, ids
from schemas.envelope import Envelope
from schemas.events import Fact
from schemas.ledger import LedgerPartRead, LedgerRetrieved, ReadLedger
from tests.infra.opened import opened

TENANT = "acme"
NUMBER = 4711
ORGANISATION = "5560000001"
VAULT = Vault(b"test")
DOCUMENTS = "bookkeeping companyinformation settings archive connectfile supplierinvoice invoice"
AT = datetime(2026, 3, 31, 12, tzinfo=UTC)
_ADD = text(
    """insert into tenants (tenant, database_number, organisation_number, created_at)
       values (:tenant, :number, :org, clock_timestamp()) on conflict do nothing"""
)
Accept = Callable[[str, str, Sequence[Fact]], Awaitable[tuple[str, ...]]]


def book(company: Company, count: int, day: date = date(2026, 1, 1), series: str = "A") -> None:
    """Put so many vouchers of two rows into the books, some each day, and a number of their own in their amount."""
    year = company.year_on(day)
    assert year is not None
    for number in range(count):
        amount = Decimal(year.series[series].next_number) + Decimal("0.25")
        on = min(day + timedelta(days=number * 360 // max(count, 1)), year.to_date)
        rows = (Row(1930, amount, Decimal(0)), Row(3001, Decimal(0), amount, text="Försäljning"))
        company.book(Draft(year.id, series, on, f"Dagskassa {number}", rows), AT, AT)


def attach(company: Company, voucher: int, content: bytes, file_id: str = "", series: str = "A", year: int = 4) -> str:
    """Join a file to a voucher; return its id."""
    file_id = file_id or f"file-{len(company.files) + 1}"
    company.files[file_id] = File(file_id, f"archive-{file_id}", f"{file_id}.pdf", "root", content)
    company.attached[file_id] = Attached(file_id, year, series, voucher)
    return file_id


def supplier_invoice(company: Company, number: str, voucher: int, file_id: str, year: int = 4) -> None:
    """Put a supplier's invoice that is booked as a voucher of series D into the register, and join a file to it."""
    company.register("supplierinvoices")[number] = Record(
        {"GivenNumber": number, "VoucherSeries": "D", "VoucherNumber": voucher, "VoucherYear": year}
    )
    company.register("supplierinvoicefileconnections")[file_id] = Record(
        {"FileId": file_id, "SupplierInvoiceNumber": number}
    )


def order(at: datetime | None = None, key: str = "ledger/2026", **fields: Any) -> Envelope[ReadLedger]:
    """Return an order as it stands in the journal; without documents unless ``fields`` say otherwise."""
    whence = {"flow": "ledger", "key": key, "revision": "0123456789abcdef", "step": "read", "rule": "it_was_asked_for"}
    data = ReadLedger(**(whence | {"documents": False, "requested_by": "Anna"} | fields))
    return envelope.wrap(
        data,
        message_id=str(data.id_in(TENANT)),
        source="/streams/ledger",
        time=at or clock.now(),
        tenant=TENANT,
    )


def attempt() -> Attempt:
    """Return an attempt of a lane that may always send."""

    async def take() -> None:
        raise AssertionError("a reading takes no call of the lane's own")

    return Attempt(may_send=lambda: None, take=take)


@dataclass
class LedgerDriver:
    """One company of ours, and its books. ``told``: the facts that were published; ``books``: every company's."""

    host: Host
    fortnox: Company
    told: list[Fact] = field(default_factory=list)
    books: Books = field(default_factory=Books)

    @property
    def parts(self) -> list[LedgerPartRead]:
        """The parts that were told."""
        return [fact for fact in self.told if isinstance(fact, LedgerPartRead)]

    @property
    def closed(self) -> list[LedgerRetrieved]:
        """What closed each year."""
        return [fact for fact in self.told if isinstance(fact, LedgerRetrieved)]

    @property
    def calls(self) -> dict[str, int]:
        """What Fortnox was asked, by route, but for tokens."""
        return {route: times for route, times in self.fortnox.calls.routes.items() if "oauth" not in route}

    async def read(self, asked: Envelope[ReadLedger]) -> Delivered | AlreadyThere | Rejected:
        """Carry an order out as a lane does: what has no answer for now is tried again."""
        return await carried_out(self.host, asked)

    async def add(self, number: int) -> str:
        """Connect one more company, of this number, and return what it is called."""
        name = f"company-{number}"
        self.books.add(Company(number))
        async with self.host.engine.begin() as database:
            await database.execute(_ADD, {"tenant": name, "number": number, "org": str(5590000000 + number)})
        await Connections(self.host.engine, VAULT).consented(
            name, "fortnox", grant_type="client_credentials", scopes=("bookkeeping",), database_number=number
        )
        return name

    async def consented(self, scopes: str) -> None:
        """Let it be on record what the company consented to."""
        self.fortnox.scopes = scopes
        await Connections(self.host.engine, VAULT).consented(
            TENANT,
            "fortnox",
            grant_type="client_credentials",
            scopes=tuple(scopes.split()),
            database_number=NUMBER,
        )


async def carried_out(host: Host, asked: Envelope[ReadLedger]) -> Delivered | AlreadyThere | Rejected:
    """Carry an order out, however often it must wait."""
    async with opened(LEDGERS, Ours(TENANT, ORGANISATION, NUMBER), host) as there:
        while True:
            verdict = await there.write(asked, attempt())
            if isinstance(verdict, Delivered | AlreadyThere | Rejected):
                return verdict
            assert isinstance(verdict, RetryLater | Absent), verdict
            await clock.sleep(0.05)


def fortnox_settings(url: str, **changes: Any) -> FortnoxSettings:
    """Return the settings with which a sandbox is Fortnox."""
    fields = {
        "api_url": f"{url}/3",
        "auth_url": f"{url}/oauth-v1",
        "client_id": sandbox.CLIENT_ID,
        "client_secret": SecretStr(sandbox.CLIENT_SECRET),
        "request_timeout": 5.0,
        "ledger_timeout": 10.0,
        "budget": 25,
        "events_url": f"{url.replace('http:', 'ws:')}/topics-v1",
    }
    return FortnoxSettings(**(fields | changes))


@asynccontextmanager
async def ledger_driver(
    engine: Engine, data: Path, company: Company, largest: int = 1_000_000, **fortnox: Any
) -> AsyncIterator[LedgerDriver]:
    """Serve a company's books, and connect ours to it."""
    books = Books(limit=100_000)
    books.add(company)
    async with sandbox.running(books) as url:
        async with engine.begin() as database:
            await database.execute(_ADD, {"tenant": TENANT, "number": NUMBER, "org": ORGANISATION})
        told: list[Fact] = []

        async def accept(_tenant: str, _system: str, facts: Sequence[Fact]) -> tuple[str, ...]:
            told.extend(facts)
            return tuple(ids.fact_id(fact.key, ids.revision(fact)) for fact in facts)

        settings = whole()(
            data=data,
            documents=DocumentsSettings(largest=largest),
            fortnox=fortnox_settings(url, **fortnox),
            _env_file=None,
        )
        yield LedgerDriver(Host(settings, engine, VAULT, Leases(engine, 5.0), accept), company, told, books)


async def read_in_a_process(driver: LedgerDriver, database: str, asked: Envelope[ReadLedger], faultpoint: str) -> int:
    """Carry an order out in a process of its own; return its exit code, negative for a signal."""
    fortnox = driver.host.settings.of(FortnoxSettings)
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.connectors.fortnox.ledger_driver"),
        *(database, fortnox.api_url.removesuffix("/3"), str(driver.host.settings.data)),
        cwd=Path(__file__).parents[3],
        env={**os.environ, "BOKBUSS_FAULTPOINT": faultpoint},
        stdin=asyncio.subprocess.PIPE,
    )
    await process.communicate(asked.to_bytes())
    assert process.returncode is not None
    return process.returncode


async def _main() -> None:
    """Carry out the order on standard input; facts go into a file, a line each."""
    database, url, folder = sys.argv[1:]
    engine = store.engine(database, 4)

    async def accept(_tenant: str, _system: str, facts: Sequence[Fact]) -> tuple[str, ...]:
        with (Path(folder) / "facts").open("a") as file:
            file.writelines(json.dumps([fact.key, ids.revision(fact)]) + "\n" for fact in facts)
        return tuple(ids.fact_id(fact.key, ids.revision(fact)) for fact in facts)

    settings = whole()(data=Path(folder), fortnox=fortnox_settings(url), _env_file=None)
    asked = envelope.decode(sys.stdin.buffer.read())
    verdict = await carried_out(Host(settings, engine, VAULT, Leases(engine, 5.0), accept), asked)
    await engine.dispose()
    sys.exit(0 if isinstance(verdict, Delivered) else 1)


if __name__ == "__main__":
    asyncio.run(_main())
