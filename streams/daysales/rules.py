"""What is to be done about a day's report: one function for each rule, named for it. Pure.

What must be true of a report before it is booked stands in ``admission``, what is about its date in ``dating``; the
``RULES`` at the end say in which order.
"""

from collections.abc import Callable
from typing import Final, Literal

from schemas.audit import AuditRecord
from schemas.base import SWEDEN
from schemas.commands import Choice, VoucherRef
from schemas.flows import Held, another_company, not_done, step_of
from schemas.words import Text, named
from streams.daysales import admission, dating, voucher, words
from streams.daysales.case import Case
from streams.daysales.state import State
from streams.daysales.verdict import (
    BOOKED_TWICE,
    FIRST_OPEN_DAY,
    FOUR_EYES,
    GIVEN_UP,
    IS_GONE,
    IS_REVERSED,
    LOOK_AGAIN,
    NOT_AS_PLANNED,
    NOT_ATTACHED,
    OWN,
    REBOOK,
    RETRY,
    REVERSE_ALL_THE_SAME,
    SAME,
    STAYS_WITHOUT,
    SUSPECTED_DOUBLE,
    WAS_REVERSED,
    WITHOUT,
    Attachment,
    Booking,
    Settled,
    Verdict,
)

VOUCHER_GONE: Final = "voucher_gone"
"""The code of a reversal that is not booked, since what it takes back is not there any more."""
_WHAT: Final = {"reverse": words.THE_REVERSAL, "rebook": words.THE_CORRECTED}


def what_may_be_reversed_already_waits(case: Case) -> Held | None:
    """Hold a day whose voucher somebody may have reversed by hand: reversed twice, it would be wrong once more."""
    record = case.message
    if case.refused is None or not isinstance(record, AuditRecord) or record.code != SUSPECTED_DOUBLE:
        return None
    return Held(
        SUSPECTED_DOUBLE,
        words.MAY_BE_REVERSED(why=record.said),
        choices=(WAS_REVERSED, REVERSE_ALL_THE_SAME),
    )


def a_refused_voucher_waits(case: Case) -> Held | None:
    """Hold what Fortnox refused until other settings make it another voucher, or a person says so."""
    record, refused = case.message, case.refused
    if refused is None or not isinstance(record, AuditRecord):
        return None
    if refused.purpose != "reverse" and refused.revision != case.state.revision:
        return None  # newer content came meanwhile, and replaces what was refused
    if case.refused_until and case.booked_on(refused.voucher_date) > refused.voucher_date:
        return None  # it goes to the first open day
    if record.code == VOUCHER_GONE:
        return Held(
            VOUCHER_GONE,
            words.VOUCHER_IS_GONE(why=record.said),
            choices=(IS_GONE, RETRY),
        )
    what = (words.THE_CORRECTION if refused.followed_by else _WHAT.get(step_of(record), words.THE_VOUCHER))()
    opens_on = case.refused_until
    later = opens_on is not None and opens_on > refused.voucher_date
    moved = Choice.saying(FIRST_OPEN_DAY, words.BOOK_ON_FIRST_OPEN_DAY(day=opens_on))
    return not_done(
        record,
        words.ORDER_DISCARDED(what=what, why=record.said),
        words.NOT_TAKEN(what=what, why=record.said or record.code or words.NO_REASON()),
        RETRY,
        *((moved,) if later else ()),
    )


def a_day_booked_twice_waits_for_a_person(case: Case) -> Held | None:
    """Hold a report with two vouchers: a database that was restored makes them, and a person puts it right."""
    booked, surplus = case.state.booked, tuple(map(str, case.state.surplus))
    if not surplus:
        return None
    if booked is None:  # it was reversed by hand; and then another one came out
        said = words.BOOKED_AFTER_ALL(surplus=surplus)
        return Held(BOOKED_TWICE, said, surplus, (IS_REVERSED,), can_be_given_up=False)
    voucher = str(booked.voucher)
    return Held(
        BOOKED_TWICE,
        words.BOOKED_TWICE(voucher=voucher, surplus=surplus),
        (voucher, *surplus),
        (IS_REVERSED,),
        can_be_given_up=False,
    )


def a_report_that_is_not_taken_waits(case: Case) -> Held | None:
    """Hold a booked day whose report Fortnox did not take: the voucher stands, and its document is missing there."""
    refused, standing = case.state.not_beside, case.state.standing
    if refused is None or standing is None or not _wants_its_report(case):
        return None
    if standing.voucher not in case.state.beside or WITHOUT in case.state.answers:
        return None  # a person wants it sent again, or the voucher left without
    return Held(
        NOT_ATTACHED,
        words.NOT_ATTACHED(voucher=str(standing.voucher), why=refused.why[:1000]),
        choices=(RETRY, STAYS_WITHOUT),
        can_be_given_up=False,
    )


def the_tills_own_report_is_put_beside_its_voucher(case: Case) -> Attachment | None:
    """Attach the Z report as the till makes it, where it sends one that can be used."""
    return the_report_is_put_beside_its_voucher(case) if case.day.pdf else None


