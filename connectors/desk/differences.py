"""What would be booked otherwise, by day and account: for people, and for programs. Pure."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from decimal import Decimal
from typing import Any, Final

from connectors.desk import words
from schemas.money import ZERO, text

Difference = tuple[date, int, Decimal]
"""Day, account, and what would be booked less what is; debit above zero."""
_ROWS: Final = 60
"""Rows of days and accounts that people are shown; --json has all."""


def to_json(differences: Sequence[Difference]) -> dict[str, Any]:
    """Return what differs by day and account, and by account, for programs."""
    return {
        "differences": [
            {"day": day.isoformat(), "account": account, "amount": text(amount)} for day, account, amount in differences
        ],
        "totals": [{"account": account, "amount": text(amount)} for account, amount in totals(differences)],
    }


def tables(differences: Sequence[Difference]) -> Iterator[str]:
    """Return what differs by day and account, and by account, as lines for people; nothing where nothing differs."""
    rows = [(str(day), str(account), _signed(amount)) for day, account, amount in differences]
    if not rows:
        return
    yield "What would be booked otherwise, by day and account (debit +, credit -):"
    yield from words.columns(rows[:_ROWS], right=frozenset({2}))
    if len(rows) > _ROWS:
        yield f"and {len(rows) - _ROWS:,} rows more: --json has them all"
    yield "Together:"
    sums = [(str(account), _signed(amount)) for account, amount in totals(differences)]
    yield from words.columns(sums or [("nothing", "0.00")], right=frozenset({1}))


def totals(differences: Iterable[Difference]) -> list[tuple[int, Decimal]]:
    """Return what differs by account, without those that come to nothing."""
    sums: defaultdict[int, Decimal] = defaultdict(lambda: ZERO)
    for _, account, amount in differences:
        sums[account] += amount
    return sorted((account, amount) for account, amount in sums.items() if amount)


def _signed(amount: Decimal) -> str:
    return ("+" if amount > 0 else "-") + words.money(abs(amount))
