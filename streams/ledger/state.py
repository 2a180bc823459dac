"""What is remembered of a year, of each part that was read of one, and of what somebody asked for. Pure.

Parts are kept by their content, so that a year can become another one at once: those of the year as everybody sees it,
and those of the last reading, until there is a later one. Who reads a year finds in ``now.parts`` which are its own.
"""

from collections.abc import Iterable
from typing import Final

from schemas.commands import HoldForReview
from schemas.flows import Remembered
from schemas.ledger import LedgerPart, LedgerRequested, LedgerRetrieved, LedgerSource, LedgerSourceChosen, ReadLedger
from schemas.words import Wording

_SHORT: Final = 16
CONTENT: Final = "/content"


class State(Remembered):
    """One key: a part, its content, a year, or a request.

    Attributes:
        things: of a part: its accounts and vouchers by name, each with what tells it from another (``differing``).
        content: of a part: its JSON, under a key of its own, which is read only when it leaves.
        now: the year as everybody sees it.
        next: a later reading that is not the year: parts of it are on their way, or a person decides.
        missing: the parts of ``next`` that have not come.
        answer: what a person says about ``next``.
        keeps: a person keeps what was loaded from a file, whatever Fortnox has.
        chosen: where the year is to come from, as was chosen last.
        difference: between the year and what it was before, in lines; and the words of each.
        asked: what somebody asked for last.
        seen: the revisions of what was asked for, the last ones.
        awaits: the order whose outcome is not known.
        failed: why the last one was not carried out; and the words of it.
        hold: the open hold.
        given: how many holds there were; it numbers the next one.
    """

    things: dict[str, str] | None = None
    content: str = ""
    now: LedgerRetrieved | None = None
    next: LedgerRetrieved | None = None
    missing: tuple[str, ...] = ()
    answer: str = ""
    keeps: bool = False
    chosen: LedgerSourceChosen | None = None
    difference: tuple[str, ...] = ()
    difference_wordings: tuple[Wording | None, ...] = ()
    asked: LedgerRequested | None = None
    seen: tuple[str, ...] = ()
    awaits: ReadLedger | None = None
    failed: str = ""
    failed_wording: Wording | None = None
    hold: HoldForReview | None = None
    given: int = 0

    @property
    def chosen_source(self) -> LedgerSource | None:
        """Where the year is to come from; None: nobody has chosen."""
        return self.chosen.source if self.chosen else None

    @property
    def known(self) -> frozenset[LedgerPart]:
        """The parts that are kept for the year and for the last reading of it."""
        return parts_of(self.now) | parts_of(self.next)


def parts_of(reading: LedgerRetrieved | None) -> frozenset[LedgerPart]:
    """Return the parts of a reading; none of none."""
    return frozenset(reading.parts) if reading else frozenset()


def key_of(year: str, part: LedgerPart) -> str:
    """Return the key under which is kept what is in a part."""
    return f"{year}/{part.part}@{part.sha256[:_SHORT]}"


def keys_of(year: str, parts: Iterable[LedgerPart]) -> tuple[str, ...]:
    """Return all keys of parts, their contents' as well."""
    return tuple(key for part in parts for key in (key_of(year, part), key_of(year, part) + CONTENT))
