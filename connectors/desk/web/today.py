"""The start page: what waits and whose move it is, lights, what was booked; of one company, or of all that one sees."""

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from datetime import timedelta
from decimal import Decimal
from types import MappingProxyType
from typing import Any, Final

from starlette.responses import Response, StreamingResponse

from connectors.desk.web.books import kept_how
from connectors.desk.web.rendering import HEADERS
from connectors.desk.web.visit import SIGNED_IN, Page, Visit
from infra import clock, registry, tenants
from infra.accounts import sessions
from infra.accounts.permissions import EVERY_COMPANY, Permission
from infra.deciding import planning
from infra.delivery import waiting
from infra.showing import today
from schemas.settings import TenantSettings

_DAYS: Final = 28
_FLOW: Final = "daysales"
_STAFF: Final = "employees"
_MOST: Final = 12
_CHARTED: Final = 30
"""Companies whose takings are drawn together: of hundreds the sum says nothing, and each voucher has to be read."""
_SPEAK_EVERY: Final = 15.0
_ASK_EVERY: Final = 60.0
"""Seconds after which an open page no longer hears of what its reader may not see any more."""
_NEWS: Final = "event: news\ndata: -\n\n"


async def seen(visit: Visit) -> tuple[str, ...]:
    """Return the companies that whoever looks sees, by name."""
    return visit.who.sees(sorted(await tenants.names(visit.host.engine)))


async def _everywhere(visit: Visit) -> Response:
    companies = await seen(visit)
    runs_it = visit.who.may(Permission.MANAGE, EVERY_COMPANY)
    of_nobody = await today.of_nobody(visit.host.engine, _MOST) if runs_it else {}
    if len(companies) == 1 and not of_nobody:
        return visit.go(f"/companies/{companies[0]}")
    return await _shown(visit, companies, of_nobody)


async def _of_company(visit: Visit) -> Response:
    return await _shown(visit, (visit.tenant,))


async def _of_one(visit: Visit, connected: Iterable[str]) -> dict[str, Any]:
    """Return what the page of one company has besides: what is left to do, and how its books are kept."""
    settings, version = await tenants.settings_in_force(visit.host.engine, visit.tenant)
    left = await _left_to_set_up(visit, settings, version, connected)
    return {"left": left, "kept": await kept_how(visit), "invoices": settings.invoicing is not None}


async def _left_to_set_up(
    visit: Visit, settings: TenantSettings, version: int, connected: Iterable[str]
) -> tuple[tuple[str, str], ...]:
    """Return what a company lacks before anything can travel, each with the page where it is done."""
    told = []
    if not version:
        told.append((visit.say("Gör inställningar", "Make settings"), visit.at("settings")))
    needed = {registry.ledger(), settings.employees.system if settings.employees else ""} & registry.systems().keys()
    if not needed <= set(connected):
        told.append((visit.say("Anslut systemen", "Connect the systems"), visit.at("connections")))
    if settings.employees and await planning.last_applied(visit.host.engine, visit.tenant, _STAFF) is None:
        words = visit.say("Jämför personalen, och skicka den första planen", "Compare staff, and send a first plan")
        told.append((words, visit.at("employees")))
    return tuple(told)


async def _shown(
    visit: Visit, companies: Sequence[str], of_nobody: Mapping[str, today.Counts] = MappingProxyType({})
) -> Response:
    engine = visit.host.engine
    lights = await today.lights(engine, companies)
    of_one: dict[str, Any] = {"left": (), "kept": None, "invoices": False}
    if visit.tenant:
        of_one = await _of_one(visit, [each.system for each in lights[visit.tenant] if each.kind != "stop"])
    counts = await today.counts(engine, companies)
    return await visit.show(
        "today.html",
        companies=companies,
        counts=counts,
        of_nobody=of_nobody,
        total={name: sum(getattr(one, name) for one in counts.values()) for name in today.Counts.__slots__},
        lights=lights,
        holds=await waiting.page_of_holds(engine, companies, limit=_MOST),
        troubles=await today.troubles(engine, companies, _MOST),
        booked=await today.booked(engine, companies, _MOST),
        columns=await _takings(visit, companies) if len(companies) <= _CHARTED else (),
        **of_one,
    )


async def _takings(visit: Visit, companies: Sequence[str]) -> Sequence[tuple[str, Decimal, str]]:
    """Return what was booked from the tills by date, as the columns of a chart; none where nothing was."""
    engine = visit.host.engine
    last = await today.last_day(engine, companies, _FLOW) or clock.today()
    since = last - timedelta(days=_DAYS - 1)
    found = await today.takings(engine, companies, _FLOW, since, last)
    days = [since + timedelta(days=n) for n in range(_DAYS)] if found else []
    return [(f"{one:%d/%m}", found.get(one, Decimal(0)), "") for one in days]


# --- What has changed: a page that is open is told, and fetches the part of it that can have ------------------------


async def _changes(visit: Visit) -> Response:
    companies = (visit.tenant,) if visit.tenant else await seen(visit)
    headers = {**HEADERS, "X-Accel-Buffering": "no"}
    return StreamingResponse(_told(visit, companies), headers=headers, media_type="text/event-stream")


async def _told(visit: Visit, companies: Sequence[str]) -> AsyncIterator[str]:
    news, stop = visit.news, visit.host.stop
    with news.watched(companies):
        before, spoken = await news.marks(companies), clock.monotonic()
        asked = spoken
        yield "retry: 5000\n\n"
        while not await clock.wait(stop, news.every) and not await visit.request.is_disconnected():
            now = await news.marks(companies)
            if clock.monotonic() - asked > _ASK_EVERY:
                asked = clock.monotonic()
                if not await _still_sees(visit, companies):
                    yield _NEWS  # the page asks for what has changed, and is told that it may not
                    return
            if now != before:
                before, spoken = now, clock.monotonic()
                yield _NEWS
            elif clock.monotonic() - spoken > _SPEAK_EVERY:
                spoken = clock.monotonic()
                yield ": nothing has changed\n\n"


async def _still_sees(visit: Visit, companies: Sequence[str]) -> bool:
    """Tell whether whoever opened a page is signed in by the same session, and still of these companies."""
    person = await sessions.person(visit.host.engine, visit.cookies.session(visit.request), acts=False)
    return person is not None and len(person.sees(companies)) == len(companies)


PAGES: Final = (
    Page("/", SIGNED_IN, _everywhere),
    Page("/changes", SIGNED_IN, _changes),
    Page("/companies/{tenant}", Permission.SEE, _of_company),
    Page("/companies/{tenant}/changes", Permission.SEE, _changes),
)
