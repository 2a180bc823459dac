"""Which accounts and vouchers are in a part, and how two readings of a year differ. Pure.

A voucher number can be used again: the last voucher of a series may be deleted, and rows be struck. So a voucher is
told by its content: another one under the same number was changed, or, when it was entered or dated on another day, the
number was used again.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from schemas.ids import digest
from schemas.ledger import LedgerPartRead, LedgerVoucher
from schemas.ledger_parts import digest as digest_of_voucher
from schemas.ledger_parts import raw as raw_of
from schemas.words import Phrase, Text
from streams.ledger import words

_SHORT: Final = 16
_NAMED: Final = 20
_ACCOUNT: Final = "account "

Things = Mapping[str, str]


def things_in(part: LedgerPartRead) -> dict[str, str]:
    """Return the accounts and vouchers of a part by name: ``account 1910``, ``A 12``; several of one name together."""
    found: defaultdict[str, list[str]] = defaultdict(list)
    for account in part.accounts:
        found[f"{_ACCOUNT}{account.number}"].append(digest(account.to_json())[:_SHORT])
    for voucher in part.vouchers:
        found[_name(voucher)].append(_mark(voucher))
    return {name: ",".join(sorted(marks)) for name, marks in found.items()}


def _name(voucher: LedgerVoucher) -> str:
    return f"{voucher.series or '-'} {voucher.number or voucher.day}"


def _mark(voucher: LedgerVoucher) -> str:
    """Return a digest, and the days by which a voucher is another one."""
    return f"{digest_of_voucher(voucher)[:_SHORT]} {voucher.registered or ''} {voucher.day}"


@dataclass(frozen=True, slots=True)
class Difference:
    """What is in one reading and not in the other, by name and in the order of names."""

    added: Sequence[str]
    removed: Sequence[str]
    changed: Sequence[str]
    used_again: Sequence[str]

    def lines(self) -> tuple[Text, ...]:
        """Say it: how many, and the first of them."""
        return tuple(
            line
            for accounts, vouchers, names in (
                (words.ACCOUNTS_ADDED, words.VOUCHERS_ADDED, self.added),
                (words.ACCOUNTS_REMOVED, words.VOUCHERS_REMOVED, self.removed),
                (words.ACCOUNTS_CHANGED, words.VOUCHERS_CHANGED, self.changed),
                (words.ACCOUNTS_USED_AGAIN, words.VOUCHERS_USED_AGAIN, self.used_again),
            )
            for line in (_said(accounts, names, of_accounts=True), _said(vouchers, names))
            if line
        )

    @property
    def is_odd(self) -> bool:
        """Whether something is gone or other than it was; books grow every day."""
        return bool(self.removed or self.changed or self.used_again)


def difference(before: Iterable[Things], after: Iterable[Things]) -> Difference:
    """Compare the parts that differ between two readings."""
    old, new = _together(before), _together(after)
    other = sorted(name for name in old.keys() & new.keys() if old[name] != new[name])
    return Difference(
        added=sorted(new.keys() - old.keys(), key=_rank),
        removed=sorted(old.keys() - new.keys(), key=_rank),
        changed=sorted((name for name in other if _same_days(old[name], new[name])), key=_rank),
        used_again=sorted((name for name in other if not _same_days(old[name], new[name])), key=_rank),
    )


def _together(parts: Iterable[Things]) -> dict[str, str]:
    # A block's vouchers can stand in another part of it now: what has one name is compared wherever it stands.
    found: defaultdict[str, list[str]] = defaultdict(list)
    for things in parts:
        for name, marks in things.items():
            found[name].append(marks)
    return {name: ",".join(sorted(",".join(marks).split(","))) for name, marks in found.items()}


def _same_days(one: str, other: str) -> bool:
    days, others = ([mark.split(" ")[1:] for mark in marks.split(",")] for marks in (one, other))
    if len(days) != len(others):
        return True
    return all(_is_same_day(*pair) for pair in zip(days, others, strict=True))


def _is_same_day(one: list[str], other: list[str]) -> bool:
    """Compare the days of entry; where the books do not say, the vouchers' own."""
    entered = [days[0] for days in (one, other) if len(days) > 1 and days[0]]
    return entered[0] == entered[1] if len(entered) == 2 else one[1:] == other[1:]  # noqa: PLR2004 - of both


def _rank(name: str) -> tuple[str, int, str]:
    series, _, number = name.rpartition(" ")
    return series, int(number[:18]) if number.isdecimal() else 0, number


def _said(what: Phrase, names: Sequence[str], *, of_accounts: bool = False) -> Text | None:
    kind = [name.removeprefix(_ACCOUNT) for name in names if name.startswith(_ACCOUNT) is of_accounts]
    more = (words.AND_MORE(number=len(kind) - _NAMED),) if len(kind) > _NAMED else ()
    return what(number=len(kind), names=(*kind[:_NAMED], *more)) if kind else None


def content_of(part: LedgerPartRead) -> str:
    """Return a part as it is kept."""
    return raw_of(part).decode()
