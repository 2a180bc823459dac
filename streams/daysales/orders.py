"""The orders that come of what a rule says about a day: their identity and their words. Pure.

The same state, message and settings give the same orders with the same ids.
"""

import hashlib
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from schemas.base import Message
from schemas.commands import AttachFile, HoldForReview, Order, PostVoucher, spoken
from schemas.corrections import CorrectionApproved
from schemas.events import ChecksPassed, DayClosed, ReviewAnswered
from schemas.flows import Held, Writer, because_answered, ended
from schemas.settings import SettingsApplied
from schemas.words import Text, named
from streams.daysales import report, words
from streams.daysales.case import Case
from streams.daysales.rules import a_refused_voucher_waits
from streams.daysales.state import State
from streams.daysales.verdict import DISCARD, KEEP, NAME, RETRY, Attachment, Booking, Settled, Verdict

LATE: Final = "what_comes_late_undoes_nothing"
"""Named where older content of a report goes on record; no rule looks at it."""
MOVED: Final = "what_moved_since_the_plan_is_not_approved"
"""Named where an approval goes on record that was of something else than what stands for the day now."""
WHAT_WAS_REFUSED_GOES_AGAIN: Final = "a_refused_voucher_goes_again_when_its_check_is_green"
"""Named in the order that is given anew because Fortnox was set right, not because of what a rule says of the day."""


def orders(case: Case, rule: str, verdict: Verdict, *, tenant: str, version: int) -> tuple[Order, ...]:
    """Return the orders that bring about what a rule says; an open hold is closed first.

    Other settings under which a report waits as before, or would be refused as before, ask for nothing.
    """
    message, hold = case.message, case.state.hold
    if isinstance(message, ChecksPassed) and isinstance(verdict, Booking):
        rule = WHAT_WAS_REFUSED_GOES_AGAIN
    writer = _Writer(case.key, tenant, rule, version, case.state, case.day)
    unchanged = isinstance(message, SettingsApplied | CorrectionApproved) and writer.would_repeat(verdict)
    if unchanged or (isinstance(message, SettingsApplied) and _would_be_refused(case.state, verdict)):
        return ()
    closed = (writer.close(hold, ended(message, DayClosed), _why(message, verdict)),) if hold else ()
    match verdict:
        case Held():
            return (*closed, writer.hold(verdict))
        case Booking():
            insists = isinstance(message, ReviewAnswered) and message.answer == RETRY.answer
            return (*closed, writer.post(verdict, insists=insists))
        case Attachment():
            return (*closed, writer.attach(verdict))
        case Settled(message=why, reason=reason, how=how):
            return (*closed, *(writer.on_record(reason, why, how) if why else ()))


def older_content(key: str, state: State, told: DayClosed, *, tenant: str, version: int) -> tuple[Order, ...]:
    """Return what puts older content of a report on record: it was accepted, and changes nothing."""
    if state.day is None:
        return ()
    is_lower = told.amendment < state.day.amendment
    why = (
        words.OLDER_CONTENT(amendment=told.amendment, newer=state.day.amendment)
        if is_lower
        else words.ACCEPTED_BEFORE()
    )
    return _Writer(key, tenant, LATE, version, state, told).on_record("older_content", why, "superseded")


def not_approved(key: str, state: State, *, tenant: str, version: int) -> tuple[Order, ...]:
    """Return what puts on record that an approval was of something else than what stands for the day."""
    if state.day is None:
        return ()
    why = words.MOVED_SINCE_THE_PLAN()
    return _Writer(key, tenant, MOVED, version, state, state.day).on_record("moved_since_the_plan", why, "superseded")


def was_refused(state: State) -> bool:
    """Tell whether a report waits because Fortnox refused its voucher."""
    return state.hold is not None and state.hold.rule == a_refused_voucher_waits.__name__


def _would_be_refused(state: State, verdict: Verdict) -> bool:
    """Tell whether Fortnox has refused this very voucher, and nothing in the settings makes it another one."""
    refused = state.rejected.order if was_refused(state) and state.rejected else None
    return isinstance(verdict, Booking) and refused is not None and verdict.is_content_of(refused)


