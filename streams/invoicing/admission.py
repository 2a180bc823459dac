"""What must be true of a sale on account before it is invoiced: one function for each rule, named for it. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from schemas import mapping
from schemas.commands import Choice
from schemas.flows import Held
from schemas.invoices import InvoiceRequested
from schemas.money import ZERO, rate_text
from schemas.settings import DaySalesSettings, InvoicingSettings
from schemas.words import Phrase, Text
from streams.invoicing import booking, words
from streams.invoicing.verdict import ALLOW_TIP, ROUND

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
    return Held("amount_too_large", words.TOO_LARGE())


def every_rate_is_known_on_the_day(case: Receipt) -> Held | None:
    """Hold a VAT rate that the settings do not have on the receipt's date; a rate is never guessed."""
    on = case.receipt.invoice_date
    rates = dict.fromkeys(row.vat_rate for row in case.receipt.rows)
    unknown = tuple(_rate(r) for r in rates if mapping.vat_account(case.accounts, r, on) is None)
    if not unknown:
        return None
    return Held("unknown_vat_rate", words.UNKNOWN_RATE(rates=unknown, day=on), unknown)


def every_row_has_a_sales_account(case: Receipt) -> Held | None:
    """Hold rows without a sales account on the day, by their product group or their VAT rate."""
    lines = booking.sold(case.receipt)
    missing = [str(line) for line in lines if booking.sales_account(case.accounts, line, case.receipt) is None]
    return _unmapped(case, "unmapped_group", words.NO_SALES_ACCOUNT, missing)


def tip_and_rounding_have_accounts(case: Receipt) -> Held | None:
    """Hold a tip, or a difference that goes to rounding, without an account on the day."""
    needed = [booking.TIPS] * bool(case.receipt.tip) + [booking.ROUNDING] * bool(case.difference)
    missing = [c for c in needed if booking.category_account(case.accounts, c, case.receipt) is None]
    return _unmapped(case, "unmapped_category", words.NO_CATEGORY_ACCOUNT, missing)


def the_clearing_account_is_chosen(case: Receipt) -> Held | None:
    """Hold a receipt whose day close debits it to no known account: there would be nothing to settle it against."""
    method = case.settings.method
    if not case.settings.in_day_close or booking.clearing_account(case.accounts, method, case.receipt) is not None:
        return None
    return _unmapped(case, "unmapped_payment_method", words.NO_PAYMENT_ACCOUNT, (method,))


def what_is_not_to_be_synced_waits(case: Receipt) -> Held | None:
    """Hold what comes while the company has switched invoices off; it goes on when they are switched on."""
    if case.settings.sync_invoices:
        return None
    return Held("sync_is_off", words.SYNC_IS_OFF())


def a_receipt_before_the_start_is_held(case: Receipt) -> Held | None:
    """Hold receipts from before the company's start, of invoices or of day closes: they are handled elsewhere."""
    day_closes = case.accounts.start_date if case.settings.in_day_close else None
    start = max(filter(None, (case.settings.start_date, day_closes)), default=None)
    if start is None or case.receipt.invoice_date >= start:
        return None
    return Held("before_start", words.BEFORE_START(start=start))


def every_group_has_its_rate_of_the_day(case: Receipt) -> Held | None:
    """Hold a group sold at another rate than its own on the day; returns may carry a rate that it once had."""
    on, wrong = case.receipt.invoice_date, list[Text]()
    for line in booking.sold(case.receipt):
        allowed = mapping.allowed_rates(case.accounts, line.group or "", on, is_return=line.net < 0)
        if allowed and line.vat_rate not in allowed:
            right = [_rate(r) for r in sorted(allowed)]
            wrong.append(words.SOLD_AT(group=str(line), amount=line.net + line.vat, day=on, rates=right))
    return Held("wrong_vat_rate", words.WRONG_RATE(day=on, lines=wrong), tuple(wrong)) if wrong else None


def the_rows_come_to_the_total(case: Receipt) -> Held | None:
    """Hold a receipt that states another total than its rows, their VAT and the tip come to."""
    more = case.difference
    if abs(more) <= _TOLERANCE or (ROUND in case.answers and abs(more) <= LARGEST_ROUNDING):
        return None
    return Held(
        "unbalanced",
        words.UNBALANCED(found=booking.found_total(case.receipt), stated=case.total),
        choices=(Choice.saying(ROUND, _rounded(case)),) if abs(more) <= LARGEST_ROUNDING else (),
    )


def _rounded(case: Receipt) -> Text:
    """Say what is invoiced where a person lets the difference go, and where the difference goes."""
    found = booking.found_total(case.receipt)
    if not case.settings.in_day_close:  # no voucher is made beside the invoice
        return words.ROWS_INVOICED(found=found, stated=case.total)
    account = booking.category_account(case.accounts, booking.ROUNDING, case.receipt)
    if account is None:
        return words.ROUND()
    return words.ROUNDED_TO(found=found, stated=case.total, amount=case.difference, account=str(account))


def a_tip_is_invoiced_where_allowed(case: Receipt) -> Held | None:
    """Hold a receipt with a tip where the company does not put tips on invoices."""
    if not case.receipt.tip or case.settings.allow_tip_on_invoice or ALLOW_TIP.answer in case.answers:
        return None
    return Held(
        "tip_not_allowed",
        words.TIP_NOT_ALLOWED(tip=case.receipt.tip),
        choices=(ALLOW_TIP,),
    )


def _rate(rate: Decimal) -> Text:
    return words.A_RATE(rate=rate_text(rate))


def _unmapped(case: Receipt, reason: str, said: Phrase, keys: Iterable[str]) -> Held | None:
    missing = tuple(dict.fromkeys(keys))
    return Held(reason, said(day=case.receipt.invoice_date, names=missing), missing) if missing else None
