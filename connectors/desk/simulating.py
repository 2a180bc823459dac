"""What a simulation of settings shows: the difference for people, and for programs."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from decimal import Decimal
from typing import Any, Final

from connectors.desk import words
from infra.deciding.simulating import Simulation
from schemas.money import ZERO, text

Difference = tuple[date, int, Decimal]
"""Day, account, and what would be booked less what is; debit above zero."""
_ROWS: Final = 60
"""Rows of days and accounts that people are shown; --json has all."""


def to_json(found: Simulation) -> dict[str, Any]:
    """Return all that was found."""
    return {
        "reports": found.keys,
        "changed": found.changed,
        "booked_already": found.booked,
        "newly_held": _reasons(found, "held"),
        "released": _reasons(found, "released"),
        **differences_json([*found.differences()]),
    }


def differences_json(differences: Sequence[Difference]) -> dict[str, Any]:
    """Return what differs by day and account, and by account, for programs."""
    return {
        "differences": [
            {"day": day.isoformat(), "account": account, "amount": text(amount)} for day, account, amount in differences
        ],
        "totals": [{"account": account, "amount": text(amount)} for account, amount in _totals(differences)],
    }


def lines(found: Simulation) -> Iterator[str]:
    """Return it as lines for people."""
    compared = f"{found.keys:,} {'report' if found.keys == 1 else 'reports'} compared"
    yield f"{compared}; {found.changed:,} would come to something else."
    if not found.changed:
        return
    for what, said in (("held", "would newly be held"), ("released", "would be held no longer")):
        for one in _reasons(found, what):
            yield f"{one['reports']:,} {said} as {one['reason']}: {', '.join(one['examples'])}"
    yield from tables([*found.differences()])
    if found.booked:
        yield (
            f"{found.booked:,} of these are booked already. Settings change no voucher: what is held goes on, and what "
            "comes is booked, as they say."
        )


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
    totals = [(str(account), _signed(amount)) for account, amount in _totals(differences)]
    yield from words.columns(totals or [("nothing", "0.00")], right=frozenset({1}))


def _reasons(found: Simulation, what: str) -> list[dict[str, Any]]:
    counts = found.held if what == "held" else found.released
    return [
        {"reason": reason, "reports": count, "examples": found.examples[what, reason]}
        for reason, count in counts.most_common()
    ]


def _totals(differences: Iterable[Difference]) -> list[tuple[int, Decimal]]:
    sums: defaultdict[int, Decimal] = defaultdict(lambda: ZERO)
    for _, account, amount in differences:
        sums[account] += amount
    return sorted((account, amount) for account, amount in sums.items() if amount)


def _signed(amount: Decimal) -> str:
    return ("+" if amount > 0 else "-") + words.money(abs(amount))
