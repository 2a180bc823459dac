"""A year's books in SIE 4B, types 1 to 4 (SIE-Gruppen, 30 September 2008)."""

from collections import ChainMap, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import groupby
from typing import Final

from connectors.fortnox.sandbox.books import ZERO, Company, Row, Voucher, Year

KINDS: Final = (1, 2, 3, 4)
_WHOLE_YEAR: Final = 1
_PERIODS: Final = (2, 3)
_OBJECTS: Final = 3
_TRANSACTIONS: Final = 4
_COST_CENTRE: Final = 1
_PROJECT: Final = 6
_RESULT: Final = 3000
"""Accounts from here on are of the income statement."""


@dataclass(frozen=True, slots=True)
class SieRequest:
    """What to write.

    Attributes:
        kind: the SIE type; 4 is 4E, the export with transactions.
        first, last: the days of the transactions; balances are those at the end of ``last``, in type 1 the year's end.
        every_account: inactive accounts that nothing was booked on as well.
        selection: first and last number by series; empty: every voucher.
    """

    kind: int
    first: date
    last: date
    every_account: bool
    selection: Mapping[str, tuple[int, int]]


def write(company: Company, year: Year, wanted: SieRequest, today: date) -> str:
    """Return the file's text. Its lines end with CR LF."""
    previous = max(
        (one for one in company.years.values() if one.to_date < year.from_date),
        key=lambda one: one.to_date,
        default=None,
    )
    last = year.to_date if wanted.kind == _WHOLE_YEAR else min(wanted.last, year.to_date)
    years = [(0, year, last)] + ([(-1, previous, previous.to_date)] if previous else [])
    lines: list[str] = [*_identification(company, wanted, today, years), *_chart(company, years, wanted)]
    for index, one, until in years:
        lines += _balances(index, one, until)
        if wanted.kind == _OBJECTS:
            lines += _object_balances(index, one, until)
    if wanted.kind in _PERIODS:
        lines += _periods(year, wanted)
    if wanted.kind == _TRANSACTIONS:
        for voucher in _chosen(year, wanted):
            lines += _voucher(voucher)
    return "".join(f"{line}\r\n" for line in lines)


def _identification(
    company: Company, wanted: SieRequest, today: date, years: Sequence[tuple[int, Year, date]]
) -> Iterator[str]:
    yield "#FLAGGA 0"
    yield '#PROGRAM "Fortnox sandbox" 1.0'
    yield "#FORMAT PC8"
    yield f"#GEN {today:%Y%m%d}"
    yield f"#SIETYP {wanted.kind}"
    yield f"#FNR {company.database_number}"
    yield f"#ORGNR {company.organisation_number}"
    yield f"#FNAMN {_text(company.name)}"
    for index, year, _ in years:
        yield f"#RAR {index} {year.from_date:%Y%m%d} {year.to_date:%Y%m%d}"
    # Must be there with balances of periods; elsewhere it tells that balances are for a part of the year only.
    _, year, last = years[0]
    if wanted.kind in _PERIODS or last < year.to_date:
        yield f"#OMFATTN {last:%Y%m%d}"
    yield "#KPTYP EUBAS97"


def _chart(company: Company, years: Sequence[tuple[int, Year, date]], wanted: SieRequest) -> Iterator[str]:
    """Write every account that the file has a line about, this year's name first, and the active ones of this year."""
    used = {row.account for _, year, _ in years for voucher in _vouchers(year) for row in voucher.draft.rows}
    used |= {account.number for _, year, _ in years for account in year.accounts.values() if account.brought_forward}
    _, year, _ = years[0]
    charts = ChainMap(*(one.accounts for _, one, _ in years))
    for number, account in sorted(charts.items()):
        shown = number in year.accounts and (wanted.every_account or account.active)
        if shown or number in used:
            yield f"#KONTO {number} {_text(account.description)}"
            if account.sru is not None:
                yield f"#SRU {number} {account.sru}"
    if wanted.kind not in {_OBJECTS, _TRANSACTIONS}:
        return
    yield f'#DIM {_COST_CENTRE} "Kostnadsställe"'
    yield f'#DIM {_PROJECT} "Projekt"'
    for code, centre in sorted(company.cost_centres.items()):
        yield f"#OBJEKT {_COST_CENTRE} {_text(code)} {_text(centre.description)}"
    for code, project in sorted(company.register("projects").items()):
        yield f"#OBJEKT {_PROJECT} {_text(code)} {_text(str(project.values['Description']))}"


