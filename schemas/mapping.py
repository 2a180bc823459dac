"""Where an amount belongs on a day, as a company's mapping says: the account of a payment, a group, a rate. Pure."""

from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from typing import TypeVar

from schemas.base import alike
from schemas.settings import CategoryAccount, Dated, DaySalesSettings, PaymentAccount, SalesAccount, VatAccount

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


def sales_account(settings: DaySalesSettings, group: str | None, rate: Decimal, day: date) -> SalesAccount | None:
    """Return where sales are credited: the choice for group and rate, else for the group, else for the rate."""
    named = spellings(group, (s.group for s in settings.sales)) if group else ()
    found, found_rank = None, (False, False, date.min)
    for choice in settings.sales:
        if choice.vat_rate not in (None, rate) or choice.group not in (None, *named):
            continue
        rank = (choice.group is not None, choice.vat_rate is not None, choice.valid_from or date.min)
        if choice.holds_on(day) and (found is None or rank > found_rank):
            found, found_rank = choice, rank
    return found


def cost_centre(settings: DaySalesSettings, store: str | None, day: date) -> str | None:
    """Return the cost centre that a store's sales rows carry on a day."""
    named = spellings(store, (c.store for c in settings.cost_centres)) if store else ()
    found = _latest((c for c in settings.cost_centres if c.store in named), day)
    return found.cost_centre if found else None


def allowed_rates(settings: DaySalesSettings, group: str, day: date, *, is_return: bool) -> tuple[Decimal, ...]:
    """Return the VAT rates that a group may be sold at on a day, none: any; returns may carry one that it once had."""
    named = spellings(group, (g.group for g in settings.group_rates))
    own = [g for g in settings.group_rates if g.group in named]
    return tuple(dict.fromkeys(g.vat_rate for g in own if is_return or g.holds_on(day)))
