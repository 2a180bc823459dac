"""The orders that come of what a rule says about a sale on account: their identity and their words. Pure.

The same state, message and settings give the same orders with the same ids.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from schemas import mapping
from schemas.base import Message
from schemas.commands import HoldForReview, Order, PostVoucher, spoken
from schemas.events import ChecksPassed, ReviewAnswered
from schemas.flows import Held, Writer, because_answered, ended
from schemas.invoices import Buyer, CreateInvoice, FindCustomer, InvoiceRequested
from schemas.settings import SettingsApplied
from schemas.words import Phrase, Text, named
from streams.invoicing import booking, words
from streams.invoicing.admission import LARGEST
from streams.invoicing.rules import Case, a_refused_order_waits
from streams.invoicing.state import Awaited, State
from streams.invoicing.verdict import (
    DISCARD,
    KEEP,
    NAME,
    RETRY,
    Credit,
    Find,
    Invoice,
    Move,
    MoveBack,
    Settled,
    Verdict,
)

LATE: Final = "what_comes_late_undoes_nothing"
"""Named where older content of a receipt goes on record; no rule looks at it."""
_LONGEST_DESCRIPTION: Final = 180
_SAYS_NOTHING: Final = {"step", "rule", "settings_version", "replaces", "insists", "revision"}
"""Fields of an order that say nothing about what it does."""


def orders(case: Case, rule: str, verdict: Verdict, *, tenant: str, version: int) -> tuple[Order, ...]:
    """Return the orders that bring about what a rule says; an open hold is closed first.

    Other settings under which a receipt waits as before, or would be refused as before, ask for nothing.
    """
    message, hold = case.message, case.state.hold
    writer = _Writer(case.key, tenant, rule, version, case.state, case.receipt)
    given = _given(case, verdict, writer)
    if isinstance(message, SettingsApplied) and hold and _changes_nothing(case.state, hold, given):
        return ()
    if case.is_akin and hold and isinstance(verdict, Held) and verdict.reason == hold.reason:
        return ()  # it waits on, whatever else came back meanwhile
    how = "booked" if case.is_akin else ended(message, InvoiceRequested)
    why = words.SALE_IS_OTHERWISE() if case.is_akin else _because(message)
    closed = (writer.close(hold, how, _why(why, verdict)),) if hold else ()
    return (*closed, *given)


def _given(case: Case, verdict: Verdict, writer: "_Writer") -> tuple[Order, ...]:  # noqa: PLR0911 - one for each
    match verdict:
        case Held():
            return (writer.hold(verdict),)
        case Find():
            return (writer.find(create=verdict.create),)
        case Invoice():
            return (writer.invoice(case, verdict),)
        case Credit():
            return writer.credit()
        case Move():
            return writer.move(case, verdict.of or case.receipt)
        case MoveBack():
            return writer.move_back(case)
        case Settled(message=why):
            return writer.on_record("nothing_to_invoice", why, "nothing_to_book") if why else ()


def older_content(key: str, state: State, told: InvoiceRequested, *, tenant: str, version: int) -> tuple[Order, ...]:
    """Return what puts older content of a receipt on record: it was accepted, and changes nothing."""
    if state.receipt is None:
        return ()
    why = words.OLDER_CONTENT(amendment=told.amendment, newer=state.receipt.amendment)
    return _Writer(key, tenant, LATE, version, state, told).on_record("older_content", why, "superseded")


def was_refused(state: State) -> bool:
    """Tell whether a receipt waits because Fortnox refused an order."""
    return state.hold is not None and state.hold.rule == a_refused_order_waits.__name__


def _changes_nothing(state: State, hold: HoldForReview, given: tuple[Order, ...]) -> bool:
    """Tell whether what is to be done now is what waits already, or what Fortnox has refused."""
    refused = state.rejected.order if was_refused(state) and state.rejected else None
    match given:
        case (HoldForReview() as again,):
            return again.said == hold.said
        case (FindCustomer() | CreateInvoice() | PostVoucher() as order,):
            return refused is not None and _does(order) == _does(refused)
    return False


def _does(order: Awaited) -> tuple[type, dict[str, Any]]:
    return type(order), order.model_dump(exclude=_SAYS_NOTHING)


def _insists(message: Message) -> bool:
    """Tell whether a person says that what was refused will be taken now."""
    return isinstance(message, ReviewAnswered) and message.answer == RETRY.answer


@dataclass(frozen=True, slots=True)
class _Writer(Writer):
    """Writes the orders of one receipt."""

    FLOW = NAME

    state: State
    receipt: InvoiceRequested

    def _next(self, step: str, revision: str) -> Mapping[str, Any]:
        """Return the origin of an order of a step: the first of ``create``, ``create/2``, ... with no known outcome."""
        rejected, free = self.state.rejected, self.free(step, revision, self.state.done)
        return {**self.origin(revision, free), "replaces": rejected.order_id if rejected else None}

    def find(self, *, create: bool) -> FindCustomer:
        """Return the order that finds the customer."""
        receipt = self.receipt
        return FindCustomer(
            **self._next("customer", self.state.revision),
            customer_number=receipt.customer_number,
            buyer=receipt.buyer or Buyer(),
            create=create,
        )

    def invoice(self, case: Case, verdict: Invoice) -> CreateInvoice:
        """Return the order that makes the invoice, the credit note of a return, or the order."""
        receipt, settings = self.receipt, case.settings
        remark = _receipt_of(receipt)
        if verdict.credits:
            kind = "order" if case.sales[0].document.kind == "order" else "faktura"
            remark = f"Kreditering av {kind} {verdict.credits}. {remark}"
        return CreateInvoice(
            **self._next("create", self.state.revision),
            document="order" if settings.order_instead_of_invoice else "invoice",
            customer_number=verdict.customer,
            invoice_date=receipt.invoice_date,
            rows=booking.document_rows(receipt, case.accounts, articles=settings.articles),
            cost_centre=mapping.cost_centre(case.accounts, receipt.store, receipt.invoice_date),
            vat_included=receipt.vat_included,
            receipt=f"{receipt.register_id} {receipt.receipt_number}"[:80],
            remark=remark,
        )

    def credit(self) -> tuple[Order, ...]:
        """Return the order that credits the standing document in full."""
        document = self.state.document
        if document is None or document.order is None:
            return ()
        made, what = document.order, "faktura" if document.kind == "invoice" else "order"
        said = made.model_dump(include={"document", "customer_number", "invoice_date", "cost_centre", "vat_included"})
        credit = CreateInvoice(
            **self._next("credit", document.revision),  # a document is credited once, however many amendments ask
            **said,
            rows=booking.credited(made.rows),
            receipt=made.receipt,
            remark=f"Kreditering av {what} {document.number}. {made.remark}"[:500],
        )
        return (credit,)

    def move(self, case: Case, receipt: InvoiceRequested) -> tuple[Order, ...]:
        """Return the voucher that takes the sale out of the day close."""
        document = self.state.document
        if document is None:
            return ()
        what = "order" if document.kind == "order" else "faktura"
        return (
            PostVoucher(
                **self._next("move", document.revision),
                purpose="book",
                series=case.settings.series or case.accounts.series,
                **_dated(
                    case,
                    receipt.invoice_date,
                    f"{_receipt_of(receipt)}: från dagsavslut till {what} {document.number}",
                ),
                rows=booking.moving_rows(receipt, case.accounts, case.settings.method),
                insists=_insists(case.message),
            ),
        )

    def move_back(self, case: Case) -> tuple[Order, ...]:
        """Return the voucher that takes back the one beside a credited document."""
        document = self.state.document
        if document is None or document.beside is None or document.beside.order is None:
            return ()
        voucher, moved = document.beside.voucher, document.beside.order
        return (
            PostVoucher(
                **self._next("move-back", document.revision),
                purpose="reverse",
                series=moved.series,
                **_dated(case, moved.voucher_date, f"Återföring av {voucher}: {moved.description}"),
                rows=tuple(row.swapped for row in moved.rows),
                relates_to=(voucher,),
                takes_back=moved.id_in(self.tenant),
                insists=_insists(case.message),
            ),
        )

    def hold(self, held: Held, step: str = "hold") -> HoldForReview:
        """Return the order that holds the receipt, and asks what can be answered."""
        amount, standing = booking.total(self.receipt), self.state.standing
        kept = KEEP if standing and not standing.credited_by else DISCARD  # a credited document is nothing to keep
        giving_up = (kept,) if held.can_be_given_up else ()
        return HoldForReview(
            **self.origin(self.state.revision, f"{step}/{self.state.holds + 1}"),
            reason=held.reason,
            who=held.who,
            **spoken(self.about(held.message), held.lines),
            choices=(*held.choices, *giving_up),
            business_date=self.receipt.invoice_date,
            amount=amount if abs(amount) < LARGEST else None,
        )

    def about(self, said: Text) -> Text:
        """Return what is said of the receipt, with which it is."""
        receipt = self.receipt
        return (words.OF_A_RECEIPT if receipt.store else words.OF_A_RECEIPT_NOWHERE)(
            **({"store": receipt.store} if receipt.store else {}),
            register=receipt.register_id,
            receipt=receipt.receipt_number,
            day=receipt.invoice_date,
            amount=booking.total(receipt),
            said=said,
        )


def _dated(case: Case, day: date, description: str) -> Mapping[str, Any]:
    """Return a voucher's date and its text, which names the day that it is about where that is another one."""
    on = case.booked_on(day)
    said = description if on == day else f"Avser {day}: {description}"
    return {"voucher_date": on, "description": said[:_LONGEST_DESCRIPTION]}


