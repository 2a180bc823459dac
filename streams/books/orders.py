"""The orders that come of what a rule says about a proof: their identity and their words. Pure."""

from collections.abc import Mapping
from typing import Any

from schemas import ids
from schemas.commands import CloseReview, HoldForReview, How, Order, spoken
from schemas.flows import Held
from schemas.words import Text
from streams.books import words
from streams.books.rules import Case
from streams.books.verdict import NAME, Settled, Verdict


def orders(case: Case, rule: str, verdict: Verdict, *, tenant: str, version: int) -> tuple[Order, ...]:
    """Return the orders that bring about what a rule says; none when what waits says it already."""
    state = case.state

    def origin(step: str) -> Mapping[str, Any]:
        identity = {
            "flow": NAME,
            "key": case.key,
            "revision": ids.revision(case.proof),
            "step": f"{step}/{state.given}",
        }
        return {**identity, "rule": rule, "settings_version": version}

    def closed(how: How, why: Text) -> tuple[Order, ...]:
        hold = state.hold
        if hold is None:
            return ()
        hold_id = hold.id_in(tenant)
        return (CloseReview(**origin("close"), hold_id=hold_id, how=how, **spoken(why)),)

    match verdict:
        case Held(reason, message, lines):
            hold = HoldForReview(**origin("hold"), reason=reason, **spoken(message, lines))
            if state.hold is not None and (state.hold.message, state.hold.lines) == (hold.message, hold.lines):
                return ()
            return (*closed("superseded", words.SOMETHING_ELSE()), hold)
        case Settled(because):
            return closed("checks_passed", because)
