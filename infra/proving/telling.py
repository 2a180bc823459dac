"""What a proof says of each difference: what is wrong, and what to do. Pure."""

from collections.abc import Iterable, Mapping
from typing import Final

from infra.proving.books import Content, Entry, Posted, by_account, kronor
from infra.proving.doubles import Double
from schemas import ids
from schemas.proofs import AccountDifference, Difference, DifferenceKind

_NAMED: Final = 10
"""Rows and vouchers that one difference names."""

WHAT_TO_DO: Final[Mapping[DifferenceKind, str]] = {
    "deleted": "Ask who deleted it; if its event is to stand, book it again.",
    "changed": "Ask who changed it; set it right, or accept it.",
    "number_reused": "Ask who deleted it; if its event is to stand, book it again.",
    "renumbered": "The books were moved or restored: look for vouchers that are missing.",
    "posted_twice": "Somebody copied it, unless we booked it twice: then tell us.",
    "not_on_record": "Somebody copied it, or our records are older than the books: look before anything is booked.",
    "reversed_by_hand": "If its event is to stand, book it again; if not, accept it.",
    "booked_twice": "If that one is to stand, reverse ours instead, and end the import or this connection.",
    "foreign": "Book in another series, or accept it (--series: all of them).",
}
"""By the kind of difference: whose move it is, and which."""


def doubled(double: Double) -> Difference:
    """Return what was booked twice as a difference."""
    ours, theirs = _listed(p.name for p in double.ours), _listed(e.name for e in double.theirs)
    days = _listed(str(p.day) for p in double.ours)
    they = "hold" if len(double.theirs) > 1 else "holds"
    message = f"{theirs} {they} what we booked as {ours} of {days} ({double.likeness}): reverse {theirs}"
    amounts = by_account(*(e.content for e in double.theirs))
    return difference("booked_twice", double.ours[0], double.theirs, amounts, message, double.ours[0].key)


def difference(
    kind: DifferenceKind,
    voucher: Posted | Entry,
    others: Iterable[Entry],
    amounts: Mapping[str, int],
    message: str,
    key: str,
) -> Difference:
    """Return a difference about a voucher.

    Args:
        others: further vouchers that are part of it.
        amounts: what the ledger has more than we posted, by account.
    """
    names = tuple(e.name for e in others if e is not voucher)
    accounts = tuple((account, f"{kronor(amount):.2f}") for account, amount in sorted(amounts.items()))
    return Difference(
        id=ids.digest([kind, key, voucher.name, str(voucher.day), names, accounts])[:12],
        kind=kind,
        voucher=voucher.name,
        day=voucher.day,
        others=tuple(n for n in names if n != voucher.name)[:_NAMED],
        key=key,
        accounts=tuple(
            AccountDifference(account=account, amount=kronor(amount)) for account, amount in sorted(amounts.items())
        ),
        message=f"{message}. {WHAT_TO_DO[kind]}",
    )


def called(posted: Posted) -> str:
    """Return how a voucher of ours is called: its name, its day, and what it is of."""
    return f"{posted.name} of {posted.day} ({posted.key})"


def rows_that_differ(was: Content, now: Content) -> list[str]:
    """Say of each account what it was and is; of many the first ones."""
    before, after = dict(was), dict(now)
    places = [place for place in sorted({*before, *after}) if before.get(place) != after.get(place)]
    said = [
        f"{' '.join((account, *(code for _, code in objects)))}: {kronor(before.get((account, objects), 0)):.2f},"
        f" now {kronor(after.get((account, objects), 0)):.2f}"
        for account, objects in places
    ]
    return said[:_NAMED] + ([f"and {len(said) - _NAMED} more rows"] if len(said) > _NAMED else [])


def _listed(names: Iterable[str]) -> str:
    all_names = list(dict.fromkeys(names))
    more = [f"{len(all_names) - _NAMED} more"] if len(all_names) > _NAMED else []
    said = all_names[:_NAMED] + more
    return " and ".join(filter(None, (", ".join(said[:-1]), said[-1])))
