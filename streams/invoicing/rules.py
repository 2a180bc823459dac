"""What is to be done about a sale on account: one function for each rule, named for it. Pure.

What must be true of a receipt before it is invoiced stands in ``admission``; the ``RULES`` at the end say in which
order. Why a voucher stands beside each invoice says ``booking``.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Final, Self

from infra.plugin import States, Terms
from schemas import ids
from schemas.audit import AuditRecord
from schemas.base import Message
from schemas.characters import sanitise
from schemas.commands import PostVoucher
from schemas.flows import Held, another_company, not_done, step_of
from schemas.invoices import CreateInvoice, InvoiceRequested, identifies
from schemas.money import ZERO
from schemas.settings import DaySalesSettings, InvoicingSettings
from schemas.words import Text
from streams.invoicing import admission, booking, returning, words
from streams.invoicing.admission import Receipt
from streams.invoicing.learn import CUSTOMER_MISSING, RETURNS
from streams.invoicing.returning import Back, Sale
from streams.invoicing.state import Awaited, Document, State
from streams.invoicing.verdict import (
    ANOTHER,
    ANYWAY,
    CREATE,
    CREDIT,
    CREDITED,
    DISCARD,
    KEEP,
    OWN,
    RETRY,
    REVERSED,
    RIGHT,
    WITHOUT,
    Credit,
    Find,
    Invoice,
    Move,
    MoveBack,
    Settled,
    Verdict,
)

_NOT_CHOSEN: Final = (InvoicingSettings(), DaySalesSettings(series="A"))
"""Of a company without settings; read by no rule: a_company_without_settings_waits comes before."""
_SETTLES: Final = frozenset({KEEP.answer, DISCARD.answer})
_TAKES_BACK: Final = frozenset({"credit", "move-back"})
_TRIES: Final = 3
"""Documents of one content that a customer who is missing may stop, until a person is asked."""
_WHAT: Final = {
    "customer": words.THE_CUSTOMER,
    "credit": words.THE_CREDIT_NOTE,
    "move": words.THE_MOVE,
    "move-back": words.THE_MOVE_BACK,
}


@dataclass(frozen=True)
class Case(Receipt):
    """A receipt, and all that is known.

    Attributes:
        key: of the receipt.
        state: what has become of it so far.
        message: what is decided on.
        refused: the awaited order that the message says was not carried out.
        configured: False when the company has no settings for this.
        own_number: the organisation number of these books, as far as is known.
        suspects: the receipts that this may be, by their keys.
        sales: of a return, what stands for the receipts that it may be of.
        before: of a return, what others brought back of them.
        too_many: more returns name the number that it names than are measured.
        gone: what came back of this receipt; nothing where that may be of another one of its number.
        is_akin: it is another receipt that the message is about, and this return waited for it.
    """

    key: str
    state: State
    message: Message
    refused: Awaited | None
    configured: bool
    own_number: str | None
    suspects: Mapping[str, State]
    sales: tuple[Sale, ...]
    before: tuple[Back, ...]
    gone: tuple[Back, ...]
    too_many: bool
    is_akin: bool = False

    @classmethod
    def of(cls, key: str, receipt: InvoiceRequested, states: States, terms: Terms, message: Message) -> Self:
        """Return what is known of a receipt, whose state and those that it has to do with are among ``states``."""
        invoicing, accounts = terms.settings.invoicing, terms.settings.daysales
        state, counters = states[key], receipt.returned_counters
        others = returning.sales(key, receipt.counters, states)
        return cls(
            receipt=receipt,
            settings=invoicing or _NOT_CHOSEN[0],
            accounts=accounts or _NOT_CHOSEN[1],
            answers=state.answers,
            key=key,
            state=state,
            message=message,
            refused=None,
            configured=invoicing is not None and accounts is not None,
            own_number=terms.organisation_number,
            suspects={doubt: states[doubt] for doubt in state.doubts},
            sales=returning.sales(key, counters, states),
            before=returning.came_back(key, counters, states),
            gone=() if others else returning.came_back(key, receipt.counters, states),
            too_many=any(len(states[one].returns) > RETURNS for one in counters),
        )

    @property
    def customer(self) -> str | None:
        """The customer's number in Fortnox: as it was found, or as the till says and nobody has denied it."""
        return self.state.customer or (None if self.state.number_missing else self.receipt.customer_number)

    @property
    def can_be_found(self) -> bool:
        """Tell whether the customer can be looked for otherwise than by a number that is known to be missing."""
        return self.receipt.buyer is not None and identifies(self.receipt.buyer)

    @property
    def may_create(self) -> bool:
        """Tell whether the customer may be made in Fortnox."""
        wanted = self.settings.customers == "create" or CREATE.answer in self.state.answers
        return wanted and self.is_named

    @property
    def is_named(self) -> bool:
        """Tell whether the till says the customer's name, and anything to find that customer by."""
        buyer = self.receipt.buyer
        has_name = buyer is not None and bool(sanitise(buyer.name or ""))
        return has_name and (self.can_be_found or bool(self.receipt.customer_number))

    def booked_on(self, day: date) -> date:
        """Return the date of a voucher of a day: the day, or the first open one where that is locked, as was chosen."""
        opens_on, moves = self.state.opens_on, self.accounts.locked_period == "first_open_day"
        return max(day, opens_on) if moves and opens_on else day

    @property
    def is_kept(self) -> bool:
        """Tell whether a person has said of this content that the document that stands is to stay."""
        return KEEP.answer in self.state.answers

    @property
    def stands_for_newest(self) -> Document | None:
        """The document of the newest content, where it stands."""
        standing = self.state.standing
        return standing if standing and standing.revision == self.state.revision else None


