"""Sales on account of made-up tills, and whether each is one invoice, or one order, in Fortnox. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, Final, Literal

from connectors.demo.reports import Till
from connectors.demo.telling import TenantRecord
from schemas import ids, money
from schemas.audit import DONE
from schemas.commands import PostVoucher
from schemas.envelope import type_of
from schemas.invoices import CreateInvoice
from schemas.money import ORE, ZERO

Kind = Literal["invoice", "order"]
SOLD: Final = (type_of(CreateInvoice), type_of(PostVoucher))
"""What becomes of a sale on account: a document, and the voucher beside it, which takes the sale out of the day."""
_REGISTERS: Final[Mapping[Kind, tuple[str, str]]] = {
    "invoice": ("invoices", "InvoiceRows"),
    "order": ("orders", "OrderRows"),
}


@dataclass(frozen=True, slots=True)
class SoldRow:
    """A row of a receipt; the price is for one, with VAT."""

    text: str
    group: str
    vat_rate: int
    quantity: int
    price: str


@dataclass(frozen=True, slots=True)
class DemoSale:
    """A receipt of a sale on account, to whom, and what it is to become in Fortnox."""

    till: Till
    receipt: int
    day: date
    customer: Mapping[str, str]
    rows: tuple[SoldRow, ...]
    becomes: Kind
    tip: Decimal = ZERO

    @property
    def tenant(self) -> str:
        """The company."""
        return self.till.tenant

    @property
    def key(self) -> str:
        """The business key, as bokbuss makes it: system, store, register, receipt number, date."""
        return f"openpos/{self.till.store}/{self.till.register}/receipt-{self.receipt}/{self.day}"

    @property
    def name(self) -> str:
        """What people call it."""
        return f"{self.till.register} {self.receipt}"

    @property
    def sales(self) -> Decimal:
        """Sales with VAT."""
        return sum((row.quantity * Decimal(row.price) for row in self.rows), ZERO)

    @property
    def total(self) -> Decimal:
        """What the customer owes."""
        return self.sales + self.tip

    def wire(self) -> dict[str, Any]:
        """Return the sale as the till sends it (connectors/openpos/README.md)."""
        return {
            "format": "bokbuss.openpos.sale-on-account/1",
            "company": {"name": self.till.company},
            "store": self.till.store,
            "registerId": self.till.register,
            "receiptNumber": str(self.receipt),
            "date": self.day.isoformat(),
            "currency": "SEK",
            "customer": dict(self.customer),
            "rows": [
                {
                    "text": row.text,
                    "group": row.group,
                    "vatRate": str(row.vat_rate),
                    "quantity": f"{row.quantity}.00",
                    "price": row.price,
                }
                for row in self.rows
            ],
            "tip": money.text(self.tip),
            "total": money.text(self.total),
        }


@dataclass(frozen=True, slots=True)
class Document:
    """An invoice or an order as it stands in Fortnox. ``voucher``: the one that it was booked as there, if it was."""

    kind: Kind
    number: str
    mark: str
    total: Decimal
    voucher: str = ""

    @property
    def name(self) -> str:
        """What people call it: ``invoice 1``."""
        return f"{self.kind} {self.number}"


def documents(registers: Mapping[str, Any]) -> list[Document]:
    """Return the invoices and orders that a company's Fortnox holds, from its registers as the sandbox shows them."""
    return [
        Document(kind, number, values["ExternalInvoiceReference1"], _total(values[rows]), _voucher(values))
        for kind, (register, rows) in _REGISTERS.items()
        for number, record in registers.get(register, {}).items()
        for values in [record["values"]]
    ]


def _total(rows: Iterable[Mapping[str, Any]]) -> Decimal:
    return sum(
        ((Decimal(row["DeliveredQuantity"]) * Decimal(row["Price"])).quantize(ORE, ROUND_HALF_UP) for row in rows), ZERO
    )


def _voucher(values: Mapping[str, Any]) -> str:
    return f"{values['VoucherSeries']} {values['VoucherNumber']}" if values.get("Booked") else ""


@dataclass(frozen=True, slots=True)
class SaleRow:
    """A line of the table: a sale on account against Fortnox.

    Attributes:
        documents: what stands in Fortnox for it: one.
        beside: the voucher that took it out of the day close.
        left_day: what that voucher took off the clearing account.
    """

    sale: DemoSale
    documents: tuple[Document, ...]
    beside: tuple[str, ...]
    left_day: Decimal

    @property
    def to_invoice(self) -> Decimal:
        """Sales with VAT that have left the day, and are in the books only when somebody invoices them in Fortnox."""
        return ZERO if any(one.voucher for one in self.documents) else self.sale.sales if self.left_day else ZERO

    @property
    def difference(self) -> Decimal:
        """What Fortnox asks the customer for too much."""
        return sum((one.total for one in self.documents), ZERO) - self.sale.total

    def to_json(self) -> dict[str, Any]:
        """Return the row as JSON values."""
        return {
            "company": self.sale.tenant,
            "receipt": self.sale.name,
            "day": self.sale.day.isoformat(),
            "total": money.text(self.sale.total),
            "tip": money.text(self.sale.tip),
            "documents": [one.name for one in self.documents],
            "booked": [one.voucher for one in self.documents if one.voucher],
            "beside": list(self.beside),
            "left_day": money.text(self.left_day),
            "difference": money.text(self.difference),
        }

    def problems(self) -> Iterable[str]:
        """Yield what is not accounted for."""
        name = f"{self.sale.tenant} {self.sale.name}"
        if [one.kind for one in self.documents] != [self.sale.becomes]:
            made = ", ".join(one.name for one in self.documents) or "nothing"
            yield f"{name}: it became {made}, not one {self.sale.becomes}"
        if self.difference:
            yield f"{name}: the customer is asked for {money.text(self.difference)} too much"
        if len(self.beside) != 1 or self.left_day != self.sale.total:
            yield f"{name}: {', '.join(self.beside) or 'no voucher'} took {money.text(self.left_day)} out of the day"


def is_done(sale: DemoSale, told: Sequence[TenantRecord]) -> bool:
    """Tell whether a sale's document and the voucher beside it stand in Fortnox, as the trail has it."""
    return {record.message_type for record in _booked(sale, told)} >= set(SOLD)


def _booked(sale: DemoSale, told: Sequence[TenantRecord]) -> list[Any]:
    of_it = (record for tenant, record in told if (tenant, record.key) == (sale.tenant, sale.key))
    return [record for record in of_it if record.outcome in DONE]


def sale_row(
    sale: DemoSale,
    told: Sequence[TenantRecord],
    found: Sequence[Document],
    taken: Mapping[str, Decimal],
) -> SaleRow:
    """Return a sale's line: ``found`` are all documents of its company, ``taken`` what each voucher takes off clearing.

    A document is the sale's by its mark, which must be that of an order that the trail has.
    """
    booked = _booked(sale, told)
    marks = {ids.mark(record.order_id) for record in booked if record.order_id is not None}
    beside = tuple(str(record.voucher) for record in booked if record.voucher)
    return SaleRow(
        sale,
        tuple(one for one in found if one.mark in marks),
        beside,
        sum((taken.get(name, ZERO) for name in beside), ZERO),
    )
