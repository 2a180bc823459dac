"""How a lane goes on after an answer: who waits, for how long, and how many writes may be in doubt at once. Pure.

What is about one order delays that order: other keys go on. What is about a need of one kind of order lets
that kind rest: the others go on. What is about the company, or comes several times in a row, pauses the lane. And a
target that gives no clear answers gets few writes, so that of a whole backlog only so many are in doubt as can soon be
looked for.
"""

from dataclasses import dataclass
from typing import Final
from uuid import UUID

from infra.verdicts import Look, RetryLater, Unknown, Verdict

FEW: Final = 4
"""Writes that may be in doubt at once before the target has answered clearly, or when it mostly does not."""
MANY: Final = 24
"""Writes that may be in doubt at once at a target that answers clearly: one more for each such answer, up to these."""
OUR_FAILURE: Final = "our_failure"
"""The code of what a bug of ours stopped: the target is well."""
_IN_A_ROW: Final = 3
"""Orders in a row that failed, each by itself, after which it is the target that does."""
_LONGEST: Final = 60.0
_TURN: Final = 0.25
"""Seconds after a pause until the order that caused it is due again: an order that never passes delays no other key."""
_SPREAD: Final = 1024
"""A byte of an id is up to a quarter of this."""


@dataclass(frozen=True, slots=True)
class Wait:
    """Seconds for which the lane pauses, after which the order is due again, and for which orders of its kind rest."""

    lane: float = 0.0
    order: float = 0.0
    kind: float = 0.0


def spread(order_id: UUID, attempt: int) -> float:
    """Return a factor from 1 to 1.25, by the order's id: companies that wait for a target do not come back at once."""
    return 1 + order_id.bytes[10 + attempt % 6] / _SPREAD


class Pace:
    """What a lane remembers of the last answers.

    Attributes:
        doubts: how many writes may be in doubt.
        paused_for: the code of what the lane is paused for; "" while it is not.
        resting: the code of what each kind of order waits for, of those that do.
    """

    def __init__(self) -> None:
        self.doubts = FEW
        self.paused_for = ""
        self.resting: dict[str, str] = {}
        self._failures = 0
        self._alone = 0

    def sent(self, verdict: Verdict) -> None:
        """Take note of what became of a write."""
        if isinstance(verdict, Unknown):
            self.doubts = max(self.doubts - 1, FEW)
        elif not isinstance(verdict, RetryLater):
            self.doubts = min(self.doubts + 1, MANY)

    def after(self, answer: Verdict | Look, order_id: UUID, attempt: int, kind: str = "") -> Wait:
        """Return who waits for how long: growing pauses for a target that takes nothing, until a clear answer."""
        if isinstance(answer, Unknown):
            return Wait()
        if isinstance(answer, RetryLater) and not answer.of_kind:
            return self._put_off(answer, order_id, attempt)
        self.paused_for, self._failures, self._alone = "", 0, 0
        if isinstance(answer, RetryLater):
            self.resting[kind] = answer.code
            return Wait(kind=answer.after * spread(order_id, attempt))
        self.resting.pop(kind, None)
        return Wait()

    def _put_off(self, answer: RetryLater, order_id: UUID, attempt: int) -> Wait:
        if answer.code == OUR_FAILURE:
            return Wait(order=answer.after)
        longer = spread(order_id, attempt + self._failures)
        if answer.alone:
            self._alone += 1
            if self._alone < _IN_A_ROW:
                return Wait(order=answer.after * longer)
        if self.paused_for != answer.code:
            self.paused_for, self._failures = answer.code, 0
        if answer.steady:
            return Wait(answer.after, answer.after + _TURN)
        self._failures += 1
        pause = min(answer.after * 2.0 ** min(self._failures - 1, 10), max(_LONGEST, answer.after)) * longer
        return Wait(pause, pause + _TURN)
