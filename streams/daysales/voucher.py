"""Which account each line of a report belongs to, and the voucher rows that come of it. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import TypeVar

from schemas.base import FIRST_RESULT_ACCOUNT, alike
from schemas.commands import VoucherRow
from schemas.events import DayClosed, GroupSales
from schemas.money import ZERO, rate_text
from schemas.settings import CategoryAccount, Dated, DaySalesSettings, PaymentAccount, SalesAccount, VatAccount

CASH = "cash"
"""The means of payment that a cash difference is about."""
ROUNDING = "rounding"
CASH_DIFFERENCE = "cash_difference"

_Where = PaymentAccount | SalesAccount | VatAccount | CategoryAccount
_DatedT = TypeVar("_DatedT", bound=Dated)


def _latest(choices: Iterable[_DatedT], day: date) -> _DatedT | None:
    """Return the choice that holds on a day; of several, the one that began last, then the first in the file."""
    found, began = None, date.min
    for choice in choices:
        since = choice.valid_from or date.min
        if choice.holds_on(day) and (found is None or since > began):
            found, began = choice, since
    return found


def spellings(name: str, known: Iterable[str | None]) -> tuple[str, ...]:
    """Return how the settings spell a name: as the till does; else with other capitals, which people read alike."""
    names = tuple(dict.fromkeys(filter(None, known)))
    return (name,) if name in names else tuple(n for n in names if alike(n, name))


def payment_account(settings: DaySalesSettings, method: str, day: date) -> PaymentAccount | None:
    """Return where a means of payment is debited on a day, or None when nobody has said so."""
    named = spellings(method, (p.method for p in settings.payments))
    return _latest((p for p in settings.payments if p.method in named), day)


def category_account(settings: DaySalesSettings, category: str, day: date) -> CategoryAccount | None:
    """Return where an amount that is not sales is credited on a day, or None when nobody has said so."""
    named = spellings(category, (c.category for c in settings.others))
    return _latest((c for c in settings.others if c.category in named), day)


def vat_account(settings: DaySalesSettings, rate: Decimal, day: date) -> VatAccount | None:
    """Return what is known of a VAT rate on a day, or None for a rate that may not be charged then."""
    return _latest((v for v in settings.vat if v.vat_rate == rate), day)


def sales_account(settings: DaySalesSettings, line: GroupSales, day: date) -> SalesAccount | None:
    """Return where sales are credited: the choice for group and rate, else for the group, else for the rate."""
    named = spellings(line.group, (s.group for s in settings.sales))
    found, found_rank = None, (False, False, date.min)
    for choice in settings.sales:
        if choice.vat_rate not in (None, line.vat_rate) or choice.group not in (None, *named):
            continue
        rank = (choice.group is not None, choice.vat_rate is not None, choice.valid_from or date.min)
        if choice.holds_on(day) and (found is None or rank > found_rank):
            found, found_rank = choice, rank
    return found


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
        self._fallback = settings.fallback_account if settings.unmapped == "fallback" else None
        named = spellings(day.store, (c.store for c in settings.cost_centres))
        centres = (c for c in settings.cost_centres if c.store in named)
        centre = _latest(centres, day.business_date)
        self._cost_centre = centre.cost_centre if centre else None
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
        return tuple(
            VoucherRow(
                account=account,
                cost_centre=self._cost_centre if account >= FIRST_RESULT_ACCOUNT else None,
                text=text,
                debit=max(amount, ZERO),
                credit=max(-amount, ZERO),
            )
            for (_, account, text), amount in self._amounts.items()
            if amount
        )


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
        where = payment_account(settings, paid.method, on)
        rows.add("payment", where, paid.amount, paid.method)
    for line in day.sales:
        sold = sales_account(settings, line, on)
        rows.add("sales", sold, -line.net, group_text(line))
    for line in day.sales:
        vat = vat_account(settings, line.vat_rate, on)
        rows.add("vat", vat, -line.vat, f"Moms {rate_text(line.vat_rate)} %")
    for rate, more in vat_more.items():
        rows.add("vat", vat_account(settings, rate, on), -more, f"Moms {rate_text(rate)} %")
    for other in day.others:
        category = category_account(settings, other.category, on)
        rows.add("other", category, -other.amount, other.category)
    if difference:
        rounding = category_account(settings, ROUNDING, on)
        rows.add("difference", rounding, -difference, "Öresdifferens")
    if day.cash_difference:
        cash, gap = payment_account(settings, CASH, on), category_account(settings, CASH_DIFFERENCE, on)
        rows.add("counted", cash, day.cash_difference, "Kassadifferens")
        rows.add("counted against", gap, -day.cash_difference, "Kassadifferens")
    return rows.rows()


def swapped(rows: Sequence[VoucherRow]) -> tuple[VoucherRow, ...]:
    """Return rows with debit and credit swapped: what takes a voucher back."""
    return tuple(row.model_copy(update={"debit": row.credit, "credit": row.debit}) for row in rows)


def changes(old: Sequence[VoucherRow], new: Sequence[VoucherRow]) -> tuple[str, ...]:
    """Name each row that differs between two vouchers: ``1910 cash: debit 100.00, now debit 90.00``."""

    def by_place(rows: Sequence[VoucherRow]) -> dict[tuple[int, str, str], Decimal]:
        sums: dict[tuple[int, str, str], Decimal] = {}
        for row in rows:
            place = (row.account, row.text or "", row.cost_centre or "")
            sums[place] = sums.get(place, ZERO) + row.debit - row.credit
        return sums

    def said(amount: Decimal) -> str:
        if not amount:
            return "nothing"
        return f"{'debit' if amount > 0 else 'credit'} {abs(amount):.2f}"

    before, after = by_place(old), by_place(new)
    places = dict.fromkeys((*before, *after))
    pairs = ((place, before.get(place, ZERO), after.get(place, ZERO)) for place in places)
    return tuple(
        f"{' '.join(filter(None, map(str, p)))}: {said(was)}, now {said(now)}" for p, was, now in pairs if was != now
    )
