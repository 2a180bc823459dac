"""The orders that come of what a rule says: their identity and their words. Pure."""

from collections.abc import Mapping
from typing import Any, Final

from schemas import ids
from schemas.commands import CloseReview, HoldForReview, How, Order, spoken
from schemas.flows import Held
from schemas.ledger import ReadLedger
from schemas.words import Text
from streams.ledger import words
from streams.ledger.rules import Case
from streams.ledger.verdict import NAME, READ, Adopted, Read, Settled, Verdict

_MOST_LINES: Final = 50


def orders(case: Case, rule: str, verdict: Verdict, *, tenant: str, version: int) -> tuple[Order, ...]:
    """Return the orders that bring about what a rule says; an open hold is closed first, unless it says the same."""
    state, subject = case.state, case.state.asked or case.state.next or case.state.now
    revision = ids.revision(subject) if subject else ""

    def origin(step: str) -> Mapping[str, Any]:
        identity = {"flow": NAME, "key": case.key, "revision": revision, "step": step}
        return {**identity, "rule": rule, "settings_version": version}

    def hold(reason: str, message: Text, lines: tuple[Text | str, ...], step: str, **more: Any) -> HoldForReview:
        identity = origin(f"{step}-{state.given + 1}")
        return HoldForReview(**identity, reason=reason, **spoken(message, lines[:_MOST_LINES]), **more)

    def close(one: HoldForReview, how: How, why: Text) -> CloseReview:
        said = spoken(words.ENDED(why=why))
        return CloseReview(**origin(f"close-{one.step}"), hold_id=one.id_in(tenant), how=how, **said)

    why, after = words.ON_RECORD(), tuple[Order, ...]()
    match verdict:
        case Read():
            assert state.asked is not None  # noqa: S101 - nothing else is read
            wanted = state.asked.model_dump(
                include={"year", "last", "ledger", "documents", "overwrite", "requested_by", "year_to"}
            )
            return (ReadLedger(**origin("read"), **wanted),)
        case Held(reason, message, lines, choices, who):
            held = hold(reason, message, lines, "hold", choices=choices, who=who)
            known = state.hold
            if known and not state.answer and (known.revision, known.said) == (held.revision, held.said):
                return ()
            why, after = words.LATER_READING(), (held,)
        case Adopted(message, lines):
            record = hold(READ, message, lines, "read")
            on_record = close(record, "nothing_to_book", words.ON_RECORD())
            why, after = words.IS_WHAT_WAS_READ(), (record, on_record)
        case Settled(because):
            why, after = because, ()
    how: How = "answered" if state.answer else "superseded"
    return (*((close(state.hold, how, why),) if state.hold else ()), *after)
