"""What is remembered of a batch of closing entries, of each entry, and of what books the same. Pure."""

from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal
from typing import Literal
from uuid import UUID

from schemas import ids
from schemas.base import Day
from schemas.commands import HoldForReview, PostVoucher, VoucherRef, VoucherRow
from schemas.events import ClosingEntriesReady, ClosingEntry, EntryRow
from schemas.flows import Remembered
from schemas.ledger import booked
from schemas.money import LARGEST, ZERO, text
from schemas.plans import Obstacle

Part = Literal["entry", "accrual"]
"""Which of an entry's vouchers: its own, or the one that takes an accrual back on its day."""
GONE = "gone"
"""The content of an entry that the newest version of its batch has no more."""


class Origin(Remembered):
    """Where an entry came from, whose books it names, and what its batch says of itself that a person wants to know."""

    batch: str
    version: int
    year_from: Day
    year_to: Day
    organisation_number: str
    database_number: int | None
    submitted_by: str
    findings: tuple[Obstacle, ...] = ()


class Approval(Remembered):
    """A person's word that an entry is booked (or taken back) as a plan showed it: ``content`` is what it showed."""

    content: str
    series: str
    planned_by: str
    approved_by: str


class Standing(Remembered):
    """A voucher of an entry that stands in the ledger. ``order`` is None when it is not one of ours, or not known.

    ``joined``: a person said that it is the entry's.
    """

    part: Part
    revision: str
    voucher: VoucherRef
    order: PostVoucher | None
    joined: bool = False


class TakenBack(Remembered):
    """A voucher that stands no more, and what reversed it; None: a person, by hand."""

    part: Part
    voucher: VoucherRef
    by: VoucherRef | None


class RefusedOrder(Remembered):
    """The last order that Fortnox refused; the next one replaces it. ``revision``: of what it was to book."""

    order_id: UUID
    order: PostVoucher | None
    revision: str = ""


class State(Remembered):
    """A batch as it came last, one entry as far as it has come, or (``alike``) the entries that book the same.

    Attributes:
        batch: of a batch: the newest content.
        seen: the revisions of the batch; the last one is ``batch``'s.
        taken: the revision whose entries were taken in.
        entries: the keys of the entries that it has ever had.
        entry: of an entry: the newest content; what is gone keeps its last one.
        origin: where that came from.
        gone: the newest version of the batch has it no more.
        approval: what a person approved of it last.
        plans: the plans that it was approved with.
        standing: its vouchers in the ledger.
        taken_back: those that were reversed.
        surplus: vouchers that stand twice, which a person must reverse.
        suspect: the voucher that may be this entry, booked by hand or by a file.
        is_unknown: no answer came to the order that it awaits.
        awaits: Fortnox's answer to an order, a person's answer to a hold, or (None) nothing.
        rejected: the refused order that the next one replaces.
        answers: what a person answered about this content.
        holds: how many holds there have been; it numbers the next one.
        done: the orders whose outcome is known; none of them is given again.
        alike: of a day with sums on accounts: the keys of the entries that were to book just that.
    """

    batch: ClosingEntriesReady | None = None
    seen: tuple[str, ...] = ()
    taken: str = ""
    entries: tuple[str, ...] = ()
    entry: ClosingEntry | None = None
    origin: Origin | None = None
    gone: bool = False
    approval: Approval | None = None
    plans: tuple[UUID, ...] = ()
    standing: tuple[Standing, ...] = ()
    taken_back: tuple[TakenBack, ...] = ()
    surplus: tuple[VoucherRef, ...] = ()
    suspect: VoucherRef | None = None
    is_unknown: bool = False
    awaits: PostVoucher | HoldForReview | None = None
    rejected: RefusedOrder | None = None
    answers: tuple[str, ...] = ()
    holds: int = 0
    done: tuple[UUID, ...] = ()
    alike: tuple[str, ...] = ()

    @property
    def revision(self) -> str:
        """The newest content's revision."""
        if self.entry is not None:
            return ids.revision(self.entry)
        return self.seen[-1] if self.seen else ""

    @property
    def content(self) -> str:
        """What a plan shows and a person approves: the entry's revision, or that it is gone."""
        return GONE if self.gone else self.revision

    @property
    def year(self) -> tuple[date, date] | None:
        """The year that its batch names, by its first and its last day."""
        return (self.origin.year_from, self.origin.year_to) if self.origin else None

    @property
    def approved(self) -> Approval | None:
        """The approval of what the entry is now."""
        return self.approval if self.approval and self.approval.content == self.content else None

    @property
    def hold(self) -> HoldForReview | None:
        """The open hold."""
        return self.awaits if isinstance(self.awaits, HoldForReview) else None

    def part(self, part: Part) -> Standing | None:
        """Return the voucher that stands for a part."""
        return next((one for one in self.standing if one.part == part), None)

    @property
    def stands_as_it_is(self) -> bool:
        """Whether the ledger has the newest content, whole."""
        main, turn = self.part("entry"), self.part("accrual")
        if main is None or self.entry is None:
            return self.gone and turn is None
        turned = turn is not None and turn.revision == self.revision
        demanded = self.entry.reverse_on is not None
        return not self.gone and main.revision == self.revision and turned == demanded


def taken_from(batch: State, states: Mapping[str, State]) -> Origin | None:
    """Return where the entries came from that a batch has had, of its newest version that was taken in."""
    found = [states[one].origin for one in batch.entries]
    return max(filter(None, found), key=lambda origin: origin.version, default=None)


def of_other_years(one: Origin | ClosingEntriesReady, other: Origin | ClosingEntriesReady) -> bool:
    """Tell whether two batches of one name are of years that share no day."""
    in_order = one.year_from <= one.year_to and other.year_from <= other.year_to
    return in_order and (one.year_to < other.year_from or other.year_to < one.year_from)


def newest_before(batch: ClosingEntriesReady, own: State, states: Mapping[str, State]) -> int:
    """Return the highest version that came of a batch in its year; 0: none did. Of another year it counts anew."""
    known: tuple[Origin | ClosingEntriesReady | None, ...] = (own.batch, taken_from(own, states))
    return max((one.version for one in known if one and not of_other_years(one, batch)), default=0)


def total(entry: ClosingEntry) -> Decimal | None:
    """Return the debit of all rows of an entry; None: it is more than an amount can be."""
    debit = sum((row.debit for row in entry.rows), ZERO)
    return debit if abs(debit) < LARGEST else None


def alike_key(entry: ClosingEntry) -> str:
    """Return the key that all entries share which book the same: the same day, and the same by ``booked``."""
    return _alike(entry.entry_date, entry.rows)


def booked_key(standing: Standing, entry: ClosingEntry) -> str:
    """Return the key of what books the same as a voucher that stands; of one whose rows are not known, as its entry."""
    order = standing.order
    return alike_key(entry) if order is None else _alike(order.voucher_date, order.rows)


def _alike(day: date, rows: Iterable[EntryRow | VoucherRow]) -> str:
    sums = booked((row.account, row.cost_centre, row.project, row.debit - row.credit) for row in rows)
    return f"={ids.digest([str(day), sorted([*place, text(amount)] for place, amount in sums.items())])[:16]}"


def entry_key(batch: str, number: str) -> str:
    """Return an entry's key: its batch, ``#`` (which is in no code) and its number."""
    return f"{batch}#{number}"