# --- What did Fortnox say? ----------------------------------------------------------------------------------------


def a_refused_order_waits(case: Case) -> Held | None:
    """Hold what Fortnox refused until other settings make it another order, or a person says so."""
    record, refused = case.message, case.refused
    if refused is None or not isinstance(record, AuditRecord) or _may_find_another(record):
        return None
    if step_of(record) not in _TAKES_BACK and refused.revision != case.state.revision and not case.is_kept:
        return None  # newer content came meanwhile, and replaces what was refused
    if (
        isinstance(refused, PostVoucher)
        and record.locked_until
        and case.booked_on(refused.voucher_date) != refused.voucher_date
    ):
        return None  # it goes to the first open day, as the day's own voucher does
    is_order = isinstance(refused, CreateInvoice) and refused.document == "order"
    what = _WHAT.get(step_of(record), words.THE_ORDER if is_order else words.THE_INVOICE)()
    return not_done(
        record,
        words.ORDER_DISCARDED(what=what, why=record.said),
        words.NOT_TAKEN(what=what, why=record.said or record.code or words.NO_REASON()),
        RETRY,
    )


def _may_find_another(record: AuditRecord) -> bool:
    """Tell whether another customer may be found than the one whom Fortnox says it has not.

    Not without end: a list can show a customer whom no document is taken for. And a credit note has its invoice's.
    """
    step, _, number = record.step.partition("/")
    tries = int(number) if number.isdecimal() else 1
    return record.code == CUSTOMER_MISSING and (step == "customer" or (step == "create" and tries < _TRIES))


def a_receipt_invoiced_twice_waits(case: Case) -> Held | None:
    """Hold a receipt with two documents: a database that was restored makes them, and a person puts it right."""
    document, surplus = case.state.document, case.state.surplus
    if not surplus:
        return None
    if document is None:  # credited by hand; and then another one came out
        said = words.INVOICED_AFTER_ALL(surplus=surplus)
        return Held("invoiced_twice", said, surplus, (CREDITED,), can_be_given_up=False)
    return Held(
        "invoiced_twice",
        words.INVOICED_TWICE(document=document.named, surplus=surplus),
        (str(document), *surplus),
        (CREDITED,),
        can_be_given_up=False,
    )


def a_sale_moved_twice_waits(case: Case) -> Held | None:
    """Hold a receipt with a voucher too many beside its document, which a person reverses."""
    if not (surplus := tuple(map(str, case.state.surplus_vouchers))):
        return None
    return Held("booked_twice", words.BOOKED_TWICE(surplus=surplus), surplus, (REVERSED,), can_be_given_up=False)


def a_document_of_other_amounts_waits(case: Case) -> Held | None:
    """Hold a receipt whose document Fortnox made of other amounts: a stock, a discount or a kind of VAT does that.

    Else its sale would leave the day close, and stand nowhere in full; and what is credited so is not made anew.
    """
    document = case.state.document
    if document is None or document.otherwise is None:
        return None
    made = words.CREDIT_NOTE(number=document.credited_by) if document.credited_by else document.named
    return Held(
        "other_amounts",
        words.OTHER_AMOUNTS(document=made, why=document.otherwise.said),
        choices=(RIGHT,),
        can_be_given_up=False,
    )


