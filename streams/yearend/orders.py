"""The orders that come of what a rule says about a batch or an entry: their identity and their words. Pure.

The same state, message and settings give the same orders with the same ids.
"""

from dataclasses import dataclass
from typing import Final

from schemas import ids
from schemas.base import Message
from schemas.commands import HoldForReview, Order, PostVoucher, spoken
from schemas.events import ChecksPassed, ClosingApproved, ClosingEntriesReady, ReviewAnswered
from schemas.flows import Held, Writer, because_answered, ended
from schemas.money import ZERO
from schemas.settings import SettingsApplied
from schemas.words import Text, named
from streams.yearend import words
from streams.yearend.cases import Case, EntryCase
from streams.yearend.rules import a_refused_voucher_waits
from streams.yearend.state import State, total
from streams.yearend.verdict import DISCARD, KEEP, NAME, RETRY, Booking, Settled, TakenIn, Verdict

LATE: Final = "what_comes_late_undoes_nothing"
"""Named where older content of a batch goes on record; no rule looks at it."""
MOVED: Final = "what_moved_since_the_plan_is_not_approved"
"""Named where an approval goes on record that was of other content than the entry has now."""
WHAT_WAS_REFUSED_GOES_AGAIN: Final = "a_refused_voucher_goes_again_when_its_check_is_green"
"""Named in the order that is given anew because Fortnox was set right, not because of what a rule says."""
_MOST_LINES: Final = 50


def orders(case: Case, rule: str, verdict: Verdict, *, tenant: str, version: int) -> tuple[Order, ...]:
    """Return the orders that bring about what a rule says; an open hold is closed first.

    What leaves a hold as it is, or would be refused as before, asks for nothing.
    """
    message, hold = case.message, case.state.hold
    if isinstance(message, ChecksPassed) and isinstance(verdict, Booking):
        rule = WHAT_WAS_REFUSED_GOES_AGAIN
    writer = EntryWriter(case.key, tenant, rule, version, case.state)
    unchanged = isinstance(message, SettingsApplied | ClosingApproved) and writer.would_repeat(verdict)
    if unchanged or (isinstance(message, SettingsApplied) and _would_be_refused(case.state, verdict)):
        return ()
    closed = (writer.close(hold, ended(message, ClosingEntriesReady), _why(message, verdict)),) if hold else ()
    match verdict:
        case Held():
            return (*closed, writer.hold(verdict))
        case Booking() if isinstance(case, EntryCase):
            insists = isinstance(message, ReviewAnswered) and message.answer == RETRY.answer
            return (*closed, writer.post(verdict, case, insists=insists))
        case _:
            return closed


def was_refused(state: State) -> bool:
    """Tell whether an entry waits because Fortnox refused its voucher."""
    return state.hold is not None and state.hold.rule == a_refused_voucher_waits.__name__


def _would_be_refused(state: State, verdict: Verdict) -> bool:
    """Tell whether Fortnox has refused this very voucher, and nothing in the settings makes it another one."""
    refused = state.rejected.order if was_refused(state) and state.rejected else None
    return isinstance(verdict, Booking) and refused is not None and verdict.is_content_of(refused)


@dataclass(frozen=True, slots=True)
class EntryWriter(Writer):
    """Writes the orders of one batch or entry."""

    FLOW = NAME

    state: State

    def older_content(self, told: ClosingEntriesReady, newer: int) -> tuple[Order, ...]:
        """Return what puts older content of a batch on record: it was accepted, and changes nothing."""
        why = words.OLDER_CONTENT(version=told.version, newer=newer)
        return self.on_record("older_content", why, "superseded", f"late/{ids.revision(told)}")

    def moved(self, approved: ClosingApproved) -> tuple[Order, ...]:
        """Return what puts on record that an approval was of something else than the entry is now."""
        why = words.MOVED_SINCE_THE_PLAN()
        return self.on_record("moved_since_the_plan", why, "superseded", f"moved/{approved.plan_id}")

    def would_repeat(self, verdict: Verdict) -> bool:
        """Tell whether the open hold already says this."""
        hold = self.state.hold
        if hold is None or not isinstance(verdict, Held):
            return False
        anew = self.hold(verdict)
        return (anew.revision, anew.said) == (hold.revision, hold.said)

    def post(self, booking: Booking, case: EntryCase, *, insists: bool) -> PostVoucher:
        """Return the order that posts a voucher. ``insists``: a person says that what was refused will be taken now."""
        rejected = self.state.rejected
        return PostVoucher(
            **self.origin(booking.revision, self.free(booking.step, booking.revision, self.state.done)),
            replaces=rejected.order_id if rejected else None,
            purpose=booking.purpose,
            series=booking.series,
            voucher_date=booking.voucher_date,
            description=booking.text,
            rows=booking.rows,
            relates_to=booking.relates_to,
            takes_back=booking.takes_back.id_in(self.tenant) if booking.takes_back else None,
            insists=insists,
            organisation_number=case.origin.organisation_number,
            database_number=case.origin.database_number,
            look_for_double=booking.look_for_double,
            exempt_from_lock=booking.exempt_from_lock,
        )

    def hold(self, held: Held, step: str = "") -> HoldForReview:
        """Return the order that holds a batch or an entry, and asks what can be answered."""
        giving_up = (KEEP if self.state.standing else DISCARD,) if held.can_be_given_up else ()
        entry, batch = self.state.entry, self.state.batch
        day = entry.entry_date if entry else batch.year_to if batch else None
        return HoldForReview(
            **self.origin(self.state.revision, step or f"hold/{self.state.holds + 1}"),
            reason=held.reason,
            who=held.who,
            **spoken(self.about(held.message), held.lines[:_MOST_LINES]),
            choices=(*held.choices, *giving_up),
            business_date=day,
            amount=total(entry) if entry else None,
        )

    def about(self, said: Text) -> Text:
        """Return what is said of the batch or the entry, with which it is."""
        entry, batch = self.state.entry, self.state.batch
        if entry is not None:
            amount = sum((row.debit for row in entry.rows), ZERO)
            day, text = entry.entry_date, entry.text[:60]
            return words.OF_AN_ENTRY(number=entry.number, day=day, text=text, amount=amount, said=said)
        if batch is not None:
            number = len(batch.entries)
            return words.OF_A_BATCH(batch=batch.batch, system=batch.system, number=number, said=said)
        return words.OF_A_KEY(key=self.key, said=said)


def _because(message: Message) -> Text:
    match message:
        case SettingsApplied(version=version):
            return words.NEW_SETTINGS(version=version)
        case ChecksPassed():
            return words.CHECK_IS_GREEN()
        case ReviewAnswered():
            return because_answered(message, words.ANSWERED, words.GIVEN_UP)
        case ClosingApproved():
            return words.APPROVED()
        case ClosingEntriesReady():
            return words.NEWER_CONTENT()
    return words.FORTNOX_ANSWERED()


def _why(message: Message, verdict: Verdict) -> Text:
    return words.ENDED(why=_because(message), then=_then(verdict))


def _then(verdict: Verdict) -> Text:
    match verdict:
        case Held(reason=reason):
            return words.WAITS_AS(reason=named(NAME, "reason", reason))
        case Booking(step="reverse" | "unturn", relates_to=(original,)):
            return words.IS_REVERSED(voucher=str(original))
        case Booking():
            return words.IS_BOOKED()
        case TakenIn():
            return words.CAN_BE_PLANNED()
        case Settled(because=because):
            return because