def _receipt_of(receipt: InvoiceRequested) -> str:
    """Return a receipt as the customer reads it."""
    return f"Kvitto {receipt.receipt_number}, kassa {receipt.register_id}, {receipt.invoice_date}"


_THEN: Final[Mapping[type, Phrase]] = {
    Find: words.IS_LOOKED_FOR,
    Invoice: words.IS_INVOICED,
    Credit: words.IS_CREDITED,
    MoveBack: words.IS_TAKEN_BACK,
    Move: words.LEAVES_THE_DAY,
    Settled: words.NOTHING_MORE,
}


def _why(because: Text, verdict: Verdict) -> Text:
    if isinstance(verdict, Held):
        then = words.WAITS_AS(reason=named(NAME, "reason", verdict.reason))
    else:
        then = _THEN[type(verdict)]()
    return words.ENDED(why=because, then=then)


def _because(message: Message) -> Text:
    match message:
        case SettingsApplied(version=version):
            return words.NEW_SETTINGS(version=version)
        case ChecksPassed():
            return words.CHECK_IS_GREEN()
        case ReviewAnswered():
            return because_answered(message, words.ANSWERED, words.GIVEN_UP)
        case InvoiceRequested():
            return words.NEWER_CONTENT()
    return words.FORTNOX_ANSWERED()
