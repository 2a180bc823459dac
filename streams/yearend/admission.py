"""What must be true of a batch and of an entry before anything of it is booked: one function for each demand. Pure."""

from collections import Counter

from schemas.flows import Held, another_company
from schemas.money import LARGEST, ZERO
from streams.yearend import words
from streams.yearend.cases import BatchCase, EntryCase, of_batches, of_entries
from streams.yearend.state import of_other_years
from streams.yearend.verdict import LOOK_AGAIN


@of_batches
def a_batch_of_another_company_waits(case: BatchCase) -> Held | None:
    """Hold what names another company than the one whose books these are: it is never booked on a guess."""
    return another_company(case.batch.organisation_number, case.organisation_number, words.ANOTHER_COMPANY, LOOK_AGAIN)


@of_batches
def a_company_without_settings_waits(case: BatchCase) -> Held | None:
    """Hold what comes before the company has chosen a series, so that it is not lost."""
    if case.settings is not None:
        return None
    return Held("flow_not_configured", words.NOT_CONFIGURED())


@of_batches
def a_year_ends_after_its_beginning(case: BatchCase) -> Held | None:
    """Hold a batch whose year ends before it begins."""
    if case.batch.year_from <= case.batch.year_to:
        return None
    return Held("wrong_year", words.WRONG_YEAR(last=case.batch.year_to))


@of_batches
def a_batch_name_is_of_one_batch(case: BatchCase) -> Held | None:
    """Hold what may be another batch than its name has had: of another year, or otherwise without a higher version."""
    batch, before = case.batch, case.before
    if before is None or case.state.taken == case.state.revision:
        return None
    if of_other_years(before, batch):
        return Held("another_year", words.ANOTHER_YEAR(last=batch.year_to, before=before.year_to))
    if batch.version > before.version:
        return None
    return Held("perhaps_another_batch", words.SAME_VERSION(version=batch.version))


@of_batches
def a_number_names_one_entry(case: BatchCase) -> Held | None:
    """Hold a batch in which two entries have one number: which is which cannot be told when it is sent again."""
    twice = tuple(number for number, count in Counter(e.number for e in case.batch.entries).items() if count > 1)
    if not twice:
        return None
    return Held("number_used_twice", words.NUMBER_TWICE(numbers=twice[:20]), twice[:20])


@of_entries
def an_entry_has_a_text(case: EntryCase) -> Held | None:
    """Hold an entry without a text: no voucher goes without one."""
    if case.state.gone or case.entry.text.strip():
        return None
    return Held("text_missing", words.NO_TEXT())


@of_entries
def every_row_has_one_side(case: EntryCase) -> Held | None:
    """Hold rows with both sides, with none, or with an amount below zero: what is meant cannot be told."""
    wrong = tuple(
        words.ROW(number=number, account=str(row.account), debit=row.debit, credit=row.credit)
        for number, row in enumerate(case.entry.rows, 1)
        if min(row.debit, row.credit) < ZERO or bool(row.debit) == bool(row.credit)
    )
    if case.state.gone or not wrong:
        return None
    return Held("row_unclear", words.ROW_UNCLEAR(rows=wrong[:10]), wrong)


@of_entries
def an_entry_balances(case: EntryCase) -> Held | None:
    """Hold an entry whose debit is not its credit. Nothing is ever made to balance."""
    debit = sum((row.debit for row in case.entry.rows), ZERO)
    credit = sum((row.credit for row in case.entry.rows), ZERO)
    if case.state.gone or debit == credit:
        return None
    said = words.MORE_DEBIT if debit > credit else words.MORE_CREDIT
    return Held("unbalanced", said(debit=debit, credit=credit, gap=abs(debit - credit)))


@of_entries
def the_amounts_fit_in_a_voucher(case: EntryCase) -> Held | None:
    """Hold amounts that are more than a voucher's row can take."""
    if case.state.gone or sum((row.debit + row.credit for row in case.entry.rows), ZERO) < LARGEST:
        return None
    return Held("amount_too_large", words.TOO_LARGE())


@of_entries
def an_entry_is_in_its_year(case: EntryCase) -> Held | None:
    """Hold an entry whose day is outside the financial year that its batch names."""
    day, year = case.entry.entry_date, case.origin
    if case.state.gone or year.year_from <= day <= year.year_to:
        return None
    return Held("outside_the_year", words.OUTSIDE_THE_YEAR(day=day, first=year.year_from, last=year.year_to))


@of_entries
def an_accrual_is_taken_back_later(case: EntryCase) -> Held | None:
    """Hold an accrual that is to be taken back on its own day or before it."""
    back = case.entry.reverse_on
    if case.state.gone or back is None or back > case.entry.entry_date:
        return None
    return Held("reversed_too_early", words.REVERSED_TOO_EARLY(day=case.entry.entry_date, back=back))
