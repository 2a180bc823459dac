"""The rows of an invoice, and of the voucher that takes its sale out of the day close. Pure.

The till's day close has every sale of the day, those on account too: its voucher credits their sales and VAT, and
debits the clearing account, by the means of payment ``invoice``. The invoice credits the same sales and VAT again when
it is booked in Fortnox, since the customer must see the VAT on it, and Fortnox books the VAT that an invoice shows. So
a voucher beside the invoice takes the sale out of the day: it debits what the day credited, and credits the clearing
account, which nets to zero. What is left is the invoice: a receivable in the customer ledger, sales and VAT, once.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Final

from schemas import mapping
from schemas.base import FIRST_RESULT_ACCOUNT
from schemas.commands import VoucherRow
from schemas.invoices import DocumentRow, InvoiceRequested
from schemas.money import ORE, ZERO, rate_text, summed
from schemas.settings import DaySalesSettings

TIPS: Final = "tips"
ROUNDING: Final = "rounding"
TIP: Final = "Dricks"
"""What its row is called."""
_ONE: Final = Decimal("1.00")


@dataclass(frozen=True, slots=True)
class Sold:
    """What a receipt sold of one group at one VAT rate; ``net`` and ``vat`` are what its rows come to together."""

    group: str | None
    vat_rate: Decimal
    net: Decimal
    vat: Decimal

    def __str__(self) -> str:
        """Return the line as people name it: ``Mat 12 %``."""
        return f"{self.group or 'Försäljning'} {rate_text(self.vat_rate)} %"


def sold(receipt: InvoiceRequested) -> tuple[Sold, ...]:
    """Return what a receipt sold, by group and rate. VAT is rounded once for each: amounts with VAT stay to the öre."""
    sums = summed(((row.group, row.vat_rate), row.amount) for row in receipt.rows)
    return tuple(_sold(group, rate, amount, receipt) for (group, rate), amount in sums.items())


def _sold(group: str | None, rate: Decimal, amount: Decimal, receipt: InvoiceRequested) -> Sold:
    if receipt.vat_included:
        vat = (amount * rate / (100 + rate)).quantize(ORE, ROUND_HALF_UP)
        return Sold(group, rate, amount - vat, vat)
    return Sold(group, rate, amount, (amount * rate / 100).quantize(ORE, ROUND_HALF_UP))


def found_total(receipt: InvoiceRequested) -> Decimal:
    """Return what the rows and the tip come to, with VAT."""
    return sum((line.net + line.vat for line in sold(receipt)), ZERO) + receipt.tip


def total(receipt: InvoiceRequested) -> Decimal:
    """Return what was sold on account: as the receipt states it, else as its rows come to."""
    return found_total(receipt) if receipt.total is None else receipt.total


def difference(receipt: InvoiceRequested) -> Decimal:
    """Return how much more the receipt states than its rows and the tip come to."""
    return total(receipt) - found_total(receipt)


def sales_account(settings: DaySalesSettings, line: Sold, receipt: InvoiceRequested) -> int | None:
    """Return the account that a line is credited to: the day's, else the fallback, or None."""
    found = mapping.sales_account(settings, line.group, line.vat_rate, receipt.invoice_date)
    return found.account if found else settings.fallback


def category_account(settings: DaySalesSettings, category: str, receipt: InvoiceRequested) -> int | None:
    """Return the account of tips or of rounding, or None."""
    found = mapping.category_account(settings, category, receipt.invoice_date)
    return found.account if found else settings.fallback


def clearing_account(settings: DaySalesSettings, method: str, receipt: InvoiceRequested) -> int | None:
    """Return the account that the day close debits sales on account to, or None."""
    found = mapping.payment_account(settings, method, receipt.invoice_date)
    return found.account if found else None


def document_rows(receipt: InvoiceRequested, settings: DaySalesSettings, *, articles: bool) -> tuple[DocumentRow, ...]:
    """Return the rows of the invoice, once every rule has let the receipt through; the tip is the last one."""
    accounts = {(line.group, line.vat_rate): sales_account(settings, line, receipt) for line in sold(receipt)}
    rows = [
        DocumentRow(
            text=row.text,
            quantity=row.quantity,
            price=row.price,
            vat_rate=row.vat_rate,
            group=row.group,
            article=row.article if articles else None,
            unit=row.unit,
            discount=row.discount,
            account=accounts[row.group, row.vat_rate],
        )
        for row in receipt.rows
    ]
    if receipt.tip:
        tip = DocumentRow(
            text=TIP,
            quantity=_ONE if receipt.tip > 0 else -_ONE,
            price=abs(receipt.tip),
            vat_rate=ZERO,
            account=category_account(settings, TIPS, receipt),
        )
        rows.append(tip)
    return tuple(rows)


def credited(rows: tuple[DocumentRow, ...]) -> tuple[DocumentRow, ...]:
    """Return the rows of a credit note: the same with the opposite quantities."""
    return tuple(
        row.model_copy(update={"quantity": -row.quantity, "discount": None if row.discount is None else -row.discount})
        for row in rows
    )


def moving_rows(receipt: InvoiceRequested, settings: DaySalesSettings, method: str) -> tuple[VoucherRow, ...]:
    """Return the rows of the voucher beside the invoice: what the day credited, against the clearing account."""
    centre = mapping.cost_centre(settings, receipt.store, receipt.invoice_date)
    amounts: dict[tuple[int, str], Decimal] = {}
    for account, text, amount in _moved(receipt, settings, method):
        if account is None:
            raise LookupError(f"{text} has no account: the rules hold such a receipt before its rows are made")
        amounts[account, text] = amounts.get((account, text), ZERO) + amount
    return tuple(
        VoucherRow(
            account=account,
            cost_centre=centre if account >= FIRST_RESULT_ACCOUNT else None,
            text=text,
            debit=max(amount, ZERO),
            credit=max(-amount, ZERO),
        )
        for (account, text), amount in amounts.items()
        if amount
    )


def _moved(
    receipt: InvoiceRequested, settings: DaySalesSettings, method: str
) -> Iterator[tuple[int | None, str, Decimal]]:
    """Yield account, text and amount of each row; debit is above zero."""
    on = receipt.invoice_date
    for line in sold(receipt):
        yield sales_account(settings, line, receipt), str(line), line.net
    for line in sold(receipt):
        vat = mapping.vat_account(settings, line.vat_rate, on)
        if line.vat:
            yield vat.account if vat else None, f"Moms {rate_text(line.vat_rate)} %", line.vat
    if receipt.tip:
        yield category_account(settings, TIPS, receipt), TIP, receipt.tip
    if more := difference(receipt):
        yield category_account(settings, ROUNDING, receipt), "Öresdifferens", more
    yield clearing_account(settings, method, receipt), f"Kvitto {receipt.receipt_number}", -total(receipt)
