"""What is to be done about a batch and about each of its entries: one function for each rule, named for it. Pure.

What must be true before anything is booked stands in ``admission``; the ``RULES`` at the end say in which order.
"""

from typing import Final

from schemas.audit import AuditRecord
from schemas.flows import Held, not_done, step_of
from schemas.words import Text
from streams.yearend import admission, words
from streams.yearend.cases import BatchCase, Case, EntryCase, Rule, of_batches, of_entries, rows_of
from streams.yearend.state import State
from streams.yearend.verdict import (
    BOOK_ALL_THE_SAME,
    BOOK_BOTH,
    BOTH,
    DISCARD,
    FOUR_EYES,
    IS_GONE,
    IS_REVERSED,
    IT_IS_THAT_ONE,
    KEEP,
    OWN,
    REBOOK,
    RETRY,
    SUSPECTED_DOUBLE,
    VOUCHER_GONE,
    Booking,
    Settled,
    TakenIn,
    Verdict,
)

_SETTLES: Final = frozenset({KEEP.answer, DISCARD.answer})
_WHAT: Final = {
    "reverse": words.THE_REVERSAL,
    "unturn": words.THE_UNTURN,
    "turn": words.THE_TURN,
    "rebook": words.THE_CORRECTED,
}


@of_entries
def what_may_be_booked_already_waits(case: EntryCase) -> Held | None:
    """Hold an entry that another voucher books already, by hand or by a file that was imported; a person knows."""
    record = case.message
    if case.refused is None or not isinstance(record, AuditRecord) or record.code != SUSPECTED_DOUBLE:
        return None
    same = (IT_IS_THAT_ONE,) if case.state.suspect else ()
    return Held(
        SUSPECTED_DOUBLE,
        words.MAY_BE_BOOKED(why=record.said),
        choices=(*same, BOOK_ALL_THE_SAME),
    )


@of_entries
def a_refused_voucher_waits(case: EntryCase) -> Held | None:
    """Hold what Fortnox refused until a plan, other settings or a person send it again."""
    record, refused = case.message, case.refused
    if refused is None or not isinstance(record, AuditRecord):
        return None
    if refused.purpose != "reverse" and (case.state.gone or refused.revision != case.state.revision):
        return None  # newer content came meanwhile, and replaces what was refused; or it left its batch
    if record.code == VOUCHER_GONE:
        return Held(
            VOUCHER_GONE,
            words.VOUCHER_IS_GONE(why=record.said),
            choices=(IS_GONE, RETRY),
        )
    what = _WHAT.get(step_of(record), words.THE_VOUCHER)()
    return not_done(
        record,
        words.ORDER_DISCARDED(what=what, why=record.said),
        words.NOT_TAKEN(what=what, why=record.said or record.code or words.NO_REASON()),
        RETRY,
    )


@of_entries
def an_entry_booked_twice_waits_for_a_person(case: EntryCase) -> Held | None:
    """Hold an entry with two vouchers: a database that was restored makes them, and a person puts it right."""
    if not case.state.surplus:
        return None
    surplus = tuple(map(str, case.state.surplus))
    standing = tuple(str(one.voucher) for one in case.state.standing) or (words.NONE_KNOWN(),)
    return Held(
        "booked_twice",
        words.BOOKED_TWICE(surplus=surplus, standing=standing),
        surplus,
        (IS_REVERSED,),
        can_be_given_up=False,
    )


@of_entries
def an_exported_entry_needs_nothing_more(case: EntryCase) -> Settled | None:
    """Settle the entry: its newest content stands in the ledger, whole; or it is gone from both."""
    return Settled() if case.state.stands_as_it_is else None


def what_a_person_settled_stays_settled(case: Case) -> Settled | None:
    """Settle what a person kept or discarded, whatever the settings say; only newer content opens it again."""
    return Settled() if _SETTLES.intersection(case.state.answers) else None


@of_batches
def a_batch_in_order_is_taken_in(_case: BatchCase) -> TakenIn:
    """Plan the entries of a batch that every rule has let through."""
    return TakenIn()


@of_entries
def what_another_batch_has_exported_waits(case: EntryCase) -> Held | None:
    """Hold an entry whose day, accounts and amounts another batch has exported: perhaps the same file, sent anew."""
    if not case.twins or case.state.gone or case.state.part("entry") or BOTH in case.state.answers:
        return None
    known = tuple(words.KNOWN_AS(key=key, stands=_booked(twin)) for key, twin in case.twins.items())
    return Held(
        "perhaps_exported_already",
        words.PERHAPS_EXPORTED(known=known),
        known,
        (BOOK_BOTH,),
    )


def _booked(twin: State) -> Text:
    stands = twin.part("entry")
    return words.EXPORTED_AS(voucher=str(stands.voucher)) if stands else words.ON_ITS_WAY()


@of_entries
def a_voucher_that_is_not_known_here_is_reversed_by_hand(case: EntryCase) -> Held | None:
    """Hold a change of what was booked elsewhere, or whose rows are not known: that cannot be taken back by us."""
    unfit = case.unfit
    if unfit is None or unfit.order is not None:
        return None
    return Held(
        "voucher_not_known",
        (words.NOT_KNOWN_GONE if case.state.gone else words.NOT_KNOWN_CHANGED)(voucher=str(unfit.voucher)),
        choices=(IS_REVERSED,),
    )