def a_readable_report_stands_in_for_a_wrong_pdf(case: Case) -> Attachment | None:
    """Attach a report that is made here, and says so, where what the till sent as its own is none."""
    return the_report_is_put_beside_its_voucher(case) if case.day.pdf_flaw else None


def the_report_is_put_beside_its_voucher(case: Case) -> Attachment | None:
    """Attach the Z report to the voucher that stands for it, once: it is what the voucher is made of (BFL 5:7).

    One after the other: an order that waits to put it beside a voucher before this one is heard of first.
    """
    standing = case.state.standing
    if standing is None or not _wants_its_report(case) or standing.voucher in case.state.beside:
        return None
    if case.state.attaching:
        return None
    return Attachment(standing.voucher)


def _wants_its_report(case: Case) -> bool:
    standing = case.state.standing
    stays = standing is not None and standing.revision == case.state.revision and not case.state.to_correct
    return case.settings.attach_report and stays


def a_report_that_is_part_of_another_is_settled_there(case: Case) -> Settled | None:
    """Settle a report that a person has counted to another one."""
    part_of = case.state.part_of
    return Settled(because=words.SAME_AS(report=part_of)) if part_of else None


def a_booked_day_needs_nothing_more(case: Case) -> Settled | None:
    """Settle the day: its newest content stands in the ledger, and nobody has approved to correct it."""
    standing = case.state.standing
    stays = standing and standing.revision == case.state.revision and not case.state.to_correct
    return Settled() if stays else None


def what_a_person_settled_stays_settled(case: Case) -> Settled | None:
    """Settle what a person kept or discarded, whatever the settings say; only newer content opens it again."""
    return Settled() if GIVEN_UP.intersection(case.state.answers) else None


def a_report_of_another_company_waits(case: Case) -> Held | None:
    """Hold what names another company than the one whose books these are: it is never booked on a guess."""
    return another_company(case.day.organisation_number, case.organisation_number, words.ANOTHER_COMPANY, LOOK_AGAIN)


def what_may_be_another_report_waits(case: Case) -> Held | None:
    """Hold what may be a report that is known: two stores, a new till or a correction; a person knows which."""
    if not case.suspects:
        return None
    known = tuple(words.KNOWN_AS(key=key, seen=_seen(state)) for key, state in case.suspects.items())
    several = len(known) > 1
    same = tuple(
        Choice.saying(f"{SAME}/{n}" if several else SAME, words.IS_THE_SAME(report=key))
        for n, key in enumerate(case.suspects, 1)
    )
    this = _seen(case.state)
    return Held(
        "perhaps_the_same",
        words.PERHAPS_THE_SAME(seen=this, same=named("daysales", "answer", same[0].answer), known=known),
        (*known, words.THIS(seen=this)),
        (Choice.saying(OWN, words.IS_ITS_OWN()), *same),
    )


def _seen(state: State) -> Text:
    """Say what is known of a report, in few words."""
    if (day := state.day) is None:
        return words.NOT_SEEN()
    seen = words.SEEN(
        store=day.store,
        day=day.business_date,
        taken=f"{day.taken_at.astimezone(SWEDEN):%Y-%m-%d %H:%M:%S}",
        amendment=day.amendment,
        total=day.total_sales,
    )
    return words.SEEN_BOOKED(seen=seen, voucher=str(state.booked.voucher)) if state.booked else seen


def a_company_without_settings_waits(case: Case) -> Held | None:
    """Hold what comes before the company has chosen its accounts, so that it is not lost."""
    if case.configured:
        return None
    return Held("flow_not_configured", words.NOT_CONFIGURED())


def what_is_not_to_be_synced_waits(case: Case) -> Held | None:
    """Hold what comes while the company has switched day sales off; it goes on when they are switched on."""
    if case.settings.sync_sales:
        return None
    return Held("sync_is_off", words.SYNC_IS_OFF())


def four_eyes_have_seen_a_correction(case: Case) -> Held | None:
    """Hold what was planned and approved by one person, where the company wants two."""
    approved = case.state.to_correct
    if approved is None or not case.settings.four_eyes:
        return None
    if approved.approved_by.casefold() != approved.planned_by.casefold():
        return None
    return Held(FOUR_EYES, words.FOUR_EYES(by=approved.approved_by))


def what_no_longer_is_as_planned_waits(case: Case) -> Held | None:
    """Hold a correction that comes to another voucher by now than the one that a person approved."""
    approved = case.state.to_correct
    if approved is None or approved.content == case.content:
        return None
    return Held(NOT_AS_PLANNED, words.NOT_AS_PLANNED(voucher=str(approved.voucher)))


def an_amendment_that_changes_no_row_changes_nothing(case: Case) -> Settled | None:
    """Settle other content whose voucher would be the same to the öre."""
    order = case.state.standing.order if case.state.standing else None
    if order is None or order.voucher_date not in {case.day.business_date, case.state.opens_on}:
        return None
    return None if voucher.changes(order.rows, case.rows) else Settled()


