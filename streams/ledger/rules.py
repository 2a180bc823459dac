"""What becomes of a reading, and of what somebody asks for: one function for each rule, named for it. Pure."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from schemas.flows import Held, another_company
from schemas.ledger import LedgerRetrieved
from schemas.words import Text
from streams.ledger import words
from streams.ledger.differing import Difference
from streams.ledger.state import State
from streams.ledger.verdict import DISCARD, KEEP, OVERWRITE, RETRY, USE, Adopted, Read, Settled, Verdict


@dataclass(frozen=True, slots=True)
class Case:
    """A year that was read, or a request, and all that is known of it.

    Attributes:
        key: the year's or the request's.
        state: its state, with what the message teaches.
        organisation_number: whose books these are, as bokbuss was told.
        difference: between the year and its last reading; all of it is new where there was nothing.
    """

    key: str
    state: State
    organisation_number: str | None
    difference: Difference


def what_is_asked_for_is_read(case: Case) -> Read | None:
    """Read what somebody asks for."""
    return Read() if case.state.asked else None


def what_was_read_again_is_known(case: Case) -> Settled | None:
    """Leave alone a year that is as the last reading has it."""
    return Settled(words.AS_READ_LAST()) if case.state.next is None else None


def what_a_person_gave_up_stays_given_up(case: Case) -> Settled | None:
    """Leave alone a reading that a person does not want."""
    return Settled(words.NOT_USED()) if case.state.answer == DISCARD.answer else None


def a_year_of_another_company_waits(case: Case) -> Held | None:
    """Hold what is the ledger of another company than the one whose books these are."""
    reading, own = _next(case), case.organisation_number
    return another_company(reading.organisation_number, own, words.ANOTHER_COMPANY, RETRY, DISCARD, year=_span(reading))


def a_reading_that_names_no_parts_says_nothing(case: Case) -> Settled | None:
    """Leave alone what is from before a year had parts."""
    return None if _next(case).parts else Settled(words.NO_PARTS())


def a_year_is_seen_when_all_its_parts_are_there(case: Case) -> Settled | None:
    """Wait for what is on its way: nobody sees half a year."""
    return Settled(words.ON_THEIR_WAY()) if case.state.missing else None


def what_a_person_keeps_is_overwritten_only_on_request(case: Case) -> Settled | None:
    """Leave a year from a file as it is, once a person has said so."""
    keeps = case.state.keeps or case.state.chosen_source == "sie"
    return Settled(words.KEPT_FROM_FILE()) if keeps and _replaces_file(case) else None


def a_file_waits_where_fortnox_was_chosen(case: Case) -> Held | None:
    """Hold a file of a year of which a person has said that it comes from Fortnox."""
    reading, chosen = _next(case), case.state.chosen
    if chosen is None or chosen.source == "sie" or reading.source != "sie" or case.state.answer == USE.answer:
        return None
    return Held(
        "other_source_chosen",
        words.OTHER_SOURCE(year=_span(reading), by=chosen.chosen_by),
        case.difference.lines(),
        (USE, DISCARD),
    )


def a_year_from_a_file_waits_before_it_is_overwritten(case: Case) -> Held | None:
    """Hold what Fortnox has of a year that was loaded from a file, and show how the two differ."""
    if not _replaces_file(case) or OVERWRITE.answer == case.state.answer or case.state.chosen_source == "fortnox":
        return None
    return Held(
        "loaded_from_file",
        words.FROM_FILE(year=_span(_next(case))),
        case.difference.lines(),
        (OVERWRITE, KEEP),
    )


def the_last_reading_is_the_year(case: Case) -> Adopted:
    """Let the year be what was read of it, and say what is different."""
    reading, difference = _next(case), case.difference
    read = words.READ_FROM_FILE if reading.source == "sie" else words.READ_FROM_FORTNOX
    said = read(year=_span(reading), vouchers=reading.vouchers, rows=reading.rows)
    if case.state.now is None:
        return Adopted(said, reading.found)
    if difference.is_odd:
        said = words.ODD(said=said)
    return Adopted(said, (*difference.lines(), *reading.found))


Rule = Callable[[Case], Verdict | None]
RULES: Final[tuple[Rule, ...]] = (
    what_is_asked_for_is_read,
    what_was_read_again_is_known,
    what_a_person_gave_up_stays_given_up,
    a_year_of_another_company_waits,
    a_reading_that_names_no_parts_says_nothing,
    a_year_is_seen_when_all_its_parts_are_there,
    what_a_person_keeps_is_overwritten_only_on_request,
    a_file_waits_where_fortnox_was_chosen,
    a_year_from_a_file_waits_before_it_is_overwritten,
    the_last_reading_is_the_year,
)
"""The first that says something decides; its name is in the order."""


def judge(case: Case) -> tuple[str, Verdict]:
    """Return the name of the rule that decides, and what it says."""
    found = ((rule.__name__, rule(case)) for rule in RULES)
    return next((name, verdict) for name, verdict in found if verdict is not None)


def _next(case: Case) -> LedgerRetrieved:
    assert case.state.next is not None  # noqa: S101 - what_was_read_again_is_known comes before
    return case.state.next


def _replaces_file(case: Case) -> bool:
    now, reading = case.state.now, _next(case)
    return now is not None and now.source == "sie" and reading.source != "sie" and not reading.overwrite


def _span(reading: LedgerRetrieved) -> Text | str:
    if reading.year_from is None:
        return str(reading.year)
    return words.SPAN(first=reading.year_from, last=reading.year_to)
