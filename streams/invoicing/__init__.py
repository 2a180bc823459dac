"""Invoicing: a till's sale on account becomes one invoice, or one order, or waits under a name."""

from infra.plugin import Flow
from schemas.flows import given_up
from schemas.invoices import InvoiceRequested
from streams.invoicing.decide import decide, evolve, follow, reads, waiting
from streams.invoicing.state import State
from streams.invoicing.trial import akin, trial
from streams.invoicing.verdict import NAME
from streams.invoicing.words import WORDS

FLOW = Flow(
    name=NAME,
    facts=(InvoiceRequested,),
    state=State,
    reads=reads,
    follow=follow,
    decide=decide,
    evolve=evolve,
    waiting=waiting,
    given_up=given_up,
    words=WORDS,
    akin=akin,
    trial=trial,
    day=lambda state: state.receipt.invoice_date if state.receipt else None,
    lacking=frozenset(
        {"flow_not_configured", *(f"unmapped_{what}" for what in ("payment_method", "group", "category"))}
    ),
)
