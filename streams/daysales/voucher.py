"""Which account each line of a report belongs to, and the voucher rows that come of it. Pure."""

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal

from schemas import mapping
from schemas.base import FIRST_RESULT_ACCOUNT
from schemas.commands import VoucherRow
from schemas.events import DayClosed, GroupSales
from schemas.money import ZERO, rate_text, summed
from schemas.settings import CategoryAccount, DaySalesSettings, PaymentAccount, SalesAccount, VatAccount
from schemas.words import Text
from streams.daysales import words

CASH = "cash"
"""The means of payment that a cash difference is about."""
ROUNDING = "rounding"
CASH_DIFFERENCE = "cash_difference"

_Where = PaymentAccount | SalesAccount | VatAccount | CategoryAccount


def category_account(settings: DaySalesSettings, category: str, on: date) -> int | None:
    """Return the account of a category on a day, else the fallback, or None."""
    found = mapping.category_account(settings, category, on)
    return found.account if found else settings.fallback


def group_text(line: GroupSales) -> str:
    """Return a line of sales as people name it: ``food 12 %``."""
    return f"{line.group} {rate_text(line.vat_rate)} %"


def categories(day: DayClosed, difference: Decimal) -> tuple[str, ...]:
    """Return the categories that the voucher needs an account for, each once."""
    found = [o.category for o in day.others if o.amount]
    if difference:
        found.append(ROUNDING)
    if day.cash_difference:
        found.append(CASH_DIFFERENCE)
    return tuple(dict.fromkeys(found))


def methods(day: DayClosed) -> tuple[str, ...]:
    """Return the means of payment that the voucher needs an account for, each once."""
    found = [p.method for p in day.payments if p.amount]
    if day.cash_difference:
        found.append(CASH)
    return tuple(dict.fromkeys(found))


class _Rows:
    """Rows in the making: lines with the same account and text become one; debit is above zero, credit below."""

    def __init__(self, settings: DaySalesSettings, day: DayClosed) -> None:
        self._fallback = settings.fallback
        self._cost_centre = mapping.cost_centre(settings, day.store, day.business_date)
        self._amounts: dict[tuple[str, int, str], Decimal] = {}

    def add(self, kind: str, where: _Where | None, amount: Decimal, text: str) -> None:
        """Add an amount. A line without an account goes to the fallback account, and its row says so."""
        if not amount:
            return
        account = where.account if where else None
        if account is None:
            if self._fallback is None:
                raise LookupError(f"{text} has no account: the rules hold such a day before its rows are made")
            account, text = self._fallback, f"{text} (saknar konto)"
        place = (kind, account, text)
        self._amounts[place] = self._amounts.get(place, ZERO) + amount

    def rows(self) -> tuple[VoucherRow, ...]:
        """Return the rows, without those that came to zero."""
        return tuple(self._row(account, text, amount) for (_, account, text), amount in self._amounts.items() if amount)

    def _row(self, account: int, text: str, amount: Decimal) -> VoucherRow:
        centre = self._cost_centre if account >= FIRST_RESULT_ACCOUNT else None
        if amount > ZERO:
            return VoucherRow(account=account, cost_centre=centre, text=text, debit=amount)
        return VoucherRow(account=account, cost_centre=centre, text=text, credit=-amount)


def rows_of(
    day: DayClosed, settings: DaySalesSettings, difference: Decimal, vat_more: Mapping[Decimal, Decimal]
) -> tuple[VoucherRow, ...]:
    """Return the voucher's rows: payments (one row for each means, BFNAR 2013:2 6.10), sales, VAT, the rest.

    Args:
        day: a report that every rule has let through.
        settings: the accounts.
        difference: payments less sales, VAT and other amounts; it goes to the rounding account.
        vat_more: by rate, how much more VAT the report states than its groups come to.
    """
    on = day.business_date
    rows = _Rows(settings, day)
    for paid in day.payments:
        where = mapping.payment_account(settings, paid.method, on)
        rows.add("payment", where, paid.amount, paid.method)
    for line in day.sales:
        sold = mapping.sales_account(settings, line.group, line.vat_rate, on)
        rows.add("sales", sold, -line.net, group_text(line))
    for line in day.sales:
        vat = mapping.vat_account(settings, line.vat_rate, on)
        rows.add("vat", vat, -line.vat, f"Moms {rate_text(line.vat_rate)} %")
    for rate, more in vat_more.items():
        rows.add("vat", mapping.vat_account(settings, rate, on), -more, f"Moms {rate_text(rate)} %")
    for other in day.others:
        category = mapping.category_account(settings, other.category, on)
        rows.add("other", category, -other.amount, other.category)
    if difference:
        rounding = mapping.category_account(settings, ROUNDING, on)
        rows.add("difference", rounding, -difference, "Öresdifferens")
    if day.cash_difference:
        cash, gap = mapping.payment_account(settings, CASH, on), mapping.category_account(settings, CASH_DIFFERENCE, on)
        rows.add("counted", cash, day.cash_difference, "Kassadifferens")
        rows.add("counted against", gap, -day.cash_difference, "Kassadifferens")
    return rows.rows()


def changes(old: Sequence[VoucherRow], new: Sequence[VoucherRow]) -> tuple[Text, ...]:
    """Name each row that differs between two vouchers: ``1910 cash: debit 100.00, now debit 90.00``."""

    def by_place(rows: Sequence[VoucherRow]) -> dict[tuple[int, str, str], Decimal]:
        return summed(((row.account, row.text or "", row.cost_centre or ""), row.debit - row.credit) for row in rows)

    def said(amount: Decimal) -> Text:
        if not amount:
            return words.NO_ROW()
        return (words.DEBIT if amount > 0 else words.CREDIT)(amount=abs(amount))

    before, after = by_place(old), by_place(new)
    places = dict.fromkeys((*before, *after))
    pairs = ((place, before.get(place, ZERO), after.get(place, ZERO)) for place in places)
    return tuple(
        words.ROW_CHANGED(place=" ".join(filter(None, map(str, place))), was=said(was), now=said(now))
        for place, was, now in pairs
        if was != now
    )
