"""Invoices and orders in Fortnox's words. Pure.

Facts: ``fortnox.md`` §3.12, A22, A23. The order's mark stands in ``ExternalInvoiceReference1`` of both: Fortnox can be
searched by it, and shows it in lists. That is not so of an order's ``YourOrderNumber``, which the customer reads too.
"""

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any, Final, NamedTuple
from uuid import UUID

from connectors.fortnox import encode, waiting_words
from connectors.fortnox.classify import NO_RIGHT, day, is_other_number, number_of
from infra.delivery.requests import Request
from infra.verdicts import Delivered, noting
from schemas import ids
from schemas.characters import sanitise
from schemas.envelope import Envelope
from schemas.invoices import OTHER_AMOUNTS, CreateInvoice, DocumentRow
from schemas.money import ORE, ZERO
from schemas.words import Text

MARKED: Final = "ExternalInvoiceReference1"
_TEXT_LENGTH: Final = 255
_NAMELESS: Final = "Artikel"
"""What the customer reads of a row whose text has nothing that Fortnox takes, such as an emoji alone."""
_CURRENCY: Final = "SEK"
"""Said each time: without it a document has the currency that its customer has."""
_FEES: Final = ("AdministrationFee", "Freight")
"""Said to be 0 each time: without them a document has what is predefined for its customer, which no till has sold."""
_WHOLE_KRONOR: Final = Decimal("1.00")
"""What Fortnox may round a document's sum by, to kronor; its rows' VAT besides, by an öre each."""


class Document(NamedTuple):
    """What a kind of document is called; the first quantity is what is sold: an order may be delivered later."""

    path: str
    one: str
    many: str
    dated: str
    rows: str
    quantities: tuple[str, ...]


DOCUMENTS: Final[Mapping[str, Document]] = {
    "invoice": Document("invoices", "Invoice", "Invoices", "InvoiceDate", "InvoiceRows", ("DeliveredQuantity",)),
    "order": Document("orders", "Order", "Orders", "OrderDate", "OrderRows", ("OrderedQuantity", "DeliveredQuantity")),
}


def create(order: Envelope[CreateInvoice]) -> Request:
    """Return the request for a new document. It is not booked: that is the accountant's move."""
    form = DOCUMENTS[order.data.document]
    return Request("POST", form.path, body=encode.body(form.one, _fields(order)))


def listed(order: Envelope[CreateInvoice], page: int) -> Request:
    """Return the request for a page of the documents that carry the order's mark, as Fortnox searches."""
    params: dict[str, str | int] = {MARKED.lower(): ids.mark(UUID(order.id))}
    return Request("GET", DOCUMENTS[order.data.document].path, params | {"limit": encode.LIMIT, "page": page})


def read(order: Envelope[CreateInvoice], number: str) -> Request:
    """Return the request for one document."""
    return Request("GET", f"{DOCUMENTS[order.data.document].path}/{number}")


def marked(order: Envelope[CreateInvoice], items: Sequence[Mapping[str, Any]]) -> tuple[str, ...]:
    """Return the numbers of the documents that carry exactly the order's mark: Fortnox searches by parts of it."""
    mark = ids.mark(UUID(order.id))
    return tuple(number(item) for item in items if str(item.get(MARKED) or "").strip() == mark)


def unsure(items: Sequence[Mapping[str, Any]]) -> tuple[str, ...]:
    """Return the numbers of the documents that are shown without what stands where the mark does."""
    return tuple(number(item) for item in items if item.get(MARKED, NO_RIGHT) == NO_RIGHT)


def eldest_first(numbers: Iterable[str]) -> list[str]:
    """Return numbers, each once, by age: whoever copies an invoice in Fortnox copies its reference and our mark."""
    return sorted(set(numbers), key=lambda each: (len(each), each))


def number(item: Mapping[str, Any]) -> str:
    """Return a document's number, "" where there is none."""
    return str(item.get("DocumentNumber") or "").strip()


def written(order: Envelope[CreateInvoice], record: Mapping[str, Any]) -> Delivered | None:
    """Read the answer to a write: the document's number, and what Fortnox made of it; ``code``: of its amounts."""
    if not number(record):
        return None
    sent, form = _fields(order), DOCUMENTS[order.data.document]
    amounts = _other_amounts(sent, record, form, _sum(order.data))
    told = [*amounts, *_otherwise(sent, record, form)]
    said = (waiting_words.HELD_OTHERWISE_BY_FORTNOX(fields=told),) if told else ()
    code = OTHER_AMOUNTS if amounts else ""
    return Delivered(record=number(record), code=code, **noting([*said, *note(order.data)]))


def note(order: CreateInvoice) -> tuple[Text, ...]:
    """Return what is to be said of a document, whatever came of it."""
    adapted = [
        waiting_words.ROW_TEXT(row=row)
        for row, each in enumerate(order.rows, 1)
        if _text(each) != " ".join(each.text.split())
    ]
    told = (waiting_words.ADAPTED_FIELDS(fields=adapted),) if adapted else ()
    return (*told, waiting_words.BY_HAND()) if order.document == "order" else told


