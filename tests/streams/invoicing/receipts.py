"""Receipts, settings and outcomes to test with; and a host in memory that decides and remembers as the real one."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from infra.plugin import Terms
from schemas import envelope
from schemas.audit import GENESIS, AuditRecord, Outcome
from schemas.bas import BAS_DAY_SALES
from schemas.base import Message, Who
from schemas.commands import HoldForReview, Order, PostVoucher, VoucherRef
from schemas.events import ChecksPassed, ReviewAnswered
from schemas.invoices import Buyer, CreateInvoice, FindCustomer, InvoiceRequested, InvoiceRow
from schemas.settings import DaySalesSettings, InvoicingSettings, SettingsApplied, TenantSettings
from streams.invoicing import FLOW
from streams.invoicing.state import State
from tests.flow_driver import FlowDriver

TENANT = "acme"
NOW = datetime(2026, 4, 10, 21, 30, tzinfo=UTC)
DAY = date(2026, 4, 10)
CLEARING = 1518
WORKS = Buyer(organisation_number="5560160680", email="faktura@exempel.se", name="Verkstaden AB", city="Lund")


def row(text: str = "Lunch", price: str = "112.00", rate: str = "12", **changes: Any) -> InvoiceRow:
    """Return a row: one lunch at 112.00 with VAT."""
    content: dict[str, Any] = {"quantity": Decimal("1.00"), "group": "meals"}
    return InvoiceRow(text=text, price=Decimal(price), vat_rate=Decimal(rate), **(content | changes))


def receipt(number: str = "7", **changes: Any) -> InvoiceRequested:
    """Return a sale on account of customer 1042: two lunches and a wine, 349.00 with VAT."""
    content: dict[str, Any] = {
        "store": "Kungsgatan",
        "register_id": "K1",
        "receipt_number": number,
        "invoice_date": DAY,
        "customer_number": "1042",
        "rows": (row(quantity=Decimal("2.00")), row("Vin", "125.00", "25", group="wine")),
        "vat_included": True,
    }
    return InvoiceRequested(**(content | changes))


def chosen(accounts: DaySalesSettings | None = None, **changes: Any) -> TenantSettings:
    """Return settings with BAS accounts."""
    return TenantSettings(daysales=accounts or BAS_DAY_SALES, invoicing=InvoicingSettings(**changes))


def accounts(**changes: Any) -> DaySalesSettings:
    """Return BAS accounts with changes."""
    return DaySalesSettings.model_validate(dict(BAS_DAY_SALES) | changes)


def outcome(
    order: Order,
    result: Outcome = "delivered",
    *,
    number: int = 1,
    code: str = "",
    why: str = "",
    who: Who | None = None,
) -> AuditRecord:
    """Return what the sink puts on record about an order."""
    done = result in {"delivered", "already_there"}
    voucher = VoucherRef(series="F", number=number, year_id=1) if isinstance(order, PostVoucher) and done else None
    return AuditRecord(
        sequence=1,
        previous=GENESIS,
        at=NOW,
        outcome=result,
        flow=order.flow,
        key=order.key,
        message_id=str(order.id_in(TENANT)),
        message_type=envelope.type_of(type(order)),
        fact_id=f"{order.key}@{order.revision}",
        revision=order.revision,
        step=order.step,
        rule=order.rule,
        settings_version=order.settings_version,
        voucher=voucher,
        record=str(number) if done and voucher is None else "",
        code=code,
        why=why,
        who=who,
    )


def refusal(order: Order, code: str = "period_locked", until: date | None = None) -> AuditRecord:
    """Return a refusal; ``until``: the last day of the locked period that stands in the way."""
    refused = outcome(order, "rejected", code=code, why="Fortnox vill inte.", who="accountant")
    return refused.model_copy(update={"locked_until": until})


def answered(hold: HoldForReview, answer: str) -> ReviewAnswered:
    """Return a person's answer to a hold."""
    return ReviewAnswered(
        hold_id=hold.id_in(TENANT),
        flow="invoicing",
        about=hold.key,
        answer=answer,
        answered_by="an accountant",
        answered_at=NOW,
    )


class Host:
    """Runs the flow over one message after another, as the real one does. ``organisation_number``: whose books."""

    def __init__(self, settings: TenantSettings | None = None, organisation_number: str | None = None) -> None:
        self.settings = settings or chosen()
        self.version = 1
        self.organisation_number = organisation_number
        self.remembered = FlowDriver(FLOW)
        self.number = 0
        self.customers: dict[tuple[str | None, Buyer], int] = {}

    def state(self, key: str | None = None) -> State:
        """Return what is remembered of a receipt."""
        return self.remembered.states.get(key or receipt().key) or State()

    def tell(self, message: Message, *, remember: bool = True) -> tuple[Order, ...]:
        """Decide on a message; return the orders. Not to ``remember`` is a database that was restored from before."""
        if isinstance(message, SettingsApplied):
            self.settings, self.version = message.settings, message.version
        named: list[tuple[str, ...]] = [()]
        if isinstance(message, SettingsApplied | ChecksPassed):
            named = [(key,) for key in self.remembered.told(getattr(message, "codes", None))]
        terms = Terms(self.settings, self.version, self.organisation_number)
        wrapped = envelope.wrap(message, message_id="a message", source="/tests", time=NOW, tenant=TENANT)
        orders: list[Order] = []
        for keys in named:
            orders += self.remembered.decide(wrapped, terms, keys, remember=remember)
        return tuple(orders)

    def apply(self, settings: TenantSettings) -> tuple[Order, ...]:
        """Take new settings into use."""
        applied = SettingsApplied(tenant=TENANT, version=self.version + 1, applied_by="somebody", settings=settings)
        return self.tell(applied)

    def done(self, order: Order) -> tuple[Order, ...]:
        """Let Fortnox carry out an order; return what comes of that. Who was found once is found again."""
        self.number += 1
        number = self.number
        if isinstance(order, FindCustomer):
            number = self.customers.setdefault((order.customer_number, order.buyer), number)
        return self.tell(outcome(order, number=number))

    def through(self, orders: tuple[Order, ...]) -> list[Order]:
        """Let Fortnox carry out these orders and what comes of them; return all of them, in their sequence."""
        all_of_them: list[Order] = []
        while orders:
            all_of_them += orders
            carried_out = isinstance(orders[-1], FindCustomer | CreateInvoice | PostVoucher)
            orders = self.done(orders[-1]) if carried_out else ()
        return all_of_them


def held(orders: tuple[Order, ...]) -> HoldForReview:
    """Return the hold that stands last."""
    hold = orders[-1]
    assert isinstance(hold, HoldForReview), orders
    return hold


def sides(order: Order) -> list[tuple[int, str, str]]:
    """Return a voucher's rows as (account, text, amount), debit above zero."""
    assert isinstance(order, PostVoucher), order
    return [(r.account, r.text or "", f"{r.debit - r.credit:.2f}") for r in order.rows]
