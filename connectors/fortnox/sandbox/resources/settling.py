"""What is left of an invoice: its total without what bookkept payments and their write-offs have settled."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from connectors.fortnox.sandbox.books import ZERO, Company
from connectors.fortnox.sandbox.records import Values

_OF: Final = {"invoices": "invoicepayments", "supplierinvoices": "supplierinvoicepayments"}


@dataclass(frozen=True, slots=True)
class Settled:
    """What is left of an invoice, and the day on which the last of it was paid; None: something is left."""

    balance: Decimal
    final: str | None


def settled(path: str, number: str, total: Decimal, values: Values, company: Company) -> Settled:
    """Return what is left of the invoice of this number in a register; of a cancelled one nothing."""
    if values.get("Cancelled"):
        return Settled(ZERO, None)
    booked = [
        one.values
        for one in company.register(_OF[path]).values()
        if one.values.get("Booked") and str(one.values["InvoiceNumber"]) == number
    ]
    left = total - sum((_amount(one) for one in booked), ZERO)
    last = max((str(one["PaymentDate"]) for one in booked), default=None)
    return Settled(left, (last if not left else None) or str(values.get("FinalPayDate") or "") or None)


def _amount(payment: Values) -> Decimal:
    offs = payment.get("WriteOffs")
    more = offs if isinstance(offs, list) else []
    return sum((Decimal(str(off.get("Amount") or 0)) for off in more), Decimal(str(payment.get("Amount") or 0)))
