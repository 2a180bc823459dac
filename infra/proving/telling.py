"""What a proof says of each difference: what is wrong, and what to do. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from infra import proof_words as words
from infra.proving.books import Content, Entry, Posted, by_account, kronor
from infra.proving.doubles import Double, Likeness
from schemas import ids
from schemas.proofs import AccountDifference, Difference, DifferenceKind
from schemas.words import Phrase, Text

_NAMED: Final = 10
"""Rows and vouchers that one difference names."""
_LONGEST: Final = 1000
"""Of a message in English: names and numbers out of a file can be long. Its words keep them all."""

_LIKENESS: Final[Mapping[Likeness, Phrase]] = {
    "the same rows": words.SAME_ROWS,
    "the same amounts on other accounts": words.SAME_AMOUNTS,
    "the same sales and VAT": words.SAME_SALES,
    "rounded": words.ROUNDED,
}


def doubled(double: Double) -> Difference:
    """Return what was booked twice as a difference."""
    ours, theirs = _listed(p.name for p in double.ours), _listed(e.name for e in double.theirs)
    days = _listed(str(p.day) for p in double.ours)
    said = words.HOLD_OURS if len(double.theirs) > 1 else words.HOLDS_OURS
    message = said(theirs=theirs, ours=ours, days=days, likeness=likeness(double.likeness))
    amounts = by_account(*(e.content for e in double.theirs))
    return difference("booked_twice", double.ours[0], double.theirs, amounts, message, double.ours[0].key)


def likeness(found: Likeness) -> Text:
    """Return how alike two are, to be filled into a text."""
    return _LIKENESS[found]()


def difference(
    kind: DifferenceKind,
    voucher: Posted | Entry,
    others: Iterable[Entry],
    amounts: Mapping[str, int],
    message: Text,
    key: str,
    *,
    besides: Sequence[object] = (),
) -> Difference:
    """Return a difference about a voucher.

    Args:
        others: further vouchers that are part of it.
        amounts: what the ledger has more than we posted, by account.
        besides: what else tells it from another one, where vouchers and amounts do not.
    """
    names = tuple(e.name for e in others if e is not voucher)
    accounts = tuple((account, f"{kronor(amount):.2f}") for account, amount in sorted(amounts.items()))
    said = words.DIFFERENCE(what=message, do=words.WHAT_TO_DO[kind]())
    return Difference(
        id=ids.digest([kind, key, voucher.name, str(voucher.day), names, accounts, *besides])[:12],
        kind=kind,
        voucher=voucher.name,
        day=voucher.day,
        others=tuple(n for n in names if n != voucher.name)[:_NAMED],
        key=key,
        accounts=tuple(
            AccountDifference(account=account, amount=kronor(amount)) for account, amount in sorted(amounts.items())
        ),
        message=said.english[:_LONGEST],
        wording=said.wording,
    )


def called(posted: Posted) -> Text:
    """Return how a voucher of ours is called: its name, its day, and what it is of."""
    return words.OURS(name=posted.name, day=posted.day, key=posted.key)


def rows_that_differ(was: Content, now: Content) -> list[Text]:
    """Say of each account what it was and is; of many the first ones."""
    before, after = dict(was), dict(now)
    places = [place for place in sorted({*before, *after}) if before.get(place) != after.get(place)]
    said = [
        words.ROW_DIFFERS(
            place=" ".join((account, *(code for _, code in objects))),
            was=kronor(before.get((account, objects), 0)),
            now=kronor(after.get((account, objects), 0)),
        )
        for account, objects in places
    ]
    return said[:_NAMED] + ([words.MORE_ROWS(number=len(said) - _NAMED)] if len(said) > _NAMED else [])


def _listed(names: Iterable[str]) -> Text:
    all_names = list(dict.fromkeys(names))
    more = [words.MORE(number=len(all_names) - _NAMED)] if len(all_names) > _NAMED else []
    all_said: list[Text | str] = [*all_names[:_NAMED], *more]
    *said, last = all_said
    return words.LISTED_AND(names=said, last=last) if said else words.LISTED(names=(last,))
