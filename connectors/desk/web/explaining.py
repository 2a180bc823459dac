"""The story of a voucher, a day, a person: found by what people call it, and told."""

from collections.abc import Iterable, Sequence
from typing import Final

from starlette.responses import Response

from connectors.desk import resolving
from connectors.desk.reading import read_back
from connectors.desk.story import tell
from connectors.desk.web.today import seen
from connectors.desk.web.visit import SIGNED_IN, NoSuchPage, Page, Visit, below
from infra import registry
from infra.accounts.permissions import Permission
from infra.deciding import plan_pages, planning, remembering
from infra.deciding.plan_pages import Meant
from infra.showing import overview

_MOST: Final = 50
_STAFF: Final = "employees"
_LOOKED_THROUGH: Final = 12
"""Companies whose people are looked through by name: each name is sealed, so that all of a company's are opened."""


async def _explain(visit: Visit) -> Response:
    what, wish = visit.asked("what"), visit.asked("tenant")
    companies = await seen(visit)
    found: list[tuple[str, str]] = []
    if what:
        within = (wish,) if wish in companies else companies
        found = await overview.find(visit.host.engine, resolving.readings(what), tenants=within, limit=_MOST + 1)
        found = found or await _called(visit, what, within[:_LOOKED_THROUGH])
    if len(found) == 1:
        return visit.go(below(found[0][0], "story", found[0][1]))
    status = 200 if found or not what else 404
    names = await _names(visit, found[:_MOST])
    shown = {"what": what, "found": found[:_MOST], "names": names, "more": len(found) > _MOST}
    return await visit.show("explain.html", status=status, **shown)


async def _called(visit: Visit, said: str, companies: Iterable[str]) -> list[tuple[str, str]]:
    """Return (company, key) of the people who are called so, as their company's last comparison of staff knows them."""
    engine, found = visit.host.engine, list[tuple[str, str]]()
    for company in companies:
        for plan in (await planning.plans(engine, company, _STAFF))[:1]:
            which = await plan_pages.looked_up(engine, plan, Meant(said=said))
            rows = await plan_pages.page(engine, plan, which, limit=_MOST + 1)
            found += ((company, row.key) for row in rows)
    return found


async def _names(visit: Visit, found: Sequence[tuple[str, str]]) -> dict[tuple[str, str], str]:
    """Return what people call each of these, where it is somebody."""
    names: dict[tuple[str, str], str] = {}
    for company in {company for company, _ in found}:
        keys = [key for of, key in found if of == company]
        told = await remembering.names(visit.host.engine, registry.flows(), company, keys)
        names |= {(company, key): name for key, name in told.items()}
    return names


async def _story(visit: Visit) -> Response:
    engine, tenant, key = visit.host.engine, visit.tenant, visit.request.path_params["key"]
    material = await overview.material(engine, tenant, key)
    if not (material.lines or material.orders or material.holds or material.parked or material.delivered_at):
        raise NoSuchPage
    material = material.with_standing(await remembering.standing(engine, registry.flows(), tenant, key))
    facts = await read_back(engine, visit.host.settings.kafka, material.lines)
    names = await remembering.names(engine, registry.flows(), tenant, [key])
    open_holds = [hold for hold in material.holds if hold.closed_at is None]
    story = tell(material.with_facts(facts), visit.language)
    return await visit.show("story.html", story=story, name=names.get(key, ""), holds=open_holds)


PAGES: Final = (
    Page("/explain", SIGNED_IN, _explain),
    Page("/companies/{tenant}/story/{key:path}", Permission.SEE, _story),
)