def _balances(index: int, year: Year, last: date) -> Iterator[str]:
    moved = _sums((row for voucher in _until(year, last) for row in voucher.draft.rows), _altogether)
    for number, account in sorted(year.accounts.items()):
        if number < _RESULT and account.brought_forward:
            yield f"#IB {index} {number} {account.brought_forward}"
    for number, account in sorted(year.accounts.items()):
        closing = account.brought_forward + moved.get((number, ()), ZERO)
        if closing:
            yield f"#{'UB' if number < _RESULT else 'RES'} {index} {number} {closing}"


def _object_balances(index: int, year: Year, last: date) -> Iterator[str]:
    """Write balances of balance sheet accounts by cost centre and by project. What is brought forward has no object."""
    moved = _sums((row for voucher in _until(year, last) for row in voucher.draft.rows), _each_object)
    closing = [(number, objects, amount) for (number, objects), amount in sorted(moved.items()) if number < _RESULT]
    for number, objects, _ in closing:
        yield f"#OIB {index} {number} {_objects(objects)} {ZERO}"
    for number, objects, amount in closing:
        yield f"#OUB {index} {number} {_objects(objects)} {amount}"


def _periods(year: Year, wanted: SieRequest) -> Iterator[str]:
    """Write what each month moved, in all and (type 3) by cost centre and by project."""
    vouchers = sorted(_until(year, wanted.last), key=lambda one: one.draft.date)
    for month, group in groupby(vouchers, key=lambda one: f"{one.draft.date:%Y%m}"):
        rows = [row for voucher in group for row in voucher.draft.rows]
        sums = _sums(rows, _single_objects if wanted.kind == _OBJECTS else _altogether)
        for (number, objects), amount in sorted(sums.items()):
            if amount:
                yield f"#PSALDO 0 {month} {number} {_objects(objects)} {amount}"


def _voucher(voucher: Voucher) -> Iterator[str]:
    draft = voucher.draft
    day = f"{draft.date:%Y%m%d}"
    yield (f"#VER {_text(draft.series)} {voucher.number} {day} {_text(draft.description)} {voucher.booked_at:%Y%m%d}")
    yield "{"
    for row in draft.rows:
        objects = tuple((dimension, code) for dimension, code in _codes(row) if code is not None)
        note = f" {day} {_text(row.text or '')}" if row.text or row.quantity is not None else ""
        amount = row.debit - row.credit
        # A quantity has the amount's sign: plus for debit, minus for credit (4B, chapter 11, #TRANS).
        quantity = f" {abs(row.quantity).copy_sign(amount or row.quantity)}" if row.quantity is not None else ""
        yield f"#TRANS {row.account} {_objects(objects)} {amount}{note}{quantity}"
    yield "}"


def _vouchers(year: Year) -> Iterator[Voucher]:
    for _, series in sorted(year.series.items()):
        yield from series.vouchers.values()


def _until(year: Year, last: date) -> Iterator[Voucher]:
    return (voucher for voucher in _vouchers(year) if voucher.draft.date <= last)


def _chosen(year: Year, wanted: SieRequest) -> Iterator[Voucher]:
    for voucher in _until(year, wanted.last):
        first, last = wanted.selection.get(voucher.draft.series, (0, -1) if wanted.selection else (0, voucher.number))
        if voucher.draft.date >= wanted.first and first <= voucher.number <= last:
            yield voucher


_Objects = tuple[tuple[int, str], ...]


def _codes(row: Row) -> tuple[tuple[int, str | None], ...]:
    return (_COST_CENTRE, row.cost_centre), (_PROJECT, row.project)


def _altogether(_row: Row) -> list[_Objects]:
    return [()]


def _single_objects(row: Row) -> list[_Objects]:
    return [(), *_each_object(row)]


def _each_object(row: Row) -> list[_Objects]:
    return [((dimension, code),) for dimension, code in _codes(row) if code is not None]


def _sums(rows: Iterable[Row], keys: Callable[[Row], list[_Objects]]) -> dict[tuple[int, _Objects], Decimal]:
    """Return debit less credit by account, and by each of a row's keys."""
    sums: defaultdict[tuple[int, _Objects], Decimal] = defaultdict(lambda: ZERO)
    for row in rows:
        for key in keys(row):
            sums[row.account, key] += row.debit - row.credit
    return sums


def _objects(objects: _Objects) -> str:
    return "{" + " ".join(f"{dimension} {_text(code)}" for dimension, code in objects) + "}"


def _text(value: str) -> str:
    r"""Return a quoted text: quotation marks escaped, control characters gone (4B, 5.7), no ``\`` at its end."""
    clean = "".join(" " if character < " " or character == "\x7f" else character for character in value)
    return '"' + clean.replace('"', '\\"') + (' "' if clean.endswith("\\") else '"')
