"""What is to be done about a receipt: one function for each rule, named for it. Pure."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from schemas.invoices import InvoiceRequested
from tests.toys.toyflow import words
from tests.toys.toyflow.state import State
from tests.toys.toyflow.verdict import DISCARD, RETRY, Held, Invoiced, Settled, Verdict


@dataclass(frozen=True, slots=True)
class Case:
    """A receipt, and all that is known of it."""

    key: str
    request: InvoiceRequested
    state: State


def what_a_person_gave_up_stays_given_up(case: Case) -> Settled | None:
    """Leave alone what a person handles, until it comes with other content."""
    return Settled() if case.state.given_up else None


def what_was_refused_waits_for_a_person(case: Case) -> Held | None:
    """Hold what Fortnox does not take."""
    why = case.state.refused
    return Held("refused", words.REFUSED(why=why[:1000]), (RETRY, DISCARD)) if why else None


def what_was_ordered_is_not_ordered_again(case: Case) -> Held | Settled | None:
    """Settle what is ordered already; hold it when it came with other content since."""
    if case.state.ordered is None:
        return None
    if case.state.ordered.revision == case.state.revision:
        return Settled()
    return Held("changed_since", words.CHANGED_SINCE(), (DISCARD,))


def an_invoice_of_nothing_waits(case: Case) -> Held | None:
    """Hold a receipt on which nothing costs anything."""
    if any(row.quantity * row.price for row in case.request.rows):
        return None
    return Held("nothing_to_invoice", words.NOTHING(), (DISCARD,))


def a_sale_to_nobody_waits(case: Case) -> Held | None:
    """Hold a receipt without a customer's number."""
    if case.request.customer_number is not None:
        return None
    return Held("no_customer", words.NO_CUSTOMER(), (DISCARD,))


def what_was_sold_is_invoiced(_case: Case) -> Invoiced:
    """Invoice what nothing stands against."""
    return Invoiced()


Rule = Callable[[Case], Verdict | None]
RULES: Final[tuple[Rule, ...]] = (
    what_a_person_gave_up_stays_given_up,
    what_was_refused_waits_for_a_person,
    what_was_ordered_is_not_ordered_again,
    an_invoice_of_nothing_waits,
    a_sale_to_nobody_waits,
    what_was_sold_is_invoiced,
)
"""The first that says something decides; its name is in the order."""


def judge(case: Case) -> tuple[str, Verdict]:
    """Return the name of the rule that decides, and what it says."""
    found = ((rule.__name__, rule(case)) for rule in RULES)
    return next((name, verdict) for name, verdict in found if verdict is not None)