def an_invoiced_receipt_needs_nothing_more(case: Case) -> Settled | None:
    """Settle the receipt: its newest content is invoiced, and out of the day close."""
    document = case.stands_for_newest
    done = document and (document.beside or not case.settings.in_day_close)
    return Settled() if done else None


def what_is_kept_leaves_the_day(case: Case) -> Move | Held | None:
    """Take a kept document's sale out of the day close, where newer content came before that was done.

    Nothing else will: its sale would stand in the day and on the invoice. A person can let that be, too.
    """
    standing, made_of = case.state.standing, case.state.invoiced
    if made_of is None or standing is None or standing.revision != ids.revision(made_of):
        return None
    is_done = standing.beside or standing.credited_by or not case.settings.in_day_close
    if is_done or case.answers.count(KEEP.answer) != 1:
        return None
    older = replace(case, receipt=made_of)
    waits = (rule(older) for rule in _HAS_ACCOUNTS)
    return next((held for held in waits if held), None) or Move(made_of)


def what_a_person_settled_stays_settled(case: Case) -> Settled | None:
    """Settle what a person kept or discarded, whatever the settings say; only newer content opens it again."""
    return Settled() if _SETTLES.intersection(case.state.answers) else None


# --- Is it ours, and a receipt of its own? ------------------------------------------------------------------------


def a_receipt_of_another_company_waits(case: Case) -> Held | None:
    """Hold what names another company than the one whose books these are: it is never invoiced on a guess."""
    return another_company(case.receipt.organisation_number, case.own_number, words.ANOTHER_COMPANY, RETRY)


def what_may_be_another_receipt_waits(case: Case) -> Held | None:
    """Hold a receipt number that came before on another day: a corrected date, or a till that was replaced."""
    known = tuple(words.KNOWN_AS(key=key, seen=_stands(state)) for key, state in case.suspects.items())
    if not known:
        return None
    return Held(
        "perhaps_the_same",
        words.PERHAPS_THE_SAME(known=known),
        known,
        (OWN,),
    )


def _stands(state: State) -> Text:
    if (receipt := state.receipt) is None:
        return words.NOT_SEEN()
    day, amount = receipt.invoice_date, booking.total(receipt)
    if state.document:
        return words.SEEN_INVOICED(day=day, amount=amount, document=state.document.named)
    return words.SEEN(day=day, amount=amount)


def a_company_without_settings_waits(case: Case) -> Held | None:
    """Hold what comes before the company has chosen how it invoices, so that it is not lost."""
    if case.configured:
        return None
    return Held("flow_not_configured", words.NOT_CONFIGURED())


# --- What is invoiced leaves the day ------------------------------------------------------------------------------


def an_invoiced_sale_leaves_the_day(case: Case) -> Move | None:
    """Take the sale out of the day close once there is an invoice, which books it: no sale is booked twice."""
    return Move() if case.stands_for_newest else None


# --- What stands in Fortnox already? ------------------------------------------------------------------------------


def a_document_that_is_not_known_is_credited_by_hand(case: Case) -> Held | None:
    """Hold an amendment whose old rows are not known for certain: what is not known cannot be credited."""
    standing = case.state.standing
    if not standing or (standing.order and (standing.beside is None or standing.beside.order)):
        return None
    return Held(
        "document_not_known",
        words.DOCUMENT_NOT_KNOWN(document=standing.named),
        choices=(CREDITED,),
    )


def an_invoiced_receipt_stays_invoiced(case: Case) -> Held | None:
    """Hold an amended receipt where the company chose so: a person decides whether the invoice changes."""
    standing = case.state.standing
    if not standing or standing.credited_by:
        return None
    if case.settings.amended == "credit" or CREDIT.answer in case.state.answers:
        return None
    return Held(
        "amended_after_invoicing",
        words.AMENDED(document=standing.named),
        choices=(CREDIT,),
    )


# --- For whom? ----------------------------------------------------------------------------------------------------


def a_return_names_its_sale(case: Case) -> Held | None:
    """Hold a return whose sale has no invoice here: a credit note names what it credits (ML 17:22)."""
    if case.total >= 0 or case.sales or WITHOUT.answer in case.state.answers:
        return None
    of = case.receipt.returned_receipt
    return Held(
        "sale_not_found",
        words.RETURN_OF(receipt=of) if of else words.RETURN_OF_NOTHING(),
        choices=(RETRY, WITHOUT),
    )


