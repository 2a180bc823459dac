"""Fortnox as it is tried: its samples are answers of its API."""

import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime
from decimal import Decimal

from pydantic import SecretStr

from connectors.fortnox import SYSTEM, sandbox, translate
from connectors.fortnox.sandbox import Fault, Faults
from connectors.fortnox.sandbox.books import ZERO, Draft, Row
from connectors.fortnox.sandbox.records import Record
from connectors.fortnox.settings import FortnoxSettings
from infra.environment import whole
from infra.postgres import Engine
from schemas.commands import VoucherRef
from schemas.events import Fact
from schemas.ledger import ReadLedger
from tests.connectors.fortnox.lane_driver import (
    SCOPES,
    VAULT,
    WHENCE,
    absence,
    attachment,
    customer,
    employee,
    invoice,
    voucher,
)
from tests.connectors.party import Imitated, Party, add_company, host

WRITES = [
    f"POST /3/{what}"
    for what in (
        "vouchers",
        "inbox",
        "employees",
        "absencetransactions",
        "customers",
        "invoices",
        "voucherfileconnections",
    )
]
SEEN_AT = datetime(2026, 11, 29, 12, tzinfo=UTC)


def translated(_name: str, payload: bytes) -> Sequence[Fact]:
    """Return what a list of employees shows."""
    found = [translate.employee(each, SEEN_AT, 1) for each in json.loads(payload)["Employees"]]
    return [fact for fact in found if fact is not None]


@asynccontextmanager
async def imitated(engine: Engine) -> AsyncIterator[Imitated]:
    """Open a sandbox with a company and its customer, and connect ours to it."""
    company = sandbox.Company(123456, scopes=SCOPES)
    company.register("customers")["1"] = Record({"CustomerNumber": "1", "Name": "Skolan"})
    rows = (Row(1910, Decimal("7.00"), ZERO), Row(3001, ZERO, Decimal("7.00")))
    booked = company.book(Draft(4, "A", date(2026, 3, 1), "Kvitto", rows), SEEN_AT, SEEN_AT)
    beside = attachment(voucher=VoucherRef(series="A", number=booked.number, year_id=4))
    written = tuple(order.data for order in (voucher(), beside, employee(), absence(), customer(), invoice()))
    ledger = ReadLedger(**(WHENCE | {"flow": "ledger", "key": "ledger/2026", "year": 2026}))
    orders = (*written, ledger)

    def lose() -> None:
        company.faults = Faults(only=WRITES, script=[Fault.COMMIT_THEN_LOSE_ANSWER])

    def records() -> int:
        made = (
            tuple(company.vouchers()),
            company.files,
            company.attached,
            company.register("customers"),
            company.register("invoices"),
        )
        return sum(map(len, (*made, company.register("employees"), company.register("absencetransactions"))))

    books = sandbox.Books(limit=100_000)
    books.add(company)
    await add_company(engine, company.database_number)
    async with sandbox.running(books) as url:
        section = FortnoxSettings(
            api_url=f"{url}/3",
            auth_url=f"{url}/oauth-v1",
            client_id=sandbox.CLIENT_ID,
            client_secret=SecretStr(sandbox.CLIENT_SECRET),
            request_timeout=5.0,
        )
        settings = whole()(fortnox=section, _env_file=None)
        yield Imitated(host(settings, engine, VAULT), orders, lose, records, company.database_number)


PARTY = Party(SYSTEM, translated, imitated)
