"""After a restore, at the sandbox: invoices and orders with our mark that nobody here knows are named, no others."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest

from connectors.fortnox.ledger.strangers import strangers
from connectors.fortnox.sandbox.records import Record
from infra import clock
from infra.postgres import Engine
from schemas import ids
from schemas.settings import InvoicingSettings, TenantSettings
from tests.connectors.fortnox import lane_driver
from tests.connectors.fortnox.doctor_driver import MAPPED, DoctorDriver, doctor_driver
from tests.connectors.fortnox.sandbox.test_sales import SandboxDriver

INVOICING = TenantSettings(daysales=MAPPED, invoicing=InvoicingSettings())
STRANGE = ids.mark(UUID(int=7))


@pytest.fixture
async def visit(engine: Engine, tmp_path: Path) -> AsyncIterator[DoctorDriver]:
    """Yield a company that invoices, and has consented to it."""
    async with doctor_driver(engine, tmp_path, settings=INVOICING) as made:
        made.fortnox.scopes += " invoice order customer"
        yield made


def made(visit: DoctorDriver, register: str, number: str, mark: str, *, days_ago: int = 0) -> None:
    """Let a document stand in Fortnox, changed so many days ago."""
    person = SandboxDriver()
    person.company = visit.fortnox
    visit.fortnox.register("customers")["1"] = Record({"CustomerNumber": "1", "Name": "Skolan"})
    rows = {"invoices": person.invoice, "orders": person.order}[register]
    made_up = rows({"Price": 100, "DeliveredQuantity": "1"}, DocumentNumber=number, ExternalInvoiceReference1=mark)
    assert made_up["DocumentNumber"] == number, made_up
    visit.fortnox.register(register)[number].changed = clock.now() - timedelta(days=days_ago)


async def test_what_carries_a_mark_that_no_order_has_is_named(visit: DoctorDriver) -> None:
    """Not what is ours, nor what somebody typed in, nor what stood there long before the backup."""
    order = lane_driver.invoice().data
    await visit.journal(order, "delivered", {})
    made(visit, "invoices", "1", ids.mark(order.id_in(visit.tenant)))
    made(visit, "invoices", "2", STRANGE)
    made(visit, "invoices", "3", "their own reference")
    made(visit, "invoices", "4", ids.mark(UUID(int=8)), days_ago=9)
    made(visit, "orders", "1", STRANGE)
    found = await strangers(visit.host, visit.tenant, clock.now() - timedelta(days=2))
    assert [each.partition(":")[0] for each in found] == ["invoice 2", "order 1"]
    assert all(STRANGE in each for each in found)


async def test_a_module_that_is_not_there_hides_nothing_of_ours(visit: DoctorDriver) -> None:
    """Orders cannot have been written without it; invoices are looked at all the same."""
    made(visit, "invoices", "2", STRANGE)
    visit.fortnox.licences.discard("order")
    assert len(await strangers(visit.host, visit.tenant, clock.now() - timedelta(days=2))) == 1


async def test_a_company_that_does_not_invoice_is_asked_nothing(visit: DoctorDriver) -> None:
    """Its consent has no scope for it."""
    await visit.apply(TenantSettings(daysales=MAPPED))
    assert await strangers(visit.host, visit.tenant, clock.now()) == ()
    assert visit.calls == {}
