"""Ledgers: what was read of a financial year becomes the year that everybody sees, whole, or waits under a name."""

from infra.plugin import Flow
from schemas.ledger import LedgerPartRead, LedgerRequested, LedgerRetrieved, LedgerSourceChosen
from streams.ledger.decide import decide, evolve, follow, reads, waiting
from streams.ledger.state import State
from streams.ledger.verdict import NAME
from streams.ledger.words import WORDS

FLOW = Flow(
    name=NAME,
    facts=(LedgerRequested, LedgerSourceChosen, LedgerPartRead, LedgerRetrieved),
    state=State,
    reads=reads,
    follow=follow,
    decide=decide,
    evolve=evolve,
    waiting=waiting,
    words=WORDS,
)
