"""What the rules look at: a batch that came, or one of its entries, with all that is known. Pure."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import wraps
from typing import TypeVar

from schemas.base import Message
from schemas.commands import PostVoucher, VoucherRow
from schemas.events import ClosingEntriesReady, ClosingEntry
from schemas.settings import YearEndSettings
from streams.yearend.state import Origin, Standing, State
from streams.yearend.verdict import Verdict

_LONGEST_ROW_TEXT = 100


@dataclass(frozen=True, slots=True)
class _Case:
    """What is known of a key.

    Attributes:
        key: of the batch or entry.
        state: what has become of it so far.
        message: what is decided on.
        settings: what the company has chosen; None: nothing yet.
        organisation_number: whose books these are, as far as is known.
        refused: the awaited order that the message says was not carried out.
    """

    key: str
    state: State
    message: Message
    settings: YearEndSettings | None
    organisation_number: str | None
    refused: PostVoucher | None


@dataclass(frozen=True, slots=True)
class BatchCase(_Case):
    """A batch, before its entries are taken in. ``before``: where those came from that it has had; None: it is new."""

    batch: ClosingEntriesReady
    before: Origin | None


@dataclass(frozen=True, slots=True)
class EntryCase(_Case):
    """One entry. ``twins``: those of other batches that book the same, and stand in the ledger or are on their way."""

    entry: ClosingEntry
    origin: Origin
    twins: Mapping[str, State]

    @property
    def unfit(self) -> Standing | None:
        """The voucher that is to be taken back next, for the ledger to have the newest content: the last one first."""
        main, turn = self.state.part("entry"), self.state.part("accrual")
        if main and (self.state.gone or main.revision != self.state.revision):
            return turn or main
        fits = turn is None or (main and turn.revision == self.state.revision and self.entry.reverse_on)
        return None if fits else turn


Case = BatchCase | EntryCase
Rule = Callable[[Case], Verdict | None]
_Said = TypeVar("_Said", bound=Verdict)


def of_batches(rule: Callable[[BatchCase], _Said | None]) -> Callable[[Case], _Said | None]:
    """Let a rule say nothing of entries."""

    @wraps(rule)
    def asked(case: Case) -> _Said | None:
        return rule(case) if isinstance(case, BatchCase) else None

    return asked


def of_entries(rule: Callable[[EntryCase], _Said | None]) -> Callable[[Case], _Said | None]:
    """Let a rule say nothing of batches."""

    @wraps(rule)
    def asked(case: Case) -> _Said | None:
        return rule(case) if isinstance(case, EntryCase) else None

    return asked


def rows_of(entry: ClosingEntry) -> tuple[VoucherRow, ...]:
    """Return the voucher's rows of an entry that every rule has let through."""
    return tuple(
        VoucherRow(
            account=row.account,
            debit=row.debit,
            credit=row.credit,
            cost_centre=row.cost_centre,
            text=(row.text or "")[:_LONGEST_ROW_TEXT] or None,
            project=row.project,
        )
        for row in entry.rows
    )
