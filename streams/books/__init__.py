"""The proof of the books: what they hold otherwise than it was posted waits for a person, until they do no more."""

from infra.plugin import Flow
from schemas.proofs import BooksProved
from streams.books.decide import decide, evolve, reads, waiting
from streams.books.state import State
from streams.books.verdict import NAME
from streams.books.words import WORDS

FLOW = Flow(
    name=NAME,
    facts=(BooksProved,),
    state=State,
    reads=reads,
    decide=decide,
    evolve=evolve,
    waiting=waiting,
    words=WORDS,
)
