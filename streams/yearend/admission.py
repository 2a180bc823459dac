"""What must be true of a batch and of an entry before anything of it is booked: one function for each demand. Pure."""

from collections import Counter
from decimal import Decimal
from typing import Final

from schemas.identities import shown_organisation, ten_digits
from schemas.money import ZERO, text
from streams.yearend.cases import BatchCase, EntryCase, of_batches, of_entries
from streams.yearend.verdict import LOOK_AGAIN, Held

_LARGEST_ROW: Final = Decimal(10) ** 12
_CORRECT: Final = "Correct it in the year-end program and send the batch again."


@of_batches
def a_batch_of_another_company_waits(case: BatchCase) -> Held | None:
    """Hold what names another company than the one whose books these are: it is never booked on a guess."""
    named, own = case.batch.organisation_number, case.organisation_number
    if own is None or named == ten_digits(own):
        return None
    return Held(
        "another_company",
        f"The batch is of the company {shown_organisation(named)}; these are the books of "
        f"{shown_organisation(ten_digits(own))}. Send it to the right company. If the number here is wrong, correct it "
        "with bokbuss tenant add --org --change, and answer retry.",
        choices=(LOOK_AGAIN,),
        who="operator",
    )


@of_batches
def a_company_without_settings_waits(case: BatchCase) -> Held | None:
    """Hold what comes before the company has chosen a series, so that it is not lost."""
    if case.settings is not None:
        return None
    return Held(
        "flow_not_configured",
        "The company has no settings for closing entries yet. Apply settings with a section yearend; the entries can "
        "be planned then.",
    )


@of_batches
def a_year_ends_after_its_beginning(case: BatchCase) -> Held | None:
    """Hold a batch whose year ends before it begins."""
    if case.batch.year_from <= case.batch.year_to:
        return None
    return Held("wrong_year", f"Its year ends on {case.batch.year_to} and begins after that. {_CORRECT}")


@of_batches
def a_number_names_one_entry(case: BatchCase) -> Held | None:
    """Hold a batch in which two entries have one number: which is which cannot be told when it is sent again."""
    twice = tuple(number for number, count in Counter(e.number for e in case.batch.entries).items() if count > 1)
    if not twice:
        return None
    return Held("number_used_twice", f"Two entries have one number: {', '.join(twice[:20])}. {_CORRECT}", twice[:20])


@of_entries
def an_entry_has_a_text(case: EntryCase) -> Held | None:
    """Hold an entry without a text: no voucher goes without one."""
    if case.state.gone or case.entry.text.strip():
        return None
    return Held("text_missing", f"The entry has no text. {_CORRECT}")


@of_entries
def every_row_has_one_side(case: EntryCase) -> Held | None:
    """Hold rows with both sides, with none, or with an amount below zero: what is meant cannot be told."""
    wrong = tuple(
        f"row {number}, account {row.account}: debit {text(row.debit)}, credit {text(row.credit)}"
        for number, row in enumerate(case.entry.rows, 1)
        if min(row.debit, row.credit) < ZERO or bool(row.debit) == bool(row.credit)
    )
    if case.state.gone or not wrong:
        return None
    return Held("row_unclear", f"A row has exactly one side, above zero: {'; '.join(wrong[:10])}. {_CORRECT}", wrong)


@of_entries
def an_entry_balances(case: EntryCase) -> Held | None:
    """Hold an entry whose debit is not its credit. Nothing is ever made to balance."""
    debit = sum((row.debit for row in case.entry.rows), ZERO)
    credit = sum((row.credit for row in case.entry.rows), ZERO)
    if case.state.gone or debit == credit:
        return None
    more = f"{text(abs(debit - credit))} more in {'debit' if debit > credit else 'credit'}"
    return Held("unbalanced", f"Debit is {text(debit)} and credit {text(credit)}: {more}. {_CORRECT}")


@of_entries
def the_amounts_fit_in_a_voucher(case: EntryCase) -> Held | None:
    """Hold amounts that are more than a voucher's row can take."""
    if case.state.gone or sum((row.debit + row.credit for row in case.entry.rows), ZERO) < _LARGEST_ROW:
        return None
    return Held("amount_too_large", f"The amounts are larger than a voucher takes. {_CORRECT}")


@of_entries
def an_entry_is_in_its_year(case: EntryCase) -> Held | None:
    """Hold an entry whose day is outside the financial year that its batch names."""
    day, year = case.entry.entry_date, case.origin
    if case.state.gone or year.year_from <= day <= year.year_to:
        return None
    return Held("outside_the_year", f"Its day {day} is not in the year {year.year_from} to {year.year_to}. {_CORRECT}")


@of_entries
def an_accrual_is_taken_back_later(case: EntryCase) -> Held | None:
    """Hold an accrual that is to be taken back on its own day or before it."""
    back = case.entry.reverse_on
    if case.state.gone or back is None or back > case.entry.entry_date:
        return None
    return Held("reversed_too_early", f"It is of {case.entry.entry_date} and to be taken back on {back}. {_CORRECT}")
