"""What a receipt would come to under other settings, were it invoiced now for the first time. Pure.

An invoice counts as what it comes to once it is booked in Fortnox, and an order once it is invoiced there: what its
rows credit, and what its customer owes. The voucher beside it is counted with it.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from decimal import Decimal
from itertools import chain
from typing import Final

from infra.plugin import Outcome, States, Terms
from schemas import mapping
from schemas.flows import Held
from schemas.invoices import InvoiceRequested
from schemas.money import summed
from schemas.settings import SettingsApplied, TenantSettings
from streams.invoicing import booking, returning, words
from streams.invoicing.learn import counted
from streams.invoicing.returning import Back, Sale
from streams.invoicing.rules import Case, judge
from streams.invoicing.state import Document, State
from streams.invoicing.verdict import Find, Invoice, Verdict

PERIOD_LOCKED: Final = "period_locked"
_AS_IF_NEW: Final[Mapping[str, tuple[()] | None]] = {"document": None, "surplus": (), "awaits": None, "rejected": None}
_ASKED: Final = SettingsApplied(tenant="tried", version=1, applied_by="trial", settings=TenantSettings())


def akin(state: State) -> tuple[str, ...]:
    """Return the receipts that this one may be, and what a return is of: its number's receipts, and their returns."""
    returned = state.receipt.returned_counters if state.receipt else ()
    return (*state.doubts, *state.receipts, *state.returns, *returned)


def trial(key: str, states: States, terms: Terms) -> Outcome | None:
    """Return what a receipt's newest content comes to; None where a key has none of its own.

    A customer who is not known yet counts as found.
    """
    if (found := _as_if_new(key, states, terms)) is None:
        return None
    case, verdict = found
    state: State = states[key]
    day, made = case.receipt.invoice_date, state.standing is not None
    match verdict:
        case Held(reason=reason):
            return Outcome(day, made, {}, reason)
        case Find() | Invoice():
            return _invoiced(case, state)
        case _:
            return Outcome(day, made, {})


def _as_if_new(key: str, states: States, terms: Terms) -> tuple[Case, Verdict] | None:
    """Return what the rules say of a receipt; what a person answered, and who the customer is, counts."""
    state: State = states[key]
    if state.receipt is None:
        return None
    sales = tuple(_sales(key, state.receipt, states, terms))
    return _judged(key, state.receipt, states, terms, sales, _before(key, state.receipt, states, terms, sales))


def _judged(
    key: str, receipt: InvoiceRequested, states: States, terms: Terms, sales: tuple[Sale, ...], before: tuple[Back, ...]
) -> tuple[Case, Verdict]:
    as_if = {**states, key: states[key].model_copy(update=_AS_IF_NEW)}
    case = replace(Case.of(key, receipt, as_if, terms, _ASKED), sales=sales, before=before)
    return case, judge(case)[1]


def _sales(own: str, receipt: InvoiceRequested, states: States, terms: Terms) -> Iterator[Sale]:
    """Yield what would stand for the receipts that a return may be of."""
    for key in counted(states, receipt.returned_counters):
        sale: State = states[key]
        if key == own or sale.receipt is None:
            continue
        case, verdict = _judged(key, sale.receipt, states, terms, (), ())
        is_return = case.total < 0  # of a return of a return: as it stands
        stands = returning.stands(sale) is not None if is_return else isinstance(verdict, Find | Invoice)
        if stands:
            document = Document(kind="document", number="", revision=sale.revision, order=None)
            yield Sale(document, case.customer, returning.lines_of(sale.receipt))


def _before(
    own: str, receipt: InvoiceRequested, states: States, terms: Terms, sales: tuple[Sale, ...]
) -> tuple[Back, ...]:
    """Return what would have come back of them by others: what stands came first, and else as they came."""
    found: list[Back] = []
    returns = sorted(returning.returns(receipt.returned_counters, states), key=lambda one: not returning.stands(one[1]))
    keys = [key for key, _ in returns]
    for key in keys[: keys.index(own)] if own in keys else ():
        back = states[key].receipt
        if isinstance(_judged(key, back, states, terms, sales, tuple(found))[1], Find | Invoice):
            found.append(Back(words.COMES_BACK_BY(receipt=back.receipt_number), returning.lines_of(back)))
    return tuple(found)


def _invoiced(case: Case, state: State) -> Outcome:
    """Return what comes of a receipt that is invoiced: the document, and the voucher that takes it out of its day."""
    receipt, day = case.receipt, case.receipt.invoice_date
    document = "order" if case.settings.order_instead_of_invoice else "invoice"
    made, owed = state.standing is not None, booking.found_total(receipt)
    is_beside = state.standing is not None and state.standing.beside is not None
    opens_on = None if is_beside else state.opens_on
    if opens_on and day < opens_on and not made:  # Fortnox has refused the document itself
        return Outcome(day, made, {}, PERIOD_LOCKED)
    sold = summed(((day, account), amount) for account, amount in _credited(case))
    if not case.settings.in_day_close:
        return Outcome(day, made, sold, document=document, owed=owed)
    on = day if is_beside else case.booked_on(day)
    if opens_on and on < opens_on:
        return Outcome(day, made, sold, PERIOD_LOCKED, document=document, owed=owed)
    moved = booking.moving_rows(receipt, case.accounts, case.settings.method)
    rows = (((on, row.account), row.debit - row.credit) for row in moved)
    return Outcome(day, made, summed(chain(sold.items(), rows)), document=document, owed=owed)


def _credited(case: Case) -> Iterator[tuple[int, Decimal]]:
    """Yield account and amount of what a document's rows credit, and their VAT; a credit is below zero."""
    receipt, accounts = case.receipt, case.accounts
    for line in booking.sold(receipt):
        vat = mapping.vat_account(accounts, line.vat_rate, receipt.invoice_date)
        for account, amount in (
            (booking.sales_account(accounts, line, receipt), line.net),
            (vat.account if vat else None, line.vat),
        ):
            if account is not None:
                yield account, -amount
    if receipt.tip and (tips := booking.category_account(accounts, booking.TIPS, receipt)) is not None:
        yield tips, -receipt.tip