@of_entries
def an_exported_entry_stays_as_it_is(case: EntryCase) -> Held | None:
    """Hold an exported entry that comes otherwise, or no more, where the company chose so: a person decides."""
    unfit, settings = case.unfit, case.settings
    if unfit is None or (settings and settings.amended == "reverse") or REBOOK.answer in case.state.answers:
        return None
    reason = "gone_after_export" if case.state.gone else "amended_after_export"
    return Held(
        reason,
        (words.EXPORTED_GONE if case.state.gone else words.EXPORTED_CHANGED)(voucher=str(unfit.voucher)),
        choices=(REBOOK,),
    )


@of_entries
def what_is_not_approved_waits_for_a_plan(case: EntryCase) -> Settled | None:
    """Send nothing that no person has approved as it is now: it stands in the next plan."""
    if case.state.approved and case.settings:
        return None
    return Settled(words.WAITS_FOR_A_PLAN())


@of_entries
def four_eyes_have_seen_it(case: EntryCase) -> Held | None:
    """Hold what was approved by who sent it or made the plan, where the company wants two people."""
    approved, settings = case.state.approved, case.settings
    if approved is None or settings is None or not settings.four_eyes:
        return None
    by = approved.approved_by.casefold()
    if by not in {approved.planned_by.casefold(), case.origin.submitted_by.casefold()}:
        return None
    return Held(FOUR_EYES, words.FOUR_EYES(by=approved.approved_by))


@of_entries
def what_no_longer_holds_is_reversed(case: EntryCase) -> Booking | None:
    """Take back in full, on its own date, what the newest content says otherwise or no more. Nothing is ever edited."""
    unfit = case.unfit
    if unfit is None or (order := unfit.order) is None:
        return None
    return Booking(
        step="reverse" if unfit.part == "entry" else "unturn",
        revision=unfit.revision,
        series=order.series,
        voucher_date=order.voucher_date,
        description=f"Återföring av {unfit.voucher}: {order.description}",
        rows=tuple(row.swapped for row in order.rows),
        relates_to=(unfit.voucher,),
        takes_back=order,
        exempt_from_lock=_exempt(case, order.series),
    )


@of_entries
def an_accrual_is_taken_back_on_its_day(case: EntryCase) -> Booking | None:
    """Take an accrual back by a voucher of its day, as soon as it stands: both are approved together."""
    main, entry, approved = case.state.part("entry"), case.entry, case.state.approved
    if main is None or entry.reverse_on is None or approved is None:
        return None
    return Booking(
        step="turn",
        revision=case.state.revision,
        series=approved.series,
        voucher_date=entry.reverse_on,
        description=f"Återföring av periodisering {main.voucher}: {entry.text}",
        rows=tuple(row.swapped for row in rows_of(entry)),
        relates_to=(main.voucher,),
        takes_back=main.order,
        look_for_double=OWN not in case.state.answers,
        exempt_from_lock=_exempt(case, approved.series),
    )


@of_entries
def an_approved_entry_is_booked(case: EntryCase) -> Booking | None:
    """Book what every rule let through and a person approved; after a reversal the voucher names what it replaces."""
    approved, back = case.state.approved, [one for one in case.state.taken_back if one.part == "entry"]
    if approved is None:
        return None
    again = tuple(filter(None, (back[-1].voucher, back[-1].by))) if back else ()
    before = f"Rättelse av {again[0]}: " if again else ""
    return Booking(
        step="rebook" if again else "book",
        revision=case.state.revision,
        series=approved.series,
        voucher_date=case.entry.entry_date,
        description=f"{before}{case.entry.text}",
        rows=rows_of(case.entry),
        relates_to=again,
        look_for_double=OWN not in case.state.answers,
        exempt_from_lock=_exempt(case, approved.series),
    )


def _exempt(case: EntryCase, series: str) -> bool:
    return case.settings is not None and series in case.settings.not_locked


RULES: Final[tuple[Rule, ...]] = (
    # What did Fortnox say, and is there anything to decide?
    what_may_be_booked_already_waits,
    a_refused_voucher_waits,
    an_entry_booked_twice_waits_for_a_person,
    an_exported_entry_needs_nothing_more,
    what_a_person_settled_stays_settled,
    # A batch: is it ours, and can its entries be told apart?
    admission.a_batch_of_another_company_waits,
    admission.a_company_without_settings_waits,
    admission.a_year_ends_after_its_beginning,
    admission.a_batch_name_is_of_one_batch,
    admission.a_number_names_one_entry,
    a_batch_in_order_is_taken_in,
    # An entry: may it be booked?
    admission.an_entry_has_a_text,
    admission.every_row_has_one_side,
    admission.an_entry_balances,
    admission.the_amounts_fit_in_a_voucher,
    admission.an_entry_is_in_its_year,
    admission.an_accrual_is_taken_back_later,
    # What stands in the books already? (After the above: nothing is reversed for what cannot be booked.)
    what_another_batch_has_exported_waits,
    a_voucher_that_is_not_known_here_is_reversed_by_hand,
    an_exported_entry_stays_as_it_is,
    # Has somebody approved it?
    what_is_not_approved_waits_for_a_plan,
    four_eyes_have_seen_it,
    # Book it.
    what_no_longer_holds_is_reversed,
    an_accrual_is_taken_back_on_its_day,
    an_approved_entry_is_booked,
)
"""The first that says something decides; its name is in the order."""


def judge(case: Case) -> tuple[str, Verdict]:
    """Return the name of the rule that decides, and what it says."""
    found = ((rule.__name__, rule(case)) for rule in RULES)
    return next((name, verdict) for name, verdict in found if verdict is not None)