def a_return_is_within_its_sale(case: Case) -> Held | None:
    """Hold a return by which more comes back than was sold: sent twice under two numbers, or of another receipt."""
    sold = [sale.lines for sale in case.sales if sale.lines is not None]
    if not sold or len(sold) < len(case.sales) or ANYWAY.answer in case.state.answers:
        return None  # what was sold is not known, and nothing is held for that
    own = returning.lines_of(case.receipt)
    lines = returning.too_much(own, sold=sold, before=tuple(back.lines for back in case.before), now=(own,))
    if not lines:
        return _too_many(case)
    before = tuple(back.named for back in case.before) or (words.NOTHING_BEFORE(),)
    said = words.TOO_MUCH_BACK(receipt=case.receipt.returned_receipt or "", lines=lines, before=before)
    return Held("returned_too_much", said, lines, (ANYWAY,))


def _too_many(case: Case) -> Held | None:
    """Hold a return that is measured against others of which not all are remembered: a person adds them up."""
    if not case.too_many or all(line.amount >= 0 for line in returning.lines_of(case.receipt)):
        return None
    said = words.TOO_MANY_RETURNS(receipt=case.receipt.returned_receipt or "", known=str(RETURNS))
    return Held("returned_too_much", said, choices=(ANYWAY,))


def an_amended_sale_covers_its_returns(case: Case) -> Held | None:
    """Hold newer content of an invoiced sale of which more came back than it sells: the return may be told twice."""
    if returning.stands(case.state) is None or ANYWAY.answer in case.state.answers:
        return None
    own = returning.lines_of(case.receipt)
    lines = returning.too_much(own, sold=(own,), now=tuple(back.lines for back in case.gone))
    if not lines:
        return None
    said = words.SOLD_TOO_LITTLE(lines=lines, before=tuple(back.named for back in case.gone))
    return Held("returned_too_much", said, lines, (ANYWAY,))


def a_return_is_by_the_customer_of_its_sale(case: Case) -> Held | None:
    """Hold a return by another customer than the one whom the sale was invoiced to: who owes less must have owed."""
    sold_to = [sale.customer for sale in case.sales]
    is_known = bool(sold_to) and None not in sold_to and case.customer is not None
    if case.total >= 0 or not is_known or case.customer in sold_to or ANOTHER.answer in case.state.answers:
        return None
    of, (sale, *_) = case.receipt.returned_receipt or "", case.sales
    said = words.SOLD_TO_ANOTHER(
        receipt=of, document=sale.document.named, sold=sale.customer or "", back=case.customer or ""
    )
    return Held("returned_by_another", said, choices=(ANOTHER,))


def a_buyer_who_is_not_named_waits(case: Case) -> Held | None:
    """Hold a sale to somebody who cannot be found: nobody is found by a name alone."""
    if not case.total or case.receipt.customer_number or case.can_be_found:
        return None
    is_wrong = case.receipt.buyer is not None and case.receipt.buyer.personal_number is not None
    return Held("customer_not_named", (words.WRONG_NUMBER if is_wrong else words.NOT_NAMED)())


def a_missing_customer_waits(case: Case) -> Held | None:
    """Hold a sale to a customer who is not in Fortnox, unless the customer is to be made there."""
    state = case.state
    is_missing = state.missing or (state.number_missing and not case.can_be_found)
    if not case.total or not is_missing or case.may_create:
        return None
    choices = (RETRY, CREATE) if case.is_named else (RETRY,)
    if number := case.receipt.customer_number:
        said = words.NO_SUCH_NUMBER_OR_CREATE if case.is_named else words.NO_SUCH_NUMBER
        return Held(CUSTOMER_MISSING, said(number=number), choices=choices)
    said = words.NONE_FITS_OR_CREATE if case.is_named else words.NONE_FITS
    return Held(CUSTOMER_MISSING, said(), choices=choices)


def the_customer_is_found_first(case: Case) -> Find | None:
    """Look for the customer by number, organisation number, personal number or e-mail, and make one where chosen."""
    return None if case.customer or not case.total else Find(create=case.may_create)


# --- Take back, and invoice ---------------------------------------------------------------------------------------


def an_amended_invoice_is_credited_in_full(case: Case) -> Credit | None:
    """Credit the document of the older content; the newest is invoiced after that. Nothing is ever edited."""
    standing = case.state.standing
    return Credit() if standing and not standing.credited_by else None


