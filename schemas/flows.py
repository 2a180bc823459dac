"""What flows have alike: what they remember, a rule's word that something waits, its answer and its end. Pure."""

from dataclasses import dataclass

from pydantic import BaseModel, ConfigDict

from schemas.base import Message, Who
from schemas.commands import Choice, HoldForReview, How
from schemas.corrections import CorrectionApproved
from schemas.events import ChecksPassed, ClosingApproved, ReviewAnswered
from schemas.settings import SettingsApplied
from schemas.words import Text


class Remembered(BaseModel):
    """A value in a flow's state. A field that it does not know is of a later version: it is not dropped unseen."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)  # built when the first is read


@dataclass(frozen=True, slots=True)
class Held:
    """It waits for a person: why, in words for them; and what can be answered.

    Attributes:
        can_be_given_up: where a flow lets a person give up what waits: that may be answered too.
    """

    reason: str
    message: Text
    lines: tuple[Text | str, ...] = ()
    choices: tuple[Choice, ...] = ()
    who: Who = "accountant"
    can_be_given_up: bool = True


def answered(hold: HoldForReview | None, fact: ReviewAnswered, tenant: str) -> HoldForReview | None:
    """Return the open hold where a person gives one of the answers that it offers; None: it is not asked any more."""
    if hold is None or hold.id_in(tenant) != fact.hold_id:
        return None
    return hold if fact.answer in {choice.answer for choice in hold.choices} else None


def ended(message: Message, newer: type[Message]) -> How:
    """Return how a hold ends with what a message brings. ``newer``: the message that brings newer content."""
    match message:
        case SettingsApplied():
            return "settings_changed"
        case ChecksPassed():
            return "checks_passed"
        case ReviewAnswered() | CorrectionApproved() | ClosingApproved():
            return "answered"
    return "superseded" if isinstance(message, newer) else "booked"
