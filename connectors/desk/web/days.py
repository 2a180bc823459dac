"""The days of the tills: a calendar of each register with what became of its reports, and one day with all of it."""

import calendar
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Final

from starlette.responses import Response

from connectors.desk.reading import read_back
from connectors.desk.story import tell, voucher_numbers
from connectors.desk.web.books import chart_of
from connectors.desk.web.visit import NoSuchPage, Page, Visit
from infra import clock, registry
from infra.accounts.permissions import Permission
from infra.deciding import remembering
from infra.showing import days, overview
from infra.showing.days import DayRow, Missing, Span
from schemas.commands import PostVoucher
from schemas.envelope import type_of
from schemas.events import DayClosed
from schemas.invoices import CreateInvoice
from schemas.missing import missed_day
from schemas.words import month

_FLOW: Final = "daysales"
_BESIDE: Final = "invoicing"
_MISSING: Final = "day_missing"
_TILLS: Final = 12
_NEAR: Final = timedelta(days=60)
_A_YEAR: Final = timedelta(days=366)
"""A month that has none before or after it is no month of a till."""
LIGHTS: Final = {
    "held": "wait",
    "lost": "stop",
    "on_the_way": "",
    "reversed": "",
    "left": "",
    "settled": "",
    "booked": "good",
}
"""How each kind is shown in a calendar; the first one needs somebody most."""
_WORST: Final = tuple(LIGHTS)


@dataclass(frozen=True, slots=True)
class Cell:
    """A date of a register's calendar with the reports of it; ``missing``: the hold that says that none has come."""

    day: date
    reports: tuple[DayRow, ...] = ()
    missing: Missing | None = None

    @property
    def kind(self) -> str:
        """The kind that needs somebody most; "" where nothing is said of the date."""
        if self.reports:
            return min((one.kind for one in self.reports), key=_WORST.index)
        return "missing" if self.missing else ""


@dataclass(frozen=True, slots=True)
class Till:
    """A register's month: the weeks, Monday first; a date of another month is None."""

    store: str
    register: str
    weeks: tuple[tuple[Cell | None, ...], ...]


async def _month(visit: Visit) -> Response:
    engine, tenant = visit.host.engine, visit.tenant
    first, last = await _wanted(visit)
    span = Span(tenant, _FLOW, type_of(PostVoucher), first, last, said=visit.asked("q"))
    found = await days.page(engine, span, after=visit.asked("after"), tills=_TILLS + 1)
    by_till: defaultdict[str, list[DayRow]] = defaultdict(list)
    for one in found:
        by_till[one.till].append(one)
    tills = list(by_till)[:_TILLS]
    missing = await days.missing(engine, span, _MISSING)
    counts = await days.counts(engine, span)
    return await visit.show(
        "days.html",
        first=first,
        before=(first - timedelta(days=1)).strftime("%Y-%m"),
        after=(last + timedelta(days=1)).strftime("%Y-%m"),
        month=month(first.month, visit.language),
        tills=[_till(name, by_till[name], first, missing) for name in tills],
        missing=missing,
        counts=counts | {"missing": len(missing)},
        lights=LIGHTS,
        next=tills[-1] if len(by_till) > _TILLS else "",
    )


async def _wanted(visit: Visit) -> tuple[date, date]:
    """Return the days of the month of the address; else of the newest day."""
    wish = visit.asked("month")
    if wish:
        try:
            first = date.fromisoformat(f"{wish}-01")
            _ = first - _A_YEAR, first + _A_YEAR
        except (ValueError, OverflowError):
            raise NoSuchPage from None
    else:
        newest = await days.last_day(visit.host.engine, visit.tenant, _FLOW)
        first = (newest or clock.today()).replace(day=1)
    return first, first.replace(day=calendar.monthrange(first.year, first.month)[1])


def _till(name: str, found: Iterable[DayRow], first: date, missing: Iterable[Missing]) -> Till:
    reports: defaultdict[date, list[DayRow]] = defaultdict(list)
    for one in found:
        reports[one.day].append(one)
    store = days.store_of(name)
    lost = {one.day: one for one in missing if one.key == missed_day(store, one.day.isoformat())}

    def cell(day: date) -> Cell | None:
        of_it = tuple(reports[day])
        return Cell(day, of_it, None if of_it else lost.get(day)) if day.month == first.month else None

    weeks = calendar.Calendar().monthdatescalendar(first.year, first.month)
    return Till(store, name.split("/")[2], tuple(tuple(map(cell, week)) for week in weeks))


# --- One day ------------------------------------------------------------------------------------------------------


async def _day(visit: Visit) -> Response:
    engine, tenant, key = visit.host.engine, visit.tenant, visit.request.path_params["key"]
    flow = registry.flow(_FLOW)
    state = (await remembering.states(engine, flow, tenant, [key])).get(key)
    report: DayClosed | None = getattr(state, "day", None)
    if report is None:
        raise NoSuchPage
    material = await overview.material(engine, tenant, key)
    facts = await read_back(engine, visit.host.settings.kafka, material.lines)
    story = tell(material.with_standing(flow.stands(key, {key: state})).with_facts(facts), visit.language)
    day = report.business_date
    span = Span(tenant, _FLOW, type_of(PostVoucher), day - _NEAR, day + _NEAR)
    before, after = await days.beside(engine, span, key, day)
    receipts = replace(span, flow=_BESIDE, order=type_of(CreateInvoice), first=day, last=day, said=days.till_of(key))
    numbers = voucher_numbers(material.records)
    vouchers = [(one, numbers.get(one.order.id)) for one in material.orders if isinstance(one.order.data, PostVoucher)]
    return await visit.show(
        "day.html",
        key=key,
        report=report,
        story=story,
        vouchers=vouchers[::-1],
        holds=[
            (hold, await remembering.autopsy(engine, registry.flows(), tenant, hold.order.data))
            for hold in material.holds
            if hold.closed_at is None
        ],
        names={int(one.code): one.name for one in (await chart_of(visit)).accounts if one.code.isdecimal()},
        receipts=await days.page(engine, receipts),
        before=before,
        after=after,
        lights=LIGHTS,
    )


PAGES: Final = (
    Page("/companies/{tenant}/days", Permission.SEE, _month),
    Page("/companies/{tenant}/days/{key:path}", Permission.SEE, _day),
)