def a_voucher_that_is_not_known_here_is_reversed_by_hand(case: Case) -> Held | None:
    """Hold an amendment whose old rows are not known for certain: what is not known cannot be taken back."""
    standing = case.state.standing
    if not standing or standing.order:
        return None
    return Held(
        "voucher_not_known",
        words.VOUCHER_NOT_KNOWN(voucher=str(standing.voucher)),
        choices=(IS_REVERSED,),
    )


def a_booked_day_stays_booked(case: Case) -> Held | None:
    """Hold an amended day where the company chose so: a person decides whether the books change."""
    standing = case.state.standing
    if not standing or not standing.order or case.settings.amended == "reverse":
        return None
    if REBOOK.answer in case.state.answers or case.state.to_correct:
        return None
    return Held(
        "amended_after_booking",
        words.AMENDED(voucher=str(standing.voucher)),
        admission.the_first(voucher.changes(standing.order.rows, case.rows), lambda changed: changed),
        (REBOOK,),
    )


def a_booked_day_is_corrected_by_reversing(case: Case) -> Booking | None:
    """Take the voucher back in full, on its own date; the day is booked anew after that. Nothing is ever edited."""
    standing = case.state.standing
    if not standing or not standing.order:
        return None
    order = standing.order
    on, description = dating.dated(case, order.voucher_date, f"Återföring av {standing.voucher}: {order.description}")
    return Booking(
        "reverse",
        standing.revision,  # a voucher is reversed once, however many amendments ask for it
        order.series,
        on,
        description,
        tuple(row.swapped for row in order.rows),
        (standing.voucher,),
        look_for_double=OWN not in case.state.answers,
        followed_by=case.rows,
    )


def a_day_without_money_needs_no_voucher(case: Case) -> Settled | None:
    """Put a report of zeros on record and settle it: evidence of an unbroken series, but no event to book."""
    return None if case.rows else Settled(words.ALL_ZERO())


def a_reversed_day_is_booked_anew(case: Case) -> Booking | None:
    """Book the newest content after a reversal; the voucher names the reversed one and the reversal."""
    booked = case.state.booked
    if not booked or not booked.reversed_by:
        return None
    description = f"Rättelse av {booked.voucher}, återförd med {booked.reversed_by}: {case.description}"
    return _book(case, "rebook", description, (booked.voucher, booked.reversed_by))


def a_day_that_adds_up_is_booked(case: Case) -> Booking:
    """Book what every rule let through."""
    return _book(case, "book", case.description, ())


def _book(
    case: Case, purpose: Literal["book", "rebook"], description: str, relates_to: tuple[VoucherRef, ...]
) -> Booking:
    on, description = dating.dated(case, case.day.business_date, description)
    return Booking(purpose, case.state.revision, case.settings.series, on, description, case.rows, relates_to)


Rule = Callable[[Case], Verdict | None]
RULES: Final[tuple[Rule, ...]] = (
    # What did Fortnox say, and is there anything to decide?
    dating.a_locked_day_is_not_booked,
    what_may_be_reversed_already_waits,
    a_refused_voucher_waits,
    a_day_booked_twice_waits_for_a_person,
    a_report_that_is_not_taken_waits,
    the_tills_own_report_is_put_beside_its_voucher,
    a_readable_report_stands_in_for_a_wrong_pdf,
    the_report_is_put_beside_its_voucher,
    a_report_that_is_part_of_another_is_settled_there,
    a_booked_day_needs_nothing_more,
    what_a_person_settled_stays_settled,
    # Is it ours, and a report of its own?
    a_report_of_another_company_waits,
    what_may_be_another_report_waits,
    a_company_without_settings_waits,
    what_is_not_to_be_synced_waits,
    dating.a_register_whose_clock_is_wrong_waits,
    # May the report be booked? (Rates before sums: a wrong rate explains a wrong sum.)
    admission.a_day_before_the_start_is_held,
    admission.the_amounts_fit_in_a_voucher,
    admission.every_rate_is_known_on_the_day,
    admission.every_group_has_its_rate_of_the_day,
    admission.vat_is_what_the_rate_says,
    admission.the_groups_add_up_to_their_rate,
    admission.total_sales_is_what_the_groups_say,
    admission.payments_meet_sales,
    admission.every_payment_method_has_an_account,
    admission.every_group_has_an_account,
    admission.every_category_has_an_account,
    # What stands in the books already? (After the above: nothing is reversed for a report that cannot be booked.)
    what_no_longer_is_as_planned_waits,
    four_eyes_have_seen_a_correction,
    an_amendment_that_changes_no_row_changes_nothing,
    a_voucher_that_is_not_known_here_is_reversed_by_hand,
    a_booked_day_stays_booked,
    a_booked_day_is_corrected_by_reversing,
    # Book it.
    a_day_without_money_needs_no_voucher,
    a_reversed_day_is_booked_anew,
    a_day_that_adds_up_is_booked,
)
"""The first that says something decides; its name is in the order."""


def judge(case: Case) -> tuple[str, Verdict]:
    """Return the name of the rule that decides, and what it says."""
    found = ((rule.__name__, rule(case)) for rule in RULES)
    return next((name, verdict) for name, verdict in found if verdict is not None)
