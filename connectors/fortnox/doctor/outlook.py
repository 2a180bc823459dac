"""What vouchers would meet in a company's books, read now: years, series, accounts, lock. Nothing is written."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any, Final

from connectors.fortnox import errors, whose
from connectors.fortnox.classify import Year
from connectors.fortnox.doctor import examining, setup
from connectors.fortnox.doctor.checks import CompanyInformation, Situation
from connectors.fortnox.doctor.demand_words import NOT_CHECKED, NOT_LOCKED, STRANGER, demanded, titled
from connectors.fortnox.doctor.setup import DEMANDS, PARSERS, Need, Unread
from connectors.fortnox.whose import OpenedCompany
from infra.delivery.guests import LOOK_UP
from infra.plugin import Host, Outlook, SeriesSeen, VoucherOutlook
from schemas.base import Language
from schemas.commands import PostVoucher
from schemas.plans import Obstacle

_LOCKED: Final = "period_locked"


async def outlook(host: Host, tenant: str, orders: Sequence[PostVoucher]) -> Outlook:
    """Return what vouchers would meet, and the series of their years.

    Raises:
        UnknownTenant: no such company.
    """
    situation, _ = await examining.known(host, tenant)
    needs = tuple(map(setup.need_of, orders))
    situation = replace(situation, waiting=needs)
    series: dict[int, tuple[SeriesSeen, ...]] = {}
    async with examining.reading(host, situation, tenant, LOOK_UP) as visit:
        situation = await visit.company(situation)
        if visit.closed is None:
            situation = await visit.setup(situation, frozenset(PARSERS), mapped=False)
            for year in dict.fromkeys(filter(None, (situation.setup.year_of(need.day) for need in needs))):
                series[year.id] = tuple(series_seen(year, item) for item in await visit.series(year.id))
    language = host.settings.language
    met = tuple(_met(order, need, situation, series, language) for order, need in zip(orders, needs, strict=True))
    return Outlook(met, tuple(one for each in series.values() for one in each))


def _met(
    order: PostVoucher,
    need: Need,
    situation: Situation,
    series: Mapping[int, tuple[SeriesSeen, ...]],
    language: Language,
) -> VoucherOutlook:
    known, year = situation.setup, situation.setup.year_of(need.day)
    obstacles = [*_strangers(order, situation)]
    for demand, names in setup.objections(need, known):
        obstacles.append(Obstacle.saying(demand.code, demanded(demand.name, names, language)))
    locked = known.locked_until if isinstance(known.locked_until, date) else None
    warnings = list(_not_read(need, situation))
    if locked and need.not_locked and need.day <= locked:
        warnings.append(Obstacle.saying(_LOCKED, NOT_LOCKED(until=locked, series=need.series)))
    return VoucherOutlook(
        year=_called(year) if year else "",
        series=next((one for one in series.get(year.id, ()) if one.code == need.series), None) if year else None,
        locked_until=locked,
        obstacles=tuple(obstacles),
        warnings=tuple(warnings),
    )


def _strangers(order: PostVoucher, situation: Situation) -> list[Obstacle]:
    """Return that the books are not those that an order is for."""
    company = situation.company
    if not isinstance(company, CompanyInformation):
        return []
    opened = OpenedCompany(company.name, company.organisation_number, company.database_number or 0)
    number = order.database_number if company.database_number else None
    found = whose.objection(opened, order.organisation_number, number)
    if found is None:
        return []
    return [Obstacle.saying(found[0], STRANGER(meaning=errors.meant(found[0]), why=found[1]))]


def _not_read(need: Need, situation: Situation) -> list[Obstacle]:
    """Return what could not be looked up, once for each reason."""
    unread: dict[str, list[str]] = {}
    for demand in DEMANDS:
        found = demand.find(need, situation.setup)
        if isinstance(found, Unread):
            unread.setdefault(found.code, []).append(demand.name)
    return [
        Obstacle.saying(code or "not_read", NOT_CHECKED(titles=map(titled, dict.fromkeys(names))))
        for code, names in unread.items()
    ]


def series_seen(year: Year, item: Mapping[str, Any]) -> SeriesSeen:
    """Return a series as a list of a year's has it."""
    number = str(item.get("NextVoucherNumber") or "")
    return SeriesSeen(
        year=_called(year),
        code=str(item.get("Code")),
        description=str(item.get("Description") or ""),
        is_manual=setup.is_manual(item),
        next_number=int(number) if number.isdecimal() else None,
    )


def _called(year: Year) -> str:
    return f"{year.first} to {year.last}"
