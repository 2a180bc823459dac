"""Customers in Fortnox: found among all of them, or made by one POST and then found.

Personal numbers are opened here, right before they are compared or sent, and nothing of a value is told on.
"""

from datetime import timedelta
from functools import partial
from typing import Any, Final

from connectors.fortnox import classify, errors, refusal_words, waiting_words
from connectors.fortnox.classify import list_moved
from connectors.fortnox.client import Fortnox
from connectors.fortnox.forms import customer
from connectors.fortnox.paging import Whole, whole
from connectors.fortnox.tokens import SYSTEM
from infra import clock
from infra.delivery.answers import BRIEF_WAIT
from infra.delivery.calls import amend, unheard
from infra.delivery.orders import Orders
from infra.intake.sealing import opened
from infra.plugin import Attempt, Kind
from infra.verdicts import Absent, AlreadyThere, Look, Rejected, RetryLater, Verdict, noting
from schemas.envelope import Envelope
from schemas.invoices import FindCustomer
from schemas.words import Text

_NAMED: Final = 20

_LISTED_BY: Final = timedelta(minutes=10)
"""After which every list shows a customer who was made."""


async def write(fortnox: Fortnox, order: Envelope[FindCustomer], attempt: Attempt) -> Verdict:  # noqa: PLR0911 - one return for each way that it may end
    """Find the one customer who fits; where there is none, make one if that was ordered."""
    listed = await _fitting(fortnox, order.data, attempt)
    if isinstance(listed, RetryLater):
        return listed
    if fields := customer.hidden(listed.items):
        return _refused(fortnox, "field_unreadable", refusal_words.HIDDEN(fields=fields))
    found = await _best(fortnox, order.data, listed, attempt)
    if isinstance(found, RetryLater):
        return found
    if len(found) > 1:
        return _refused(
            fortnox, "customer_ambiguous", refusal_words.CUSTOMERS_FIT(number=len(found), customers=found[:_NAMED])
        )
    if found:
        amend(attempt, waiting_words.FOUND(names=found[:1]))
        return AlreadyThere(record=found[0])
    absent = listed.absent(attempt)
    if isinstance(absent, Absent) and not order.data.create:
        return _refused(fortnox, "customer_missing", refusal_words.NO_CUSTOMER_FITS(number=len(listed.items)))
    before = absent if isinstance(absent, RetryLater) else await _made_for_another(fortnox, order.data)
    if before is not None:
        return before
    verdict: Verdict = await fortnox.ask(
        customer.create(order.data, _personal_number(fortnox, order.data)),
        attempt,
        read=lambda response: classify.written(response, customer.ONE, customer.written),
        lost=unheard,
    )
    return classify.hiding(_values(fortnox, order.data), verdict)


async def _best(fortnox: Fortnox, order: FindCustomer, listed: Whole, attempt: Attempt) -> tuple[str, ...] | RetryLater:
    """Return the numbers of the customers who fit best; of several, of the active ones where there are any.

    A double that has documents cannot be deleted in Fortnox: a person lays it aside by making it inactive.
    """
    found = customer.found(listed.items)
    if found and not listed.is_complete and not customer.by_number(listed.items):
        return list_moved(listed.key)  # who fits better may be among those that were not shown
    if len(found) <= 1:
        return found
    active = await _fitting(fortnox, order, attempt, active=True)
    if isinstance(active, RetryLater):
        return active
    return customer.among(active.items, found) if active.is_complete else found


async def _made_for_another(fortnox: Fortnox, order: FindCustomer) -> AlreadyThere | RetryLater | None:
    """Return the customer who was just made for another receipt of the same buyer, or for what this one said before.

    Lists may not show it yet. While nobody knows whether it was made, this receipt waits: two receipts of a new
    customer must not make two.
    """
    host, tenant = fortnox.host, fortnox.company.tenant
    orders = Orders(host.engine, SYSTEM, tenant, FindCustomer)
    for other, record in await orders.written_since(clock.now() - _LISTED_BY):
        is_own = (other.key, other.revision) == (order.key, order.revision)  # itself, or a try of the same content
        if is_own or not other.create or not customer.same_buyer(other, order):
            continue
        if record:
            told = [] if other.key == order.key else [waiting_words.MADE_FOR_ANOTHER()]
            return AlreadyThere(record=record, **noting(told))
        return RetryLater.saying(BRIEF_WAIT, "customer_in_doubt", waiting_words.CUSTOMER_IN_DOUBT(), alone=True)
    return None


async def probe(fortnox: Fortnox, order: Envelope[FindCustomer], attempt: Attempt) -> Look:
    """Look for the customer who was made. Where it would not be certain who that is, it is for ``write`` to say so."""
    listed = await _fitting(fortnox, order.data, attempt)
    if isinstance(listed, RetryLater):
        return listed
    found = await _best(fortnox, order.data, listed, attempt)
    if isinstance(found, RetryLater):
        return found
    if not found:
        return listed.absent(attempt)
    amend(attempt, waiting_words.FOUND(names=found[:_NAMED]))
    return AlreadyThere(record=found[0]) if len(found) == 1 and not customer.hidden(listed.items) else Absent()


async def _fitting(
    fortnox: Fortnox, order: FindCustomer, attempt: Attempt, *, active: bool = False
) -> Whole | RetryLater:
    person = _personal_number(fortnox, order)
    return await whole(
        fortnox,
        partial(customer.listed, active=active),
        customer.MANY,
        attempt,
        name=customer.number,
        keep=lambda item: customer.kept(order, person, item),
    )


def _personal_number(fortnox: Fortnox, order: FindCustomer) -> str:
    number = order.buyer.personal_number
    usable = number is not None and not number.flaw
    return str(opened(number, fortnox.host.vault, fortnox.company.tenant)) if usable else ""


def _values(fortnox: Fortnox, order: FindCustomer) -> tuple[str, ...]:
    """Return what is somebody's of an order: Fortnox may repeat what it was sent."""
    buyer = order.buyer
    texts = (buyer.email, buyer.name, buyer.street, buyer.postal_code, buyer.city)
    return tuple(filter(None, (*texts, _personal_number(fortnox, order))))


def _refused(fortnox: Fortnox, code: str, why: Text) -> Rejected:
    who = errors.meaning(code).who or "operator"
    return errors.explained(Rejected.saying(code, why, who), fortnox.host.settings.language)


CUSTOMERS: Final[Any] = Kind(
    order=FindCustomer,
    write=write,
    probe=probe,
    found_by="its number, else its organisation or personal number, else its e-mail address if it has no other number",
)