def _fields(order: Envelope[CreateInvoice]) -> dict[str, Any]:
    data, form = order.data, DOCUMENTS[order.data.document]
    cost_centre = {"CostCenter": data.cost_centre} if data.cost_centre else {}  # an empty one must be left out
    return {
        "CustomerNumber": data.customer_number,
        form.dated: data.invoice_date.isoformat(),
        MARKED: ids.mark(UUID(order.id)),
        "Currency": _CURRENCY,
        **dict.fromkeys(_FEES, 0),
        "VATIncluded": data.vat_included,
        **_texts(data),
        **cost_centre,
        form.rows: [_row(row, form) | cost_centre for row in data.rows],
    }


def _texts(data: CreateInvoice) -> dict[str, str]:
    """Return what customer and accountant read of the receipt."""
    texts = {"ExternalInvoiceReference2": sanitise(data.receipt), "Remarks": sanitise(data.remark)}
    return {name: text for name, text in texts.items() if text}


def _text(row: DocumentRow) -> str:
    """Return a row's text, "" where its article gives it: a row without either is refused."""
    return sanitise(_as_taken(row).text)[:_TEXT_LENGTH].rstrip() or ("" if row.article else _NAMELESS)


def _row(row: DocumentRow, form: Document) -> dict[str, Any]:
    whole_rate, text = row.vat_rate == row.vat_rate.to_integral_value(), _text(row)
    row = _as_taken(row)
    fields = {
        "ArticleNumber": row.article,
        "Description": text or None,
        "AccountNumber": row.account,
        **dict.fromkeys(form.quantities, f"{row.quantity:f}"),  # texts, says the document of their interface
        "Price": row.price,
        "VAT": int(row.vat_rate) if whole_rate else row.vat_rate,
        "Discount": row.discount or 0,  # without it a row may have the discount that its customer has
        "DiscountType": "AMOUNT",
    }
    return {name: value for name, value in fields.items() if value is not None}


def _as_taken(row: DocumentRow) -> DocumentRow:
    """Return a row that Fortnox takes without changing its amount: quantities are rounded there to two decimals.

    A quantity that is finer becomes one, at the price of all of it, and stands in the text; and so does a return with a
    discount, since a discount below zero is nowhere said to be taken.
    """
    if row.quantity == row.quantity.quantize(ORE) and not (row.discount and row.quantity < 0):
        return row
    said = f"{row.text}, {row.quantity:f} {row.unit or 'st'} à {row.price}"
    said += f", rabatt {abs(row.discount)}" if row.discount else ""
    one = Decimal("1.00") if row.amount >= 0 else Decimal("-1.00")
    price = abs(row.amount)
    return row.model_copy(update={"text": said, "quantity": one, "price": price, "discount": None})


def _sum(order: CreateInvoice) -> Decimal:
    """Return what a document comes to, with VAT."""
    return sum(
        (row.amount if order.vat_included else row.amount * (1 + row.vat_rate / 100) for row in order.rows), ZERO
    )


def _other_amounts(sent: Mapping[str, Any], held: Mapping[str, Any], form: Document, owed: Decimal) -> list[str]:
    """Return what makes a customer owe something else than was sent, with both values.

    A stock's module forces the quantity of what is out of stock to 0, a customer has a discount, or owes no VAT.
    """
    told = ["Currency"] if _is_other(sent, held, "Currency") else []
    told += [f"{name} {fee} for 0" for name in _FEES if is_other_number(fee := number_of(held.get(name)), ZERO)]
    rows = _rows(sent, held, form)
    if rows is None:
        told.append(f"{len(held[form.rows])} rows for {len(sent[form.rows])}")
    told += _differing(rows or (), (form.quantities[0], "Price", "VAT", "Discount"))
    total = number_of(held.get("Total")) if len(form.quantities) == 1 else None  # an order's is of what is delivered
    if total is not None and abs(total - owed) > _WHOLE_KRONOR + ORE * len(sent[form.rows]) and not told:
        told.append(f"Total {total} for {owed.quantize(ORE)}")
    return told


def _otherwise(sent: Mapping[str, Any], held: Mapping[str, Any], form: Document) -> list[str]:
    """Return what else Fortnox changed: texts by name."""
    told = [name for name in ("CustomerNumber", form.dated, MARKED, "CostCenter") if _is_other(sent, held, name)]
    rows = _rows(sent, held, form) or ()
    told += _differing(rows, form.quantities[1:])
    return told + [f"text of row {place}" for place, ours, theirs in rows if _is_other(ours, theirs, "Description")]


_Rows = Sequence[tuple[int, Mapping[str, Any], Mapping[str, Any]]]


def _rows(sent: Mapping[str, Any], held: Mapping[str, Any], form: Document) -> _Rows | None:
    """Return the rows by their place, as they were sent and as they are held; None: there are more or fewer."""
    ours, theirs = sent[form.rows], held.get(form.rows)
    if not isinstance(theirs, list):
        return ()
    if len(theirs) != len(ours):
        return None
    pairs = enumerate(zip(ours, theirs, strict=True), 1)
    return [(place, one, other) for place, (one, other) in pairs if isinstance(other, dict)]


def _differing(rows: _Rows, names: Sequence[str]) -> list[str]:
    return [
        f"{name} of row {place} {amount} for {ours[name]}"
        for place, ours, theirs in rows
        for name in names
        if is_other_number(amount := number_of(theirs.get(name)), Decimal(ours[name]))
    ]


def _is_other(sent: Mapping[str, Any], held: Mapping[str, Any], name: str) -> bool:
    return name in sent and name in held and sent[name] not in {str(held[name] or ""), str(day(held[name]))}
