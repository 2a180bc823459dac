"""What each message teaches about a year's books. Pure."""

from collections.abc import Mapping
from typing import Any

from schemas.envelope import Envelope
from schemas.proofs import BooksProved
from streams.books.state import State


def learn(states: Mapping[str, State], envelope: Envelope[Any]) -> Mapping[str, State]:
    """Return the state of the year that was proved; none when a later reading of it counts, or the same."""
    ((key, state),) = states.items()
    proof = envelope.data
    if not isinstance(proof, BooksProved):
        return {}
    if state.proof is not None and proof.read_at <= state.proof.read_at:
        return {}
    return {key: state.model_copy(update={"proof": proof})}