def a_credited_sale_goes_back_into_the_day(case: Case) -> MoveBack | None:
    """Reverse the voucher beside a credited document, so that the day's voucher stands as the till closed it.

    Whatever newer content has to wait for: else its sale would stand nowhere meanwhile, and for ever if that is kept.
    """
    standing = case.state.standing
    is_known = standing and standing.beside and standing.beside.order
    return MoveBack() if standing and standing.credited_by and is_known else None


def an_exchange_that_no_day_close_has_waits(case: Case) -> Held | None:
    """Hold an exchange that comes to zero at other rates or of other groups, where no day close has it either.

    Nobody owes anything, and there is no invoice to book; its sales and VAT would stand nowhere.
    """
    tip = booking.Sold(booking.TIP, ZERO, case.receipt.tip, ZERO)
    lines = [line for line in (*booking.sold(case.receipt), tip) if line.net or line.vat]
    if case.total or not lines or case.settings.in_day_close:
        return None
    sums = tuple(words.SOLD_OF(group=str(line), net=line.net, vat=line.vat) for line in lines)
    return Held("exchange_not_booked", words.EXCHANGE_NOT_BOOKED(lines=sums), sums)


def a_receipt_of_nothing_needs_no_invoice(case: Case) -> Settled | None:
    """Put a receipt whose rows come to nothing on record: nobody owes anything."""
    return None if case.total else Settled(words.NOTHING_TO_INVOICE())


def a_sale_on_account_is_invoiced(case: Case) -> Invoice:
    """Invoice what every rule let through; a return is a credit note that names the invoice that it is about."""
    named = case.sales[0].document.number if case.total < 0 and len(case.sales) == 1 else ""
    return Invoice(case.customer or "", named)


_HAS_ACCOUNTS: Final = (
    admission.the_amounts_fit_in_a_voucher,
    admission.every_rate_is_known_on_the_day,
    admission.every_row_has_a_sales_account,
    admission.tip_and_rounding_have_accounts,
    admission.the_clearing_account_is_chosen,
)
"""Has all of it an account? The invoice and the voucher beside it need the same."""
OF_ITS_SALE: Final = frozenset(
    rule.__name__
    for rule in (a_return_names_its_sale, a_return_is_within_its_sale, a_return_is_by_the_customer_of_its_sale)
)
"""Where a return waits by these, it is looked at again when its sale, or another return of that, is otherwise."""
Rule = Callable[[Case], Verdict | None]
RULES: Final[tuple[Rule, ...]] = (
    # What did Fortnox say, and is there anything to decide?
    a_refused_order_waits,
    a_receipt_invoiced_twice_waits,
    a_sale_moved_twice_waits,
    a_document_of_other_amounts_waits,
    an_invoiced_receipt_needs_nothing_more,
    what_is_kept_leaves_the_day,
    what_a_person_settled_stays_settled,
    a_credited_sale_goes_back_into_the_day,
    # Is it ours, and a receipt of its own?
    a_receipt_of_another_company_waits,
    what_may_be_another_receipt_waits,
    a_company_without_settings_waits,
    *_HAS_ACCOUNTS,
    an_invoiced_sale_leaves_the_day,
    # May it be invoiced?
    admission.what_is_not_to_be_synced_waits,
    admission.a_receipt_before_the_start_is_held,
    admission.every_group_has_its_rate_of_the_day,
    admission.the_rows_come_to_the_total,
    admission.a_tip_is_invoiced_where_allowed,
    a_document_that_is_not_known_is_credited_by_hand,
    an_invoiced_receipt_stays_invoiced,
    # For whom?
    a_return_names_its_sale,
    a_return_is_within_its_sale,
    an_amended_sale_covers_its_returns,
    a_buyer_who_is_not_named_waits,
    a_missing_customer_waits,
    the_customer_is_found_first,
    a_return_is_by_the_customer_of_its_sale,
    # What stands in Fortnox is credited. (After the above: nothing is credited for a receipt that has to wait.)
    an_amended_invoice_is_credited_in_full,
    # Invoice it.
    an_exchange_that_no_day_close_has_waits,
    a_receipt_of_nothing_needs_no_invoice,
    a_sale_on_account_is_invoiced,
)
"""The first that says something decides; its name is in the order."""


def judge(case: Case) -> tuple[str, Verdict]:
    """Return the name of the rule that decides, and what it says."""
    found = ((rule.__name__, rule(case)) for rule in RULES)
    return next((name, verdict) for name, verdict in found if verdict is not None)
