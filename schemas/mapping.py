"""Where an amount belongs on a day, as a company's mapping says: the account of a payment, a group, a rate. Pure."""

from collections.abc import Callable, Iterable
from datetime import date
from decimal import Decimal
from functools import lru_cache
from typing import TypeVar

from schemas.base import alike, once
from schemas.settings import (
    CategoryAccount,
    Dated,
    DaySalesSettings,
    GroupRate,
    PaymentAccount,
    SalesAccount,
    StoreCostCentre,
    VatAccount,
)

_DatedT = TypeVar("_DatedT", bound=Dated)
_MOST = 64
"""Names of a company's tills whose choices are remembered: they are the same every day."""
_remembered = lru_cache(maxsize=4 * _MOST)
"""Of a name on a day: each rule asks, and then the row; and what comes together is mostly of one day."""


def _since(choice: Dated) -> date:
    return choice.valid_from or date.min


def _on(choices: Iterable[_DatedT], day: date) -> _DatedT | None:
    """Return the first of these choices that holds on a day."""
    for choice in choices:
        if choice.holds_on(day):
            return choice
    return None


def spellings(name: str, known: Iterable[str | None]) -> tuple[str, ...]:
    """Return how the settings spell a name: as the till does; else with other capitals, which people read alike."""
    names = tuple(dict.fromkeys(filter(None, known)))
    return (name,) if name in names else tuple(n for n in names if alike(n, name))


def _by_name(choices: Iterable[tuple[str, _DatedT]]) -> Callable[[str, date], _DatedT | None]:
    """Return what finds the choice for a name on a day: the one that began last comes first, then the file's first."""
    ordered = sorted(choices, key=lambda named: _since(named[1]), reverse=True)

    @lru_cache(maxsize=_MOST)
    def named(name: str) -> tuple[_DatedT, ...]:
        spelled = spellings(name, (known for known, _ in ordered))
        return tuple(choice for known, choice in ordered if known in spelled)

    return _remembered(lambda name, day: _on(named(name), day))


@once
def _payments(settings: DaySalesSettings) -> Callable[[str, date], PaymentAccount | None]:
    return _by_name((p.method, p) for p in settings.payments)


@once
def _others(settings: DaySalesSettings) -> Callable[[str, date], CategoryAccount | None]:
    return _by_name((c.category, c) for c in settings.others)


@once
def _cost_centres(settings: DaySalesSettings) -> Callable[[str, date], StoreCostCentre | None]:
    return _by_name((c.store, c) for c in settings.cost_centres)


@once
def _vat(settings: DaySalesSettings) -> Callable[[Decimal, date], VatAccount | None]:
    ordered = sorted(settings.vat, key=_since, reverse=True)

    @lru_cache(maxsize=_MOST)
    def of_rate(rate: Decimal) -> tuple[VatAccount, ...]:
        return tuple(choice for choice in ordered if choice.vat_rate == rate)

    return _remembered(lambda rate, day: _on(of_rate(rate), day))


@once
def _sales(settings: DaySalesSettings) -> Callable[[str | None, Decimal, date], SalesAccount | None]:
    def rank(choice: SalesAccount) -> tuple[bool, bool, date]:
        return choice.group is not None, choice.vat_rate is not None, _since(choice)

    ordered = sorted(settings.sales, key=rank, reverse=True)

    @lru_cache(maxsize=_MOST)
    def of_sales(group: str | None, rate: Decimal) -> tuple[SalesAccount, ...]:
        named = spellings(group, (s.group for s in ordered)) if group else ()
        return tuple(s for s in ordered if s.vat_rate in (None, rate) and s.group in (None, *named))

    return _remembered(lambda group, rate, day: _on(of_sales(group, rate), day))


@once
def _group_rates(settings: DaySalesSettings) -> Callable[[str, date, bool], tuple[Decimal, ...]]:
    ordered = sorted(settings.group_rates, key=_since, reverse=True)

    @lru_cache(maxsize=_MOST)
    def of_group(group: str) -> tuple[GroupRate, ...]:
        named = spellings(group, (g.group for g in ordered))
        return tuple(g for g in ordered if g.group in named)

    @_remembered
    def found(group: str, day: date, is_return: bool) -> tuple[Decimal, ...]:  # noqa: FBT001 - a part of the question
        its = of_group(group)
        allowed = (g for g in its if (_since(g) <= day if is_return else g.holds_on(day)))
        return tuple(dict.fromkeys(g.vat_rate for g in allowed))

    return found


def payment_account(settings: DaySalesSettings, method: str, day: date) -> PaymentAccount | None:
    """Return where a means of payment is debited on a day, or None when nobody has said so."""
    return _payments(settings)(method, day)


def category_account(settings: DaySalesSettings, category: str, day: date) -> CategoryAccount | None:
    """Return where an amount that is not sales is credited on a day, or None when nobody has said so."""
    return _others(settings)(category, day)


def vat_account(settings: DaySalesSettings, rate: Decimal, day: date) -> VatAccount | None:
    """Return what is known of a VAT rate on a day, or None for a rate that may not be charged then."""
    return _vat(settings)(rate, day)


def sales_account(settings: DaySalesSettings, group: str | None, rate: Decimal, day: date) -> SalesAccount | None:
    """Return where sales are credited: the choice for group and rate, else for the group, else for the rate."""
    return _sales(settings)(group, rate, day)


def cost_centre(settings: DaySalesSettings, store: str | None, day: date) -> str | None:
    """Return the cost centre that a store's sales rows carry on a day."""
    found = _cost_centres(settings)(store, day) if store else None
    return found.cost_centre if found else None


def allowed_rates(settings: DaySalesSettings, group: str, day: date, *, is_return: bool) -> tuple[Decimal, ...]:
    """Return the VAT rates that a group may be sold at on a day, none: any; returns may carry one that it once had."""
    return _group_rates(settings)(group, day, is_return)
