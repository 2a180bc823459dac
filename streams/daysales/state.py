"""What is remembered of a day. Pure."""

from datetime import date
from uuid import UUID

from pydantic import AwareDatetime

from schemas.commands import HoldForReview, PostVoucher, VoucherRef
from schemas.events import DayClosed
from schemas.flows import Remembered
from streams.daysales.identity import Sighting


class Booked(Remembered):
    """The day's voucher in Fortnox, and the one that reversed it.

    ``order`` is None when what was ordered is not remembered here, or was ordered under other settings than the journal
    carried out (a database that was restored): its rows stand in the journal and in Fortnox, not here.
    """

    voucher: VoucherRef
    revision: str
    order: PostVoucher | None
    reversed_by: VoucherRef | None = None


class RefusedOrder(Remembered):
    """The last order that Fortnox refused; the next one replaces it. ``order`` is None as in ``Booked``."""

    order_id: UUID
    order: PostVoucher | None


class RefusedReport(Remembered):
    """A file beside the voucher that Fortnox did not take: the order, and why."""

    order_id: UUID
    why: str


class Correction(Remembered):
    """A person's approval that a voucher is reversed and the day booked anew: of which content, and as what."""

    voucher: VoucherRef
    revision: str
    content: str
    planned_by: str
    approved_by: str


class Counted(Remembered):
    """A report that a person counted to this one, so that it can be taken out again.

    Attributes:
        report: its key.
        doubts: the reports that it was in doubt about.
        reports: what came under its counter as its own.
        before: the content that it took the place of, if it did; ``came_at`` and ``answers`` are that one's.
    """

    report: str
    doubts: tuple[str, ...]
    reports: tuple[Sighting, ...]
    before: DayClosed | None = None
    came_at: AwareDatetime | None = None
    answers: tuple[str, ...] = ()


class Made(Remembered):
    """A voucher that an order came out with."""

    order_id: UUID
    voucher: VoucherRef


class State(Remembered):
    """One report as far as it has come, or (``reports``) what is known under a counter: system, register, Z number.

    A report from before stores and dates were in its key has that of its counter, so that one state can be both.

    Attributes:
        day: the newest content.
        seen: the revisions seen; the last one is ``day``'s.
        awaits: Fortnox's answer to an order, a person's answer to a hold, or (None) nothing.
        booked: the voucher that stands for the day, perhaps with the one that reversed it.
        surplus: further vouchers for the same day, which a person must reverse.
        rejected: the refused order that the next one replaces.
        answers: what a person answered about this content.
        holds: how many holds there have been; it numbers the next one.
        done: the orders whose outcome is known; none of them is given again.
        made: the vouchers that they came out with; of orders from before this was remembered there is none.
        doubts: the reports that this may be; a person says.
        part_of: the report that this was counted to, as a person said.
        counted: the reports that were counted to this one; of those from before this was remembered there is none.
        reports: of a counter: the contents that came under it.
        beside: the vouchers that the report was put beside, or is being.
        not_beside: the last refusal of that.
        attaching: the last order of that, until its outcome is known.
        came_at: when the newest content was accepted; None: nobody has said.
        opens_on: the first day after the locked period that Fortnox refused a voucher for, when it did so last.
        plans: the plans of corrections by which the day was approved; none counts twice.
        correction: the last of these approvals that was of how the day stood.
        suspect: the voucher that may have taken the standing one back already.
    """

    day: DayClosed | None = None
    seen: tuple[str, ...] = ()
    awaits: PostVoucher | HoldForReview | None = None
    booked: Booked | None = None
    surplus: tuple[VoucherRef, ...] = ()
    rejected: RefusedOrder | None = None
    answers: tuple[str, ...] = ()
    holds: int = 0
    done: tuple[UUID, ...] = ()
    made: tuple[Made, ...] = ()
    doubts: tuple[str, ...] = ()
    part_of: str | None = None
    counted: tuple[Counted, ...] = ()
    reports: tuple[Sighting, ...] = ()
    beside: tuple[VoucherRef, ...] = ()
    not_beside: RefusedReport | None = None
    attaching: UUID | None = None
    came_at: AwareDatetime | None = None
    opens_on: date | None = None
    plans: tuple[UUID, ...] = ()
    correction: Correction | None = None
    suspect: VoucherRef | None = None

    @property
    def revision(self) -> str:
        """The newest content's revision."""
        return self.seen[-1] if self.seen else ""

    @property
    def standing(self) -> Booked | None:
        """The voucher that counts in the ledger: booked and not reversed."""
        return self.booked if self.booked and not self.booked.reversed_by else None

    @property
    def to_correct(self) -> Correction | None:
        """The approval by which the voucher that stands is to be corrected; none of another voucher or content."""
        approved, standing = self.correction, self.standing
        is_of_it = approved and standing and (approved.voucher, approved.revision) == (standing.voucher, self.revision)
        return approved if is_of_it else None

    @property
    def hold(self) -> HoldForReview | None:
        """The open hold."""
        return self.awaits if isinstance(self.awaits, HoldForReview) else None
