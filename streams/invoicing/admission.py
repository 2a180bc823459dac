"""What must be true of a sale on account before it is invoiced: one function for each rule, named for it. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from schemas import mapping
from schemas.invoices import InvoiceRequested
from schemas.money import ZERO, rate_text, text
from schemas.settings import DaySalesSettings, InvoicingSettings
from streams.invoicing import booking
from streams.invoicing.verdict import ALLOW_TIP, ROUND, Held

LARGEST_ROUNDING: Final = Decimal("10.00")
"""What a person may let go as rounding, as of a day's takings."""
_TOLERANCE: Final = Decimal("0.05")
"""Tills round each row, or each rate: more than this is no rounding."""
LARGEST: Final = Decimal(10) ** 10
"""Of an invoice's sum (as recorded of Fortnox)."""


@dataclass(frozen=True)
class Receipt:
    """A sale on account, read with a company's settings. ``answers``: what a person has said of this content."""

    receipt: InvoiceRequested
    settings: InvoicingSettings
    accounts: DaySalesSettings
    answers: tuple[str, ...]

    @property
    def total(self) -> Decimal:
        """What was sold on account, with VAT and tip."""
        return booking.total(self.receipt)

    @property
    def difference(self) -> Decimal:
        """How much more the receipt states than its rows and tip come to."""
        return booking.difference(self.receipt)


def the_amounts_fit_in_a_voucher(case: Receipt) -> Held | None:
    """Hold amounts that are more than an invoice can take."""
    rows = (abs(row.quantity * row.price) + abs(row.discount or ZERO) for row in case.receipt.rows)
    if sum(rows, abs(case.receipt.tip) + abs(case.receipt.total or ZERO)) < LARGEST:
        return None
    return Held("amount_too_large", "The amounts are larger than an invoice takes. Correct the receipt in the till.")


def every_rate_is_known_on_the_day(case: Receipt) -> Held | None:
    """Hold a VAT rate that the settings do not have on the receipt's date; a rate is never guessed."""
    on = case.receipt.invoice_date
    rates = dict.fromkeys(row.vat_rate for row in case.receipt.rows)
    unknown = tuple(f"{rate_text(r)} %" for r in rates if mapping.vat_account(case.accounts, r, on) is None)
    if not unknown:
        return None
    return Held(
        "unknown_vat_rate",
        f"The settings have no VAT account for {_listed(unknown)} on {on}. "
        "Add the rate to daysales.vat, with its dates; or let the till correct its receipt.",
        unknown,
    )


def every_row_has_a_sales_account(case: Receipt) -> Held | None:
    """Hold rows without a sales account on the day, by their product group or their VAT rate."""
    lines = booking.sold(case.receipt)
    missing = [str(line) for line in lines if booking.sales_account(case.accounts, line, case.receipt) is None]
    return _unmapped(case, ("group", "what was sold", "sales"), missing)


def tip_and_rounding_have_accounts(case: Receipt) -> Held | None:
    """Hold a tip, or a difference that goes to rounding, without an account on the day."""
    needed = [booking.TIPS] * bool(case.receipt.tip) + [booking.ROUNDING] * bool(case.difference)
    missing = [c for c in needed if booking.category_account(case.accounts, c, case.receipt) is None]
    return _unmapped(case, ("category", "category", "others"), missing)


def the_clearing_account_is_chosen(case: Receipt) -> Held | None:
    """Hold a receipt whose day close debits it to no known account: there would be nothing to settle it against."""
    method = case.settings.method
    if not case.settings.in_day_close or booking.clearing_account(case.accounts, method, case.receipt) is not None:
        return None
    return _unmapped(case, ("payment_method", "means of payment", "payments"), (method,))


def what_is_not_to_be_synced_waits(case: Receipt) -> Held | None:
    """Hold what comes while the company has switched invoices off; it goes on when they are switched on."""
    if case.settings.sync_invoices:
        return None
    return Held(
        "sync_is_off",
        "Invoices are switched off. The receipt goes on by itself when sync_invoices is on in the settings again.",
    )


def a_receipt_before_the_start_is_held(case: Receipt) -> Held | None:
    """Hold receipts from before the company's start, of invoices or of day closes: they are handled elsewhere."""
    day_closes = case.accounts.start_date if case.settings.in_day_close else None
    start = max(filter(None, (case.settings.start_date, day_closes)), default=None)
    if start is None or case.receipt.invoice_date >= start:
        return None
    return Held(
        "before_start",
        f"The receipt is from before {start}, when bokbuss starts for this company. "
        "If it is to be invoiced here, set an earlier start_date; else discard it.",
    )


def every_group_has_its_rate_of_the_day(case: Receipt) -> Held | None:
    """Hold a group sold at another rate than its own on the day; returns may carry a rate that it once had."""
    on, wrong = case.receipt.invoice_date, list[str]()
    for line in booking.sold(case.receipt):
        allowed = mapping.allowed_rates(case.accounts, line.group or "", on, is_return=line.net < 0)
        if allowed and line.vat_rate not in allowed:
            right = " or ".join(f"{rate_text(r)} %" for r in sorted(allowed))
            wrong.append(f"{line}, {text(line.net + line.vat)} with VAT: {on} it is {right}")
    if not wrong:
        return None
    return Held(
        "wrong_vat_rate",
        f"A group was sold at another VAT rate than the settings allow on {on}: {_listed(wrong)}. "
        "Correct the rate in the till and send the receipt again, or correct daysales.group_rates in the settings.",
        tuple(wrong),
    )


def the_rows_come_to_the_total(case: Receipt) -> Held | None:
    """Hold a receipt that states another total than its rows, their VAT and the tip come to."""
    more = case.difference
    if abs(more) <= _TOLERANCE or (ROUND.answer in case.answers and abs(more) <= LARGEST_ROUNDING):
        return None
    return Held(
        "unbalanced",
        f"The rows with VAT and the tip come to {text(booking.found_total(case.receipt))}; the receipt states "
        f"{text(case.total)}. Correct it in the till and send it again.",
        choices=(ROUND,) if abs(more) <= LARGEST_ROUNDING else (),
    )


def a_tip_is_invoiced_where_allowed(case: Receipt) -> Held | None:
    """Hold a receipt with a tip where the company does not put tips on invoices."""
    if not case.receipt.tip or case.settings.allow_tip_on_invoice or ALLOW_TIP.answer in case.answers:
        return None
    return Held(
        "tip_not_allowed",
        f"The receipt has a tip of {text(case.receipt.tip)}, and tips are not allowed on invoices. Answer allow_tip to "
        "let this one pass, or set allow_tip_on_invoice.",
        choices=(ALLOW_TIP,),
    )


def _listed(names: Iterable[str]) -> str:
    return "; ".join(names)


def _unmapped(case: Receipt, what: tuple[str, str, str], keys: Iterable[str]) -> Held | None:
    missing = tuple(dict.fromkeys(keys))
    if not missing:
        return None
    code, words, section = what
    return Held(
        f"unmapped_{code}",
        f"No account on {case.receipt.invoice_date} for {words}: {_listed(missing)}. "
        f"Add it to daysales.{section} in the settings; the receipt then goes on by itself.",
        missing,
    )
