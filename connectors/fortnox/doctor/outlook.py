"""What vouchers would meet in a company's books, read now: years, series, accounts, lock. Nothing is written."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any, Final

from connectors.fortnox import whose
from connectors.fortnox.classify import Year
from connectors.fortnox.doctor import examining, setup
from connectors.fortnox.doctor.check_words import TEXTS
from connectors.fortnox.doctor.checks import CompanyInformation, Situation
from connectors.fortnox.doctor.setup import DEMANDS, PARSERS, Need, Unread
from connectors.fortnox.errors import MEANINGS
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
    obstacles = [*_strangers(order, situation, language)]
    for demand, names in setup.objections(need, known):
        said = TEXTS[demand.name]
        why = f"{said.wrong.to(language, names=', '.join(names))} {said.where.to(language)}"
        obstacles.append(Obstacle(code=demand.code, why=why))
    locked = known.locked_until if isinstance(known.locked_until, date) else None
    warnings = list(_not_read(need, situation, language))
    if locked and need.not_locked and need.day <= locked:
        warnings.append(Obstacle(code=_LOCKED, why=_not_locked(need, locked, language)))
    return VoucherOutlook(
        year=_called(year) if year else "",
        series=next((one for one in series.get(year.id, ()) if one.code == need.series), None) if year else None,
        locked_until=locked,
        obstacles=tuple(obstacles),
        warnings=tuple(warnings),
    )


def _strangers(order: PostVoucher, situation: Situation, language: Language) -> list[Obstacle]:
    """Return that the books are not those that an order is for."""
    company = situation.company
    if not isinstance(company, CompanyInformation):
        return []
    opened = OpenedCompany(company.name, company.organisation_number, company.database_number or 0)
    number = order.database_number if company.database_number else None
    found = whose.objection(opened, order.organisation_number, number)
    if found is None:
        return []
    meaning = MEANINGS[found[0]]
    return [Obstacle(code=found[0], why=f"{meaning.sv if language == 'sv' else meaning.en} ({found[1]})")]


def _not_read(need: Need, situation: Situation, language: Language) -> list[Obstacle]:
    """Return what could not be looked up, once for each reason."""
    unread: dict[str, list[str]] = {}
    for demand in DEMANDS:
        found = demand.find(need, situation.setup)
        if isinstance(found, Unread):
            unread.setdefault(found.code, []).append(TEXTS[demand.name].title.to(language))
    words = "Inte kontrollerat" if language == "sv" else "Not checked"
    return [
        Obstacle(code=code or "not_read", why=f"{words}: {', '.join(dict.fromkeys(titles))}.")
        for code, titles in unread.items()
    ]


def _not_locked(need: Need, locked: date, language: Language) -> str:
    if language == "sv":
        return f"Perioden är låst till {locked}; serie {need.series} låses inte med den, enligt inställningarna."
    return f"The period is locked until {locked}; series {need.series} is not locked with it, as the settings say."


def series_seen(year: Year, item: Mapping[str, Any]) -> SeriesSeen:
    """Return a series as a list of a year's has it."""
    number = str(item.get("NextVoucherNumber") or "")
    return SeriesSeen(
        year=_called(year),
        code=str(item.get("Code")),
        description=str(item.get("Description") or ""),
        is_manual=str(item.get("Manual")).lower() == "true",
        next_number=int(number) if number.isdecimal() else None,
    )


def _called(year: Year) -> str:
    return f"{year.first} to {year.last}"
