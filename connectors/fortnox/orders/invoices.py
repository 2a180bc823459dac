"""Invoices and orders in Fortnox: made by one POST, found again by the mark in their external reference.

They are made and nothing more: booking an invoice, and invoicing an order, is done in Fortnox.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final

from connectors.fortnox import classify, waiting_words
from connectors.fortnox.classify import Record, unreadable_list
from connectors.fortnox.client import Fortnox
from connectors.fortnox.forms import invoice
from connectors.fortnox.paging import whole
from infra import telemetry
from infra.delivery.answers import Missing
from infra.delivery.calls import amend, unheard
from infra.plugin import Attempt, Kind
from infra.verdicts import AlreadyThere, Look, RetryLater, Verdict, noting
from schemas.envelope import Envelope
from schemas.invoices import CreateInvoice

_READ: Final = 20
"""Documents that are read one by one where their list does not show the mark; a search by it finds one or none."""

_log = telemetry.log(__name__)


async def write(fortnox: Fortnox, order: Envelope[CreateInvoice], attempt: Attempt) -> Verdict:
    """Make a document by one POST, whose answer names its number."""
    form = invoice.DOCUMENTS[order.data.document]
    return await fortnox.ask(
        invoice.create(order),
        attempt,
        read=lambda response: classify.written(response, form.one, lambda record: invoice.written(order, record)),
        lost=unheard,
    )


async def probe(fortnox: Fortnox, order: Envelope[CreateInvoice], attempt: Attempt) -> Look:
    """Look for the order's mark among the documents that Fortnox finds by it, to the last page."""
    form = invoice.DOCUMENTS[order.data.document]
    listed = await whole(fortnox, lambda page: invoice.listed(order, page), form.many, attempt, name=invoice.number)
    if isinstance(listed, RetryLater):
        return listed
    found = list(invoice.marked(order, listed.items))
    hidden = invoice.unsure(listed.items)
    if len(hidden) > _READ:
        return unreadable_list(form.many)
    for number in hidden:
        answer = await fortnox.one(invoice.read(order, number), form.one, attempt)
        match answer:
            case RetryLater():
                return answer
            case Missing():
                pass
            case Record(fields):
                found += ("",) if invoice.unsure((fields,)) else invoice.marked(order, (fields,))
    if "" in found:
        return unreadable_list(form.many)
    if not found:
        return listed.absent(attempt)
    return await _found(fortnox, order, invoice.eldest_first(found), attempt)


async def _found(
    fortnox: Fortnox, order: Envelope[CreateInvoice], numbers: Sequence[str], attempt: Attempt
) -> AlreadyThere | RetryLater:
    """Say which documents carry an order's mark, and what Fortnox made of the first, as the lost answer would have."""
    first, *others = numbers
    answer = await fortnox.one(invoice.read(order, first), invoice.DOCUMENTS[order.data.document].one, attempt)
    if isinstance(answer, RetryLater):
        return answer
    amend(attempt, waiting_words.FOUND(names=numbers))
    if others:
        _log.error("several_documents_carry_one_mark", tenant=fortnox.company.tenant, order_id=order.id)
    there = AlreadyThere(record=first, others=tuple(others), **noting(invoice.note(order.data)))
    held = invoice.written(order, answer.fields) if isinstance(answer, Record) else None
    return replace(there, note=held.note, wording=held.wording, code=held.code) if held else there


INVOICES: Final[Any] = Kind(
    order=CreateInvoice,
    write=write,
    probe=probe,
    found_by=f"its mark in {invoice.MARKED}, which Fortnox can be searched by",
    unswept=True,
)
