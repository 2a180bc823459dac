"""What is to be done about a proof: one function for each rule, named for it. Pure."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from schemas.proofs import BooksProved, DifferenceKind
from streams.books.state import State
from streams.books.verdict import Held, Settled, Verdict

_LINES: Final = 50
_GRAVEST: Final[tuple[DifferenceKind, ...]] = (
    *("posted_twice", "not_on_record", "booked_twice", "deleted", "number_reused"),
    *("changed", "renumbered", "reversed_by_hand", "foreign"),
)
"""Of several kinds the first is the reason."""


@dataclass(frozen=True, slots=True)
class Case:
    """A year's newest proof, and what is remembered of those before."""

    key: str
    tenant: str
    proof: BooksProved
    state: State


def books_that_differ_wait(case: Case) -> Held | None:
    """Hold what the books have otherwise than it was posted, until a proof finds it no more."""
    proof = case.proof
    if proof.green:
        return None
    kinds = Counter(each.kind for each in proof.differences)
    counted = ", ".join(f"{count} {kind.replace('_', ' ')}" for kind, count in kinds.most_common())
    where = "The books" if proof.source == "fortnox" else "A file with the ledger"
    message = (
        f"{where} of {proof.year_from} to {proof.year_to} and what was posted differ: {counted}. Set right what the "
        f"lines name, or accept it: bokbuss ledger accept {case.tenant} ID. The next proof ends this: bokbuss ledger "
        f"prove {case.tenant} --year {proof.year_to.year}."
    )
    lines = [f"{each.id} {each.message}" for each in proof.differences[:_LINES]]
    if proof.count > len(lines):
        lines.append(f"and {proof.count - len(lines)} more")
    return Held(next(kind for kind in _GRAVEST if kind in kinds), message, tuple(lines))


def books_that_agree_wait_no_more(_case: Case) -> Settled:
    """Let go what no proof finds any more."""
    return Settled("The proof finds no difference any more, but for what people have accepted.")


Rule = Callable[[Case], Verdict | None]
RULES: Final[tuple[Rule, ...]] = (books_that_differ_wait, books_that_agree_wait_no_more)
"""The first that says something decides; its name is in the order."""


def judge(case: Case) -> tuple[str, Verdict]:
    """Return the name of the rule that decides, and what it says."""
    found = ((rule.__name__, rule(case)) for rule in RULES)
    return next((name, verdict) for name, verdict in found if verdict is not None)
