"""Entries to be booked (type 4I, SIE 5 entry files) become closing entries: one batch for each file. Pure.

A batch is known by its entries, not by the bytes of its file: the same entries exported again, on another day and in
another order, are the same batch. What a file of entries cannot say is not guessed: whose they are must stand in it.
"""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Final

from pydantic import ValidationError

from connectors.sie import note_words as say
from connectors.sie.model import COST_CENTRE, PROJECT, Ledger, Row, Voucher
from connectors.sie.notes import Grade, Notes, problems
from infra.plugin import Malformed
from schemas import ids
from schemas.events import ClosingEntriesReady, ClosingEntry, EntryRow
from schemas.words import Text, lines_of

_ACCOUNT: Final = re.compile(r"[1-9][0-9]{3}", re.ASCII)
_CODE: Final = re.compile(r"[\w.+&() /\-]{1,40}")
_NO_NUMBER: Final = frozenset({"", "0"})
_TWO: Final = 2
_LONGEST_TEXT: Final = 200
_MOST_FINDINGS: Final = 50
MOST_ROWS: Final = 10_000
"""Of one file: its batch is one message."""


def batch_of(ledger: Ledger, vouchers: Sequence[Voucher], notes: Notes) -> ClosingEntriesReady:
    """Return the fact that a file of entries tells.

    Args:
        notes: what its reader noticed; what is about the file as a whole is among the batch's findings.

    Raises:
        Malformed: it does not say whose entries these are, has none, or has one that no voucher in Fortnox can be.
    """
    organisation_number = ledger.company.ten_digits
    if organisation_number is None:
        raise Malformed([say.WHOSE()])
    kept = sorted((one for one in vouchers if one.booked), key=_place)
    if not kept:
        raise Malformed([say.NO_ENTRIES()])
    wrong: list[Text | str] = []
    entries: list[ClosingEntry] = []
    for index, voucher in enumerate(kept, 1):
        try:
            entries.append(_entry(voucher, index))
        except Malformed as error:
            wrong += error.said
    if wrong:
        raise Malformed(wrong)
    year = ledger.year(0)
    content = [entry.to_json() for entry in entries]
    findings = [*(note.said for note in notes.kept if note.grade is Grade.FINDING and not note.line), *_left_out(kept)]
    return ClosingEntriesReady(
        system="sie",
        batch=ids.digest([organisation_number, content])[:16],
        organisation_number=organisation_number,
        # A file that does not name its year is of the days that its entries are of.
        year_from=(year and year.first) or min(entry.entry_date for entry in entries),
        year_to=(year and year.last) or max(entry.entry_date for entry in entries),
        entries=tuple(entries),
        findings=tuple(map(str, findings[:_MOST_FINDINGS])),
        finding_wordings=lines_of(findings[:_MOST_FINDINGS]),
    )


def _left_out(vouchers: Iterable[Voucher]) -> list[Text]:
    """Name the dimensions that no voucher in Fortnox has, with how many rows are of one of their objects."""
    rows = (row for voucher in vouchers for row in voucher.booked if row.amount)
    named = Counter(dimension for row in rows for dimension in {known for known, code in row.objects if code})
    return [
        say.LEFT_OUT(dimension=dimension, rows=number)
        for dimension, number in sorted(named.items())
        if dimension not in {COST_CENTRE, PROJECT}
    ]


def _place(voucher: Voucher) -> tuple[object, ...]:
    """Return what a voucher is sorted by, never its place in the file: where all else is alike, its rows."""
    rows = tuple((row.account, row.amount, row.objects, row.text) for row in voucher.booked)
    return voucher.day, voucher.series, voucher.number, voucher.text, rows


def _entry(voucher: Voucher, index: int) -> ClosingEntry:
    number = "" if voucher.number in _NO_NUMBER else f"{voucher.series} {voucher.number}".strip()
    name = number if _CODE.fullmatch(number) else f"no {index}"
    where = say.ENTRY(day=voucher.day, name=name)
    rows = [row for row in voucher.booked if row.amount]
    if len(rows) < _TWO:
        raise Malformed([say.AT(where=where, said=say.TWO_ROWS())])
    text = voucher.text.strip() or next((row.text.strip() for row in rows if row.text.strip()), name)
    try:
        return ClosingEntry(
            number=name,
            entry_date=voucher.day,
            text=text[:_LONGEST_TEXT],
            rows=tuple(_row(row, say.ROW_OF_ENTRY(entry=where, row=place)) for place, row in enumerate(rows, 1)),
        )
    except ValidationError as error:
        raise Malformed([say.AT(where=where, said=problem) for problem in problems(error)]) from None


def _row(row: Row, where: Text) -> EntryRow:
    if not _ACCOUNT.fullmatch(row.account):
        raise Malformed([say.AT(where=where, said=say.FOUR_DIGITS())])
    centres, projects = (
        [code for known, code in row.objects if known == dimension and code]  # an empty one names nothing
        for dimension in (COST_CENTRE, PROJECT)
    )
    if max(len(centres), len(projects)) > 1:
        raise Malformed([say.AT(where=where, said=say.ONE_OBJECT(centre=COST_CENTRE, project=PROJECT))])
    try:
        return EntryRow(
            account=int(row.account),
            debit=max(row.amount, Decimal("0.00")),
            credit=max(-row.amount, Decimal("0.00")),
            cost_centre=centres[0] if centres else None,
            project=projects[0] if projects else None,
            text=row.text.strip() or None,
        )
    except ValidationError as error:
        raise Malformed([say.AT(where=where, said=problem) for problem in problems(error)]) from None
