"""Orders of every kind, and a lane that carries them out in the sandbox: as the real one it looks before it repeats."""

import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, Literal

from pydantic import SecretStr

from connectors.fortnox import sandbox
from connectors.fortnox.orders.kinds import BESIDE, FORTNOX
from connectors.fortnox.settings import FortnoxSettings
from infra import clock
from infra.access.vault import Vault
from infra.environment import whole
from infra.plugin import Attempt, Company, Host
from infra.postgres import Engine, text
from infra.settings import DocumentsSettings
from infra.verdicts import Absent, AlreadyThere, Delivered, Rejected, RetryLater, Unknown
from schemas import envelope
from schemas.commands import AttachFile, Order, PostVoucher, UpsertEmployee, VoucherRef, VoucherRow, WriteAbsence
from schemas.events import EmployeeFields
from schemas.invoices import Buyer, CreateInvoice, DocumentRow, FindCustomer
from schemas.personal import Personal
from tests.infra.opened import opened

TENANT = "acme"
SCOPES = "bookkeeping companyinformation costcenter settings salary invoice order customer inbox archive connectfile"
EVERY = replace(FORTNOX, kinds=(*FORTNOX.kinds, *BESIDE.kinds))
"""All that is written to Fortnox, in one lane."""
VAULT = Vault(b"test")
NUMBER = "198001011231"
ACCOUNT = "6000,123456789"
DAY = date(2026, 3, 31)
WHENCE: dict[str, Any] = {"flow": "employees", "revision": "0123456789abcdef", "step": "write", "rule": "it_differs"}
_ADD = text(
    "insert into tenants (tenant, database_number, created_at) values ('acme', :number, clock_timestamp())"
    " on conflict do nothing"
)


def personal(kind: Literal["personal_number", "bank_account"], plain: str) -> Personal:
    """Seal a text."""
    return Personal(kind=kind, sealed=VAULT.seal(plain, kind, TENANT), shown="••••")


ANNA = EmployeeFields(
    email="anna@exempel.se",
    given_name="Anna",
    family_name="Andersson",
    phone="+46701234567",
    street="Storgatan 1",
    postal_code="111 22",
    city="Stockholm",
    country="SE",
    bank_account=personal("bank_account", ACCOUNT),
    first_day=date(2026, 1, 1),
    last_day=date(2099, 12, 31),
    title="Butikschef",
    personal_number=personal("personal_number", NUMBER),
    tax_table=33,
    tax_column=1,
)


def wrap(data: Order) -> Any:
    """Return an order as it stands in the journal."""
    return envelope.wrap(
        data,
        message_id=str(data.id_in(TENANT)),
        source="/streams/employees",
        time=datetime(2026, 3, 31, 21, tzinfo=UTC),
        tenant=TENANT,
    )


def employee(key: str = "huma/1", **fields: Any) -> Any:
    """Return an order that creates an employee, unless ``fields`` say otherwise."""
    return wrap(UpsertEmployee(**(WHENCE | {"key": key, "fields": ANNA, "create": True, "employee_id": None} | fields)))


def absence(key: str = "huma/leave/1", **fields: Any) -> Any:
    """Return an order that registers an absence."""
    data = {"action": "create", "absence_id": None, "employee_id": "1", "day": DAY, "cause": "SEM"}
    return wrap(WriteAbsence(**(WHENCE | {"key": key} | data | fields)))


def invoice(key: str = "openpos/3/1", **fields: Any) -> Any:
    """Return an order for an invoice, or for an order."""
    rows = (
        DocumentRow(text="Böcker", quantity=Decimal("2.00"), price=Decimal("99.50"), vat_rate=Decimal(6)),
        DocumentRow(text="Frakt", quantity=Decimal("1.00"), price=Decimal("40.00"), vat_rate=Decimal(25)),
    )
    data = {"document": "invoice", "customer_number": "1", "invoice_date": DAY, "rows": rows}
    return wrap(CreateInvoice(**(WHENCE | {"key": key} | data | fields)))


BUYER = Buyer(
    organisation_number="5599990016", email="faktura@exempel.se", name="Bygget [Söder] AB", street="Götgatan 1"
)


def customer(key: str = "openpos/3/1", **fields: Any) -> Any:
    """Return an order that finds or makes a customer."""
    return wrap(FindCustomer(**(WHENCE | {"key": key, "buyer": BUYER, "create": True} | fields)))


def attachment(key: str = "file/1", content: bytes = b"%PDF-1.7 kvitto", **fields: Any) -> Any:
    """Return an order that attaches a file to voucher F 1 of 2026."""
    data = {"voucher": VoucherRef(series="F", number=1, year_id=4), "name": "kvitto.pdf", "content": content}
    return wrap(AttachFile(**(WHENCE | {"key": key} | data | {"sha256": hashlib.sha256(content).hexdigest()} | fields)))


def voucher(key: str = "openpos/3/1", **fields: Any) -> Any:
    """Return an order for a voucher F."""
    rows = (VoucherRow(account=1930, debit=Decimal(1)), VoucherRow(account=3001, credit=Decimal(1)))
    data = {"purpose": "book", "series": "F", "voucher_date": DAY, "description": "Dagskassa", "rows": rows}
    return wrap(PostVoucher(**(WHENCE | {"key": key} | data | fields)))


def attempt() -> Attempt:
    """Return an attempt of a lane that may always send, and has no budget to keep."""

    async def take() -> None:
        pass

    return Attempt(may_send=lambda: None, take=take)


@asynccontextmanager
async def connected(
    engine: Engine, company: sandbox.Company, *, documents: DocumentsSettings | None = None, **fortnox: Any
) -> AsyncIterator[Any]:
    """Run a sandbox with a company, and open a connection to it."""
    books = sandbox.Books(limit=100_000)
    books.add(company)
    async with sandbox.running(books) as url, engine.begin() as database:
        await database.execute(_ADD, {"number": company.database_number})
        await database.commit()
        settings = whole()(
            documents=documents or DocumentsSettings(),
            fortnox=FortnoxSettings(
                **(
                    {
                        "api_url": f"{url}/3",
                        "auth_url": f"{url}/oauth-v1",
                        "client_id": sandbox.CLIENT_ID,
                        "client_secret": SecretStr(sandbox.CLIENT_SECRET),
                        "request_timeout": 5.0,
                    }
                    | fortnox
                )
            ),
        )
        ours = Company(TENANT, None, company.database_number)
        async with opened(EVERY, ours, Host(settings, engine, VAULT, None, None)) as connection:
            yield connection


async def carry_out(
    connection: Any, order: Any, *, settle: float = 0.3, attempts: list[Attempt] | None = None
) -> Delivered | AlreadyThere | Rejected:
    """Carry an order out as a lane does: after a lost answer it settles, and two looks must not find it."""
    absent = 0
    is_unknown = False
    while True:
        current = attempt()
        if attempts is not None:
            attempts.append(current)
        verdict = await (connection.probe if is_unknown else connection.write)(order, current)
        match verdict:
            case Delivered() | AlreadyThere() | Rejected():
                return verdict
            case Unknown():
                is_unknown, absent = True, 0
                await clock.sleep(settle)
            case Absent():
                absent += 1
                is_unknown = absent < 2
            case RetryLater():
                assert verdict.code not in {"lookup_refused", "forbidden"}, verdict
                await clock.sleep(0.02)
