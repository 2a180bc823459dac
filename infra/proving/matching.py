"""Whether a voucher of a ledger is one of ours, and what still counts of both. Pure."""

import re
from collections import defaultdict
from collections.abc import Iterable
from typing import Final

from infra.proving.books import Content, Entry, Posted, opposite

_TELLING: Final = 3
"""Accounts of a voucher that takes another back, though neither its day, its series nor its text says so."""


def standing(ours: Iterable[Posted]) -> list[Posted]:
    """Return ours without what we took back, and without what takes it back."""
    known = list(ours)
    gone = {each for p in known for each in p.takes_back}
    return [p for p in known if not p.takes_back and p.order_id not in gone and p.voucher not in gone]


def lasting(theirs: Iterable[Entry]) -> list[Entry]:
    """Return vouchers without those that take each other back."""
    known = list(theirs)
    waiting: dict[Content, list[int]] = defaultdict(list)
    gone: set[int] = set()  # their places: without a number, two can be equal in all that they say
    for place, entry in sorted(enumerate(known), key=lambda each: each[1].day):
        if before := waiting[opposite(entry.content)]:
            gone |= {place, before.pop()}
        else:
            waiting[entry.content].append(place)
    return [entry for place, entry in enumerate(known) if place not in gone]


def as_posted(entry: Entry, posted: Posted) -> bool:
    """Tell whether a voucher holds what we posted, on its day."""
    return entry.content == posted.content and entry.day == posted.day


def is_of(entry: Entry, posted: Posted) -> bool:
    """Tell whether what stands at our voucher's place is our voucher, changed or not, and no other one."""
    if entry.mark:
        return entry.mark == posted.mark
    if entry.cut and not posted.mark.startswith(entry.cut):
        return False
    if not entry.content or entry.content == posted.content:
        return True
    theirs, ours = _letters(entry.text.removesuffix(entry.cut)), _letters(posted.text)
    if theirs and theirs == ours:
        return True
    if entry.day != posted.day:
        return False
    accounts = {place for place, _ in posted.content}
    shared = accounts & {place for place, _ in entry.content}
    return bool(theirs and ours.startswith(theirs)) or 2 * len(shared) >= len(accounts)


def _letters(text: str) -> str:
    """Return what every code page leaves of a text."""
    return re.sub(r"[^a-z0-9]+", "", text.lower())


def takes_back(entry: Entry, posted: Posted) -> bool:
    """Tell whether a voucher with the opposite content takes ours back: two accounts may be opposite by chance."""
    if entry.day < posted.day:
        return False
    near = entry.series == posted.series or entry.day == posted.day or names(entry, posted)
    return near or len(posted.content) >= _TELLING


def names(entry: Entry, posted: Posted) -> bool:
    """Tell whether a voucher's text names ours."""
    return re.search(rf"(?<!\w){re.escape(posted.series)}[ :-]?{posted.number}(?!\w)", entry.text) is not None
