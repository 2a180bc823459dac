"""Toy flow: what was sold on account is invoiced, or waits under a name."""

from infra.plugin import Flow
from schemas.invoices import InvoiceRequested
from tests.toys.toyflow.decide import decide, evolve, follow, reads, waiting
from tests.toys.toyflow.state import State
from tests.toys.toyflow.verdict import NAME
from tests.toys.toyflow.words import WORDS

FLOW = Flow(
    name=NAME,
    facts=(InvoiceRequested,),
    state=State,
    reads=reads,
    follow=follow,
    decide=decide,
    evolve=evolve,
    waiting=waiting,
    words=WORDS,
)
