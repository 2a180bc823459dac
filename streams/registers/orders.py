"""The orders that come of what a rule says about what is missing: their identity and their words. Pure."""

from collections.abc import Mapping
from typing import Any

from schemas import ids
from schemas.commands import CloseReview, HoldForReview, How, Order, spoken
from schemas.flows import Held
from schemas.missing import DayMissed
from schemas.words import Text
from streams.registers import words
from streams.registers.rules import Case
from streams.registers.verdict import NAME, Settled, Verdict


def orders(case: Case, rule: str, verdict: Verdict, *, tenant: str, version: int) -> tuple[Order, ...]:
    """Return the orders that bring about what a rule says; none when what is open says it already."""
    hold = case.state.hold

    def origin(step: str) -> Mapping[str, Any]:
        identity = {"flow": NAME, "key": case.key, "revision": ids.revision(case.missed), "step": step}
        return {**identity, "rule": rule, "settings_version": version}

    def closed(how: How, why: Text) -> tuple[Order, ...]:
        if hold is None:
            return ()
        said = spoken(words.ENDED(key=case.key, why=why))
        return (CloseReview(**origin(f"close/{hold.step}"), hold_id=hold.id_in(tenant), how=how, **said),)

    match verdict:
        case Held(reason, message, lines, choices):
            new = HoldForReview(
                **origin(f"hold/{case.state.holds + 1}"),
                reason=reason,
                **spoken(message, lines),
                choices=choices,
                business_date=case.missed.business_date if isinstance(case.missed, DayMissed) else None,
            )
            if hold is not None and hold.said == new.said:
                return ()
            return (*closed("superseded", words.SOME_HAVE_COME()), new)
        case Settled(how, because):
            return closed(how, because)
