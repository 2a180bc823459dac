"""What a rule may say about a day, and the orders that come of it: their identity and their words. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from itertools import count
from typing import Any, Literal
from uuid import UUID

from schemas import ids
from schemas.audit import Who
from schemas.base import Message
from schemas.commands import Choice, CloseReview, HoldForReview, Order, PostVoucher, VoucherRef, VoucherRow
from schemas.events import ChecksPassed, DayClosed, ReviewAnswered
from schemas.money import text
from schemas.settings import SettingsApplied
from streams.daysales.state import State

NAME = "daysales"
LONGEST_DESCRIPTION = 180
LONGEST_MESSAGE = 2000

DISCARD = Choice(answer="discard", means="Never book this report; it is handled by hand. A newer one opens it again.")
KEEP = Choice(answer="keep", means="Leave the books as they are; the difference is handled by hand.")

Purpose = Literal["book", "reverse", "rebook"]
How = Literal["booked", "settings_changed", "checks_passed", "answered", "superseded", "nothing_to_book"]


@dataclass(frozen=True, slots=True)
class Held:
    """The day waits: why, in words for an accountant; and what can be answered besides giving it up."""

    reason: str
    message: str
    lines: tuple[str, ...] = ()
    choices: tuple[Choice, ...] = ()
    who: Who = "accountant"
    can_be_given_up: bool = True


@dataclass(frozen=True, slots=True)
class Booking:
    """A voucher to post. ``revision`` is that of the content that it books or takes back."""

    purpose: Purpose
    revision: str
    series: str
    voucher_date: date
    description: str
    rows: tuple[VoucherRow, ...]
    relates_to: tuple[VoucherRef, ...] = ()

    def is_content_of(self, order: PostVoucher) -> bool:
        """Tell whether an order would write this voucher."""
        return (self.series, self.voucher_date, self.rows) == (order.series, order.voucher_date, order.rows) and (
            _description(self) == order.description
        )


@dataclass(frozen=True, slots=True)
class Settled:
    """Nothing is to be done. With a message it is put on record, as a hold that is closed at once.

    ``because`` is told where an open hold is closed.
    """

    message: str = ""
    because: str = "nothing more is to be booked"


Verdict = Held | Booking | Settled


@dataclass(frozen=True, slots=True)
class Desk:
    """Writes a day's orders. The same state, message and settings give the same orders with the same ids.

    ``insists``: a person says that what was refused will be taken now.
    """

    key: str
    tenant: str
    state: State
    day: DayClosed
    rule: str
    settings_version: int
    insists: bool = False

    def orders(self, verdict: Verdict, message: Message) -> tuple[Order, ...]:
        """Return what a verdict asks for; an open hold is closed first."""
        hold = self.state.hold
        closed = (self._close(hold, _how(message), _why(message, verdict)),) if hold else ()
        match verdict:
            case Held():
                return (*closed, self._hold(verdict))
            case Booking():
                return (*closed, self._post(verdict))
            case Settled(message=""):
                return closed
            case Settled(message=why):
                return (*closed, *self.on_record("nothing_to_book", why, "nothing_to_book"))

    def on_record(self, reason: str, why: str, how: How) -> tuple[Order, ...]:
        """Return a hold that is closed at once: what is accepted never ends without a trace."""
        # A step of its own: decided again under other settings the day may be held, and must stay open.
        record = self._hold(Held(reason, why, can_be_given_up=False), step="settled")
        return (record, self._close(record, how, why))

    def would_repeat(self, verdict: Verdict) -> bool:
        """Tell whether the open hold already says this."""
        hold = self.state.hold
        if hold is None or not isinstance(verdict, Held):
            return False
        anew = self._hold(verdict)
        return (anew.reason, anew.message, anew.lines, anew.choices) == (
            hold.reason,
            hold.message,
            hold.lines,
            hold.choices,
        )

    def _origin(self, revision: str, step: str) -> Mapping[str, Any]:
        return {
            "flow": NAME,
            "key": self.key,
            "revision": revision,
            "step": step,
            "rule": self.rule,
            "settings_version": self.settings_version,
        }

    def _post(self, booking: Booking) -> PostVoucher:
        rejected = self.state.rejected
        return PostVoucher(
            **self._origin(booking.revision, self._free_step(booking)),
            replaces=rejected.order_id if rejected else None,
            purpose=booking.purpose,
            series=booking.series,
            voucher_date=booking.voucher_date,
            description=_description(booking),
            rows=booking.rows,
            relates_to=booking.relates_to,
            takes_back=self._taken_back(booking),
            insists=self.insists,
        )

    def _taken_back(self, booking: Booking) -> UUID | None:
        """Return the order whose voucher is taken back: its mark stands in that voucher's text."""
        standing = self.state.standing if booking.purpose == "reverse" else None
        return standing.order.id_in(self.tenant) if standing and standing.order else None

    def _free_step(self, booking: Booking) -> str:
        """Return the first of ``book``, ``book/2``, ... whose outcome is not known; a refused order's id is used up."""
        steps = (booking.purpose if n == 1 else f"{booking.purpose}/{n}" for n in count(1))
        return next(step for step in steps if self._id(booking.revision, step) not in self.state.done)

    def _id(self, revision: str, step: str) -> UUID:
        return ids.order_id(tenant=self.tenant, flow=NAME, key=self.key, revision=revision, step=step)

    def _hold(self, held: Held, step: str = "hold") -> HoldForReview:
        giving_up = (KEEP if self.state.standing else DISCARD,) if held.can_be_given_up else ()
        return HoldForReview(
            **self._origin(self.state.revision, f"{step}/{self.state.holds + 1}"),
            reason=held.reason,
            who=held.who,
            message=self._words(held.message),
            lines=held.lines,
            choices=(*held.choices, *giving_up),
            business_date=self.day.business_date,
            amount=self.day.total_sales,
        )

    def _close(self, hold: HoldForReview, how: How, why: str) -> CloseReview:
        return CloseReview(
            **self._origin(hold.revision, f"close/{hold.step}"),
            hold_id=hold.id_in(self.tenant),
            how=how,
            message=self._words(why),
        )

    def _words(self, message: str) -> str:
        day = self.day
        where = f"Store {day.store}, register {day.register_id}, Z {day.z_number} of {day.business_date}"
        return f"{where}, total sales {text(day.total_sales)}: {message}"[:LONGEST_MESSAGE]


def _description(booking: Booking) -> str:
    return booking.description[:LONGEST_DESCRIPTION] or "Dagsavslut"


def _how(message: Message) -> How:
    match message:
        case SettingsApplied():
            return "settings_changed"
        case ChecksPassed():
            return "checks_passed"
        case ReviewAnswered():
            return "answered"
        case DayClosed():
            return "superseded"
    return "booked"


def _why(message: Message, verdict: Verdict) -> str:
    match message:
        case SettingsApplied(version=version):
            why = f"Decided anew under settings version {version}"
        case ChecksPassed():
            why = "What stood in the way in Fortnox does so no longer"
        case ReviewAnswered(answer=answer):
            why = f"A person answered {answer}"
        case DayClosed():
            why = "The till sent newer content"
        case _:
            why = "Fortnox answered an order that this hold did not know of"
    match verdict:
        case Held(reason=reason):
            return f"{why}; the day now waits as {reason}."
        case Booking(purpose="reverse", relates_to=(original,)):
            return f"{why}; {original} is reversed, and the day is booked anew after that."
        case Booking():
            return f"{why}; the day is booked."
        case Settled(because=because):
            return f"{why}; {because}."
