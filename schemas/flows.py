"""What flows have alike: what they remember, a rule's word that something waits, its answer and its end. Pure."""

from abc import ABC, abstractmethod
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Final, Protocol
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from schemas import ids
from schemas.audit import DISCARDED, AuditRecord
from schemas.base import Message, Who
from schemas.commands import Choice, CloseReview, HoldForReview, How, Order, reason_of, spoken
from schemas.corrections import CorrectionApproved
from schemas.events import ChecksPassed, ClosingApproved, ReviewAnswered
from schemas.identities import shown_organisation, ten_digits
from schemas.settings import SettingsApplied
from schemas.words import Phrase, Text, named

GIVE_UP: Final = "discard"
"""The answer by which a person gives up what waits: it is never booked."""
LEAVE: Final = "keep"
"""The answer by which a person gives up what waits where something stands: that stays as it is."""
REOPEN: Final = "reopen"
"""The answer by which a person takes up again what was given up: to the hold by whose answer it was."""
JOIN: Final = "same"
"""The answer by which a person says that what waits is something that is known: it is decided there."""
_GIVES_UP: Final = frozenset({GIVE_UP, LEAVE, JOIN})


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


def another_company(named: str | None, own: str | None, said: Phrase, *choices: Choice, **values: Any) -> Held | None:
    """Hold what names another company than the one whose books these are; what is not known passes.

    Args:
        named: ten digits, as what came says.
        own: the company's own number, however it was written.
        said: that it is another one's, of both numbers and ``values``.
    """
    if named is None or own is None or named == ten_digits(own):
        return None
    message = said(**values, named=shown_organisation(named), own=shown_organisation(ten_digits(own)))
    return Held("another_company", message, choices=choices, who="operator")


def not_done(record: AuditRecord, discarded: Text, refused: Text, retry: Choice, *more: Choice) -> Held:
    """Hold what was not carried out: a person discarded it, or a system refused it; each is said by its flow.

    Args:
        more: what else can be answered to a refusal.
    """
    if record.code == DISCARDED:
        return Held(DISCARDED, discarded, choices=(retry,), who=record.who or "operator")
    return Held(reason_of(record.code), refused, choices=(retry, *more), who=record.who or "accountant")


def step_of(record: AuditRecord) -> str:
    """Return what the order was for: the step ``book/2`` is a second try to book."""
    return record.step.partition("/")[0]


def answered(hold: HoldForReview | None, fact: ReviewAnswered, tenant: str) -> HoldForReview | None:
    """Return the open hold where a person gives one of the answers that it offers; None: it is not asked any more."""
    if hold is None or hold.id_in(tenant) != fact.hold_id:
        return None
    return hold if fact.answer in {choice.answer for choice in hold.choices} else None


class Answerable(Protocol):
    """What a flow remembers of something that a person may be asked about."""

    @property
    def revision(self) -> str:
        """The newest content's revision."""

    @property
    def awaits(self) -> object:
        """What it waits for: an answer of a system or a person, or (None) nothing."""

    @property
    def answers(self) -> tuple[str, ...]:
        """What a person answered about this content."""

    @property
    def holds(self) -> int:
        """How many holds there have been."""


def given_up(state: Answerable, hold: HoldForReview) -> bool:
    """Tell whether a person gave it up, and may take it up again by an answer to this hold: once, of newest content."""
    is_of_it = hold.step.startswith("hold/") and hold.revision == state.revision
    return _is_given_up(state) and is_of_it and _taken_up(hold.step) not in state.answers


def reopened(state: Answerable, fact: ReviewAnswered, tenant: str) -> tuple[str, ...] | None:
    """Return the answers that are left where a person takes up again what was given up; None: nothing is taken up.

    A hold takes it up once, and is remembered among the answers: told again, after it was given up once more, it does
    not. What is older content's takes up nothing. What was answered before counts no longer: who gave up may have
    booked it by hand since, so that a double is looked for again.
    """
    if fact.answer != REOPEN or not _is_given_up(state):
        return None
    known = {"tenant": tenant, "flow": fact.flow, "key": fact.about, "revision": state.revision}
    steps = (f"hold/{number}" for number in range(1, state.holds + 1))
    step = next((each for each in steps if ids.order_id(**known, step=each) == fact.hold_id), None)
    if step is None or _taken_up(step) in state.answers:
        return None
    return (*(answer for answer in state.answers if answer.startswith(_taken_up(""))), _taken_up(step))


def _is_given_up(state: Answerable) -> bool:
    return state.awaits is None and not _GIVES_UP.isdisjoint(state.answers)


def _taken_up(step: str) -> str:
    """Return what is remembered of a hold by which something was taken up again."""
    return f"{REOPEN}/{step}"


def because_answered(fact: ReviewAnswered, answered: Phrase, discarded: Phrase) -> Text:
    """Say what a person answered, in a flow's words; who gave up money, and why, stays in the trail for ever."""
    answer = named(fact.flow, "answer", fact.answer)
    if fact.answer == GIVE_UP and fact.comment:
        return discarded(answer=answer, by=fact.answered_by, why=fact.comment)
    return answered(answer=answer)


def may_go_on(hold: HoldForReview | None, message: Message) -> bool:
    """Tell whether what waits is looked at again: its settings are others, or a check of its reason is green."""
    match message:
        case SettingsApplied():
            return hold is not None
        case ChecksPassed(codes=codes):
            return hold is not None and hold.reason in codes
    return False


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


@dataclass(frozen=True, slots=True)
class Writer(ABC):
    """Writes the orders about one key: where each came from, its id, and how what waits is begun and ended."""

    FLOW: ClassVar[str]

    key: str
    tenant: str
    rule: str
    settings_version: int

    @abstractmethod
    def hold(self, held: Held, step: str = "hold") -> HoldForReview:
        """Return the order that lets it wait, and asks what can be answered."""

    @abstractmethod
    def about(self, said: Text) -> Text:
        """Return what is said, with what it is said of."""

    def origin(self, revision: str, step: str) -> Mapping[str, Any]:
        """Return where an order comes from, as each order says it."""
        return {
            "flow": self.FLOW,
            "key": self.key,
            "revision": revision,
            "step": step,
            "rule": self.rule,
            "settings_version": self.settings_version,
        }

    def free(self, step: str, revision: str, done: Collection[UUID]) -> str:
        """Return the first of ``book``, ``book/2``, ... whose outcome is not known; a refused order's id is used up."""
        if not done:
            return step
        ids_of = ((each, self._id(revision, each)) for each in ids.steps(step))
        return next(each for each, order_id in ids_of if order_id not in done)

    def _id(self, revision: str, step: str) -> UUID:
        return ids.order_id(tenant=self.tenant, flow=self.FLOW, key=self.key, revision=revision, step=step)

    def close(self, hold: HoldForReview, how: How, why: Text) -> CloseReview:
        """Return the order that closes a hold, and says why."""
        origin = self.origin(hold.revision, f"close/{hold.step}")
        return CloseReview(**origin, hold_id=hold.id_in(self.tenant), how=how, **spoken(self.about(why)))

    def on_record(self, reason: str, why: Text, how: How, step: str = "settled") -> tuple[Order, ...]:
        """Return a hold that is closed at once: what is accepted never ends without a trace.

        A step of its own: decided again under other settings it may be held, and must stay open.
        """
        record = self.hold(Held(reason, why, can_be_given_up=False), step)
        return (record, self.close(record, how, why))
