"""The orders that come of what a rule says about a receipt: their identity and their words. Pure."""

from collections.abc import Mapping
from typing import Any

from schemas.commands import CloseReview, HoldForReview, Order, spoken
from schemas.invoices import CreateInvoice, DocumentRow
from tests.toys.toyflow import words
from tests.toys.toyflow.rules import Case
from tests.toys.toyflow.verdict import NAME, Held, Invoiced, Verdict


def orders(case: Case, rule: str, verdict: Verdict, *, tenant: str, version: int) -> tuple[Order, ...]:
    """Return the orders that bring about what a rule says; an open hold is closed first."""
    state, request = case.state, case.request

    def origin(step: str) -> Mapping[str, Any]:
        identity = {"flow": NAME, "key": case.key, "revision": state.revision, "step": f"{step}-{state.given}"}
        return {**identity, "rule": rule, "settings_version": version}

    closed: tuple[Order, ...] = ()
    if state.hold is not None:
        why = spoken(words.DECIDED_ANEW())
        closed = (CloseReview(**origin("close"), hold_id=state.hold.id_in(tenant), how="superseded", **why),)
    match verdict:
        case Held(reason, message, choices):
            hold = HoldForReview(
                **origin("hold"),
                reason=reason,
                **spoken(message),
                choices=choices,
                business_date=request.invoice_date,
            )
            return (*closed, hold)
        case Invoiced():
            invoice = CreateInvoice(
                **origin("invoice"),
                document="invoice",
                customer_number=request.customer_number or "",
                invoice_date=request.invoice_date,
                rows=tuple(DocumentRow(**dict(row)) for row in request.rows),
            )
            return (*closed, invoice)
    return closed
