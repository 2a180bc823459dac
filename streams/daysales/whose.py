"""Whose books a report belongs to, and which report it is: the rules that come before what it says. Pure."""

from zoneinfo import ZoneInfo

from schemas.commands import Choice
from schemas.identities import shown_organisation, ten_digits
from schemas.money import text
from streams.daysales.case import Case
from streams.daysales.state import OWN, SAME, State
from streams.daysales.verdict import Held, Settled

_SWEDEN = ZoneInfo("Europe/Stockholm")


def a_report_that_is_part_of_another_is_settled_there(case: Case) -> Settled | None:
    """Settle a report that a person has counted to another one."""
    part_of = case.state.part_of
    return Settled(because=f"it is the same report as {part_of}, and decided there") if part_of else None


def a_report_of_another_company_waits(case: Case) -> Held | None:
    """Hold what names another company than the one whose books these are: it is never booked on a guess."""
    named, own = case.day.organisation_number, case.organisation_number
    if named is None or own is None or named == ten_digits(own):
        return None
    names = f"the company {shown_organisation(named)}; these are the books of {shown_organisation(ten_digits(own))}"
    return Held(
        "another_company",
        f"The report names {names}. If the till is set up wrongly, correct its number and send the report again. If "
        "ours is wrong, correct it with bokbuss tenant add --org --change, and answer retry.",
        choices=(Choice(answer="retry", means="Look again, after the number here was corrected."),),
        who="operator",
    )


def what_may_be_another_report_waits(case: Case) -> Held | None:
    """Hold what may be a report that is known: two stores, a new till or a correction; a person knows which."""
    if not case.suspects:
        return None
    known = tuple(f"{key}: {_seen(state)}" for key, state in case.suspects.items())
    several = len(known) > 1
    same = tuple(
        Choice(
            answer=f"{SAME}/{n}" if several else SAME,
            means=f"It is the report {key}: the higher amendment counts, and of equal ones this content.",
        )
        for n, key in enumerate(case.suspects, 1)
    )
    return Held(
        "perhaps_the_same",
        f"This ({_seen(case.state)}) may be a report that is known, or one of its own. Another store's till can have "
        "the same name, and one that was replaced counts from 1 again: answer own, and it is booked. A store that was "
        f"renamed, or a correction without a higher amendment: answer {same[0].answer}. Known is {'; '.join(known)}.",
        (*known, f"this: {_seen(case.state)}"),
        (Choice(answer=OWN, means="It is a report of its own: it is booked beside the other."), *same),
    )


def _seen(state: State) -> str:
    """Say what is known of a report, in few words."""
    if (day := state.day) is None:
        return "nothing is known"
    taken = f"{day.taken_at.astimezone(_SWEDEN):%Y-%m-%d %H:%M:%S}"
    booked = f", booked as {state.booked.voucher}" if state.booked else ""
    return (
        f"store {day.store}, {day.business_date}, taken {taken}, amendment {day.amendment}, "
        f"{text(day.total_sales)}{booked}"
    )
