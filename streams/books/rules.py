"""What is to be done about a proof: one function for each rule, named for it. Pure."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

from schemas.flows import Held
from schemas.proofs import BooksProved, DifferenceKind
from schemas.words import Text, named
from streams.books import words
from streams.books.state import State
from streams.books.verdict import NAME, Settled, Verdict

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
    message = (words.BOOKS_DIFFER if proof.source == "fortnox" else words.FILE_DIFFERS)(
        first=proof.year_from,
        last=proof.year_to,
        counted=[words.SOME_OF(number=count, kind=_kind(kind)) for kind, count in kinds.most_common()],
        company=case.tenant,
        year=str(proof.year_to.year),
    )
    lines: list[Text | str] = [words.LINE(id=each.id, said=each.said) for each in proof.differences[:_LINES]]
    if proof.count > len(lines):
        lines.append(words.AND_MORE(number=proof.count - len(lines)))
    return Held(next(kind for kind in _GRAVEST if kind in kinds), message, tuple(lines))


def _kind(kind: DifferenceKind) -> Text:
    return replace(named(NAME, "reason", kind), english=kind.replace("_", " "))


def books_that_agree_wait_no_more(_case: Case) -> Settled:
    """Let go what no proof finds any more."""
    return Settled(words.AGREE())


Rule = Callable[[Case], Verdict | None]
RULES: Final[tuple[Rule, ...]] = (books_that_differ_wait, books_that_agree_wait_no_more)
"""The first that says something decides; its name is in the order."""


def judge(case: Case) -> tuple[str, Verdict]:
    """Return the name of the rule that decides, and what it says."""
    found = ((rule.__name__, rule(case)) for rule in RULES)
    return next((name, verdict) for name, verdict in found if verdict is not None)
