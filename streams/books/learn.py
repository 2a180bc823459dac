"""What each message teaches about a year's books. Pure."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from schemas.envelope import Envelope
from schemas.proofs import BooksProved
from streams.books.state import State


def learn(states: Mapping[str, State], envelope: Envelope[Any]) -> Mapping[str, State]:
    """Return the state of the year that was proved; none when a later reading of it counts, or the same.

    Of one reading the proof counts that leaves out the most of what people have accepted.
    """
    ((key, state),) = states.items()
    proof = envelope.data
    if not isinstance(proof, BooksProved):
        return {}
    if state.proof is not None and _counts_by(proof) <= _counts_by(state.proof):
        return {}
    return {key: state.model_copy(update={"proof": proof})}


def _counts_by(proof: BooksProved) -> tuple[datetime, int]:
    return proof.read_at, proof.accepted