@dataclass(frozen=True, slots=True)
class _Writer(Writer):
    """Writes the orders of one report."""

    FLOW = NAME

    state: State
    day: DayClosed

    def would_repeat(self, verdict: Verdict) -> bool:
        """Tell whether the open hold already says this."""
        hold = self.state.hold
        if hold is None or not isinstance(verdict, Held):
            return False
        return self.hold(verdict).said == hold.said

    def post(self, booking: Booking, *, insists: bool) -> PostVoucher:
        """Return the order that posts a voucher. ``insists``: a person says that what was refused will be taken now."""
        rejected = self.state.rejected
        return PostVoucher(
            **self.origin(booking.revision, self.free(booking.purpose, booking.revision, self.state.done)),
            replaces=rejected.order_id if rejected else None,
            purpose=booking.purpose,
            series=booking.series,
            voucher_date=booking.voucher_date,
            description=booking.text,
            rows=booking.rows,
            relates_to=booking.relates_to,
            takes_back=self._taken_back(booking),
            followed_by=booking.followed_by,
            insists=insists,
            look_for_double=booking.look_for_double,
        )

    def attach(self, attachment: Attachment) -> AttachFile:
        """Return the order that puts the report beside its voucher: the till's own, else one that is made here."""
        revision, refused = self.state.revision, self.state.not_beside
        own, content = self.day.pdf, b"" if self.day.pdf else report.pdf(self.day)
        return AttachFile(
            **self.origin(revision, self.free("attach", revision, self.state.done)),
            replaces=refused.order_id if refused else None,
            voucher=attachment.voucher,
            name=report.name(self.day),
            sha256=own.sha256 if own else hashlib.sha256(content).hexdigest(),
            content=content,
        )

    def _taken_back(self, booking: Booking) -> UUID | None:
        """Return the order whose voucher is taken back: its mark stands in that voucher's text."""
        standing = self.state.standing if booking.purpose == "reverse" else None
        return standing.order.id_in(self.tenant) if standing and standing.order else None

    def hold(self, held: Held, step: str = "hold") -> HoldForReview:
        """Return the order that holds the day, and asks what can be answered."""
        giving_up = (KEEP if self.state.standing else DISCARD,) if held.can_be_given_up else ()
        return HoldForReview(
            **self.origin(self.state.revision, f"{step}/{self.state.holds + 1}"),
            reason=held.reason,
            who=held.who,
            **spoken(self.about(held.message), held.lines),
            choices=(*held.choices, *giving_up),
            business_date=self.day.business_date,
            amount=self.day.total_sales,
        )

    def about(self, said: Text) -> Text:
        """Return what is said of the report, with which it is."""
        day = self.day
        return words.OF_A_REPORT(
            store=day.store,
            register=day.register_id,
            z=day.z_number,
            day=day.business_date,
            total=day.total_sales,
            said=said,
        )


def _because(message: Message) -> Text:
    match message:
        case SettingsApplied(version=version):
            return words.NEW_SETTINGS(version=version)
        case ChecksPassed():
            return words.CHECK_IS_GREEN()
        case ReviewAnswered():
            return because_answered(message, words.ANSWERED, words.GIVEN_UP)
        case CorrectionApproved():
            return words.APPROVED()
        case DayClosed():
            return words.NEWER_CONTENT()
    return words.FORTNOX_ANSWERED()


def _why(message: Message, verdict: Verdict) -> Text:
    return words.ENDED(why=_because(message), then=_then(verdict))


def _then(verdict: Verdict) -> Text:
    match verdict:
        case Held(reason=reason):
            return words.WAITS_AS(reason=named(NAME, "reason", reason))
        case Booking(purpose="reverse", relates_to=(original,)):
            return words.IS_REVERSED(voucher=str(original))
        case Booking():
            return words.IS_BOOKED()
        case Attachment():
            return words.IS_ATTACHED()
        case Settled(because=because):
            return because
