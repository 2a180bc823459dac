"""What people do to vouchers in Fortnox itself, where the API cannot: book in any series, change, delete.

Only the last voucher of a series can be deleted, and its number is given to the next one; of another one the rows can
be changed. The sandbox lets any be deleted, as a restored company lacks any.
"""

import datetime as dt
from dataclasses import replace
from decimal import Decimal
from typing import Any

from pydantic import Field

from connectors.fortnox.sandbox.books import ZERO, Books, Company, Draft, Row, Series, Voucher, Year
from connectors.fortnox.sandbox.changes import Body, Wrong, company_of, years_of
from infra import clock


class RowBody(Body):
    """A row of a voucher."""

    account: int
    debit: Decimal = Field(default=ZERO, ge=0, decimal_places=2)
    credit: Decimal = Field(default=ZERO, ge=0, decimal_places=2)
    cost_centre: str | None = None
    text: str | None = None


class VoucherBody(Body):
    """A voucher to book, or with ``number`` one to change (what is left out stays) or to ``remove``.

    Without ``year`` it is one of the year that holds ``date``, else of the newest one.
    """

    company: int
    series: str
    number: int | None = None
    year: int | None = None
    date: dt.date | None = None
    description: str | None = None
    rows: tuple[RowBody, ...] | None = None
    remove: bool = False


def change_voucher(books: Books, content: VoucherBody) -> Any:
    """Book, change or delete a voucher by hand."""
    company = company_of(books, content.company)
    year = _year(company, content)
    if content.series not in year.series:
        raise Wrong(f"series: the company has no voucher series {content.series}")
    series = year.series[content.series]
    if content.number is None:
        _book(company, year, content)
        return {"series": series.code, "number": series.next_number - 1, "year_id": year.id}
    if content.number not in series.vouchers:
        raise Wrong(f"number: there is no voucher {content.series} {content.number}")
    before = series.vouchers.pop(content.number)
    _balances(year, before, -1)
    if content.remove:
        if content.number == series.next_number - 1:
            series.next_number -= 1
    else:
        _change(year, series, before, content)
    return {"series": series.code, "number": content.number, "year_id": year.id}


def _year(company: Company, content: VoucherBody) -> Year:
    if content.year is not None:
        return company.years[years_of(company, content.year)[0]]
    of_day = company.year_on(content.date) if content.date else company.years[max(company.years)]
    if of_day is None:
        raise Wrong("date: the company has no financial year that holds it")
    return of_day


def _book(company: Company, year: Year, content: VoucherBody) -> None:
    if content.date is None or not content.rows:
        raise Wrong("date, rows: a new voucher has both")
    rows = _rows(year, content.rows)
    now = clock.now()
    company.book(Draft(year.id, content.series, content.date, content.description or "", rows), now, now)


def _change(year: Year, series: Series, before: Voucher, content: VoucherBody) -> None:
    draft = replace(
        before.draft,
        date=content.date or before.draft.date,
        description=before.draft.description if content.description is None else content.description,
        rows=before.draft.rows if content.rows is None else _rows(year, content.rows),
    )
    series.vouchers[before.number] = changed = replace(before, draft=draft)
    series.vouchers = dict(sorted(series.vouchers.items()))
    _balances(year, changed, 1)


def _rows(year: Year, rows: tuple[RowBody, ...]) -> tuple[Row, ...]:
    if missing := [row.account for row in rows if row.account not in year.accounts]:
        raise Wrong(f"rows: the chart has no account {missing[0]}")
    return tuple(Row(row.account, row.debit, row.credit, row.cost_centre, row.text) for row in rows)


def _balances(year: Year, voucher: Voucher, sign: int) -> None:
    for row in voucher.draft.rows:
        year.accounts[row.account].balance += sign * (row.debit - row.credit)
