"""What came back of a sale, and whether that is more than was sold. Pure.

Nothing is added up where it would have to be taken off again: each receipt's own state says what stands for it, and a
counter's says which receipts are returns of its number. So a return that is amended, discarded, refused or credited
counts as what it is by now.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from schemas import ids
from schemas.invoices import InvoiceRequested, InvoiceRow
from schemas.money import ORE, ZERO, rate_text, summed
from schemas.words import Text
from streams.invoicing import booking, words
from streams.invoicing.learn import counted
from streams.invoicing.state import Awaited, Document, State

REFUSED: Final = "a_refused_order_waits"
"""The rule of a hold whose order was let through: what that brings back is taken until a person gives it up."""
_SPARE: Final = Decimal("0.05")
"""For each receipt that brings something back: tills round each row, or each rate."""


@dataclass(frozen=True, slots=True)
class Line:
    """A row as it is measured: what it is called, in small letters, and what it comes to with VAT."""

    good: str
    rate: Decimal
    amount: Decimal


Lines = tuple[Line, ...]
_Measured = tuple[()] | tuple[Decimal] | tuple[Decimal, str]
"""All of a receipt, a VAT rate of it, or a good at a rate."""


@dataclass(frozen=True, slots=True)
class Sale:
    """What stands for a receipt that a return may be of. ``customer``, ``lines``: None where they are not known."""

    document: Document
    customer: str | None
    lines: Lines | None


@dataclass(frozen=True, slots=True)
class Back:
    """What a return brought back, or is bringing back. ``named``: as people name it."""

    named: Text
    lines: Lines


def too_much(
    own: Lines, *, sold: Iterable[Lines], before: tuple[Lines, ...] = (), now: tuple[Lines, ...]
) -> tuple[Text, ...]:
    """Say in what more comes back than was sold; nothing where it does not. Rows are those of ``own``.

    Only that counts of which something comes back now. Goods that the sale does not name are measured by their rate: a
    till may call a return otherwise than what it sold.
    """
    of_sale, of_now, of_all = _summed(sold), _summed(now, -1), _summed((*before, *now), -1)
    spare, found = _SPARE * (len(before) + len(now)), list[Text]()
    for measured in of_now:
        sums = {"sold": of_sale.get(measured, ZERO).quantize(ORE), "back": of_all[measured].quantize(ORE)}
        if of_all[measured] <= of_sale.get(measured, ZERO) + spare:
            continue
        match measured:
            case ():
                found.append(words.BACK_IN_ALL(**sums))
            case (rate,):
                found.append(words.BACK_AT_A_RATE(rate=rate_text(rate), **sums))
            case (rate, good) if measured in of_sale:
                row = next(row for row, line in enumerate(own, 1) if (line.rate, line.good) == (rate, good))
                found.append(words.BACK_OF_A_ROW(row=row, **sums))
    return tuple(found)


def _summed(receipts: Iterable[Lines], sign: int = 1) -> Mapping[_Measured, Decimal]:
    """Add up what receipts sold, or (-1) brought back: an exchange does both, and so does a discount that is a row."""
    sums: list[tuple[_Measured, Decimal]] = []
    for lines in receipts:
        sums.append(((), sum((line.amount * sign for line in lines), ZERO)))
        for line in lines:
            sums += [((line.rate,), line.amount * sign), ((line.rate, line.good), line.amount * sign)]
    return summed((measured, amount) for measured, amount in sums if amount > 0)


def sales(own: str, counters: Iterable[str], states: Mapping[str, State]) -> tuple[Sale, ...]:
    """Return what stands for the other receipts of a number.

    What is credited is made anew first: a credit note that names it would name what nobody owes.
    """
    found: list[Sale] = []
    for key in counted(states, (counter for counter in counters if counter in states)):
        if key != own and (document := stands(states[key])):
            customer = document.order.customer_number if document.order else None
            found.append(Sale(document, customer, _lines_of_document(states[key], document)))
    return tuple(found)


def returns(counters: Iterable[str], states: Mapping[str, State]) -> Iterator[tuple[str, State]]:
    """Yield the receipts that are returns of a number, as they came.

    Newer content may name another sale than what stands for the older: that counts for both until it is made anew.
    """
    numbers = {*counters}
    for key in dict.fromkeys(key for counter in counters if counter in states for key in states[counter].returns):
        state = states.get(key)
        if state is None or state.receipt is None:
            continue
        document = stands(state)
        made_of_older = document is not None and document.revision != state.revision
        if made_of_older or not numbers.isdisjoint(state.receipt.returned_counters):
            yield key, state


def came_back(own: str, counters: Iterable[str], states: Mapping[str, State]) -> tuple[Back, ...]:
    """Return what others brought back, or are bringing back, of a number."""
    found = (Back(_called(state), _taken_back(state)) for key, state in returns(counters, states) if key != own)
    return tuple(back for back in found if any(line.amount < 0 for line in back.lines))


def stands(state: State) -> Document | None:
    """Return the document that a receipt has and that is not credited."""
    return state.document if state.document and not state.document.credited_by else None


def _taken_back(state: State) -> Lines:
    """Return what a return has brought back, or is bringing back; of what waits for something else, nothing."""
    if (document := stands(state)) and (lines := _lines_of_document(state, document)) is not None:
        return lines
    is_under_way = document or isinstance(state.awaits, Awaited) or (state.hold and state.hold.rule == REFUSED)
    return lines_of(state.receipt) if state.receipt and is_under_way else ()


def _lines_of_document(state: State, document: Document) -> Lines | None:
    """Return what stands for a receipt in Fortnox; None: it is not known any more."""
    if document.order is not None:
        return _lines(document.order.rows, vat_included=document.order.vat_included)
    contents = [one for one in (state.receipt, state.invoiced) if one and ids.revision(one) == document.revision]
    return lines_of(contents[0]) if contents else None


def lines_of(receipt: InvoiceRequested) -> Lines:
    """Return a receipt's rows as they are measured; its tip is the last."""
    tip = (Line(booking.TIP.casefold(), ZERO, receipt.tip),) if receipt.tip else ()
    return (*_lines(receipt.rows, vat_included=receipt.vat_included), *tip)


def _lines(rows: Iterable[InvoiceRow], *, vat_included: bool) -> Lines:
    with_vat = ((row, row.amount if vat_included else row.amount * (100 + row.vat_rate) / 100) for row in rows)
    return tuple(Line(row.text.casefold(), row.vat_rate, amount) for row, amount in with_vat)


def _called(state: State) -> Text:
    number = state.receipt.receipt_number if state.receipt else ""
    if (document := stands(state)) is None:
        return words.COMES_BACK_BY(receipt=number)
    return words.CAME_BACK_BY(receipt=number, document=document.named)
