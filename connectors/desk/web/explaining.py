"""The story of a voucher, a day, a person: found by what people call it, and told."""

from typing import Final

from starlette.responses import Response

from connectors.desk import resolving
from connectors.desk.reading import read_back
from connectors.desk.story import tell
from connectors.desk.web.today import seen
from connectors.desk.web.visit import SIGNED_IN, NoSuchPage, Page, Visit, below
from infra import registry
from infra.accounts.permissions import Permission
from infra.deciding import remembering
from infra.showing import overview

_MOST: Final = 50


async def _explain(visit: Visit) -> Response:
    what, wish = visit.asked("what"), visit.asked("tenant")
    companies = await seen(visit)
    found: list[tuple[str, str]] = []
    if what:
        within = (wish,) if wish in companies else companies
        found = await overview.find(visit.host.engine, resolving.readings(what), tenants=within, limit=_MOST + 1)
    if len(found) == 1:
        return visit.go(below(found[0][0], "story", found[0][1]))
    status = 200 if found or not what else 404
    return await visit.show("explain.html", status=status, what=what, found=found[:_MOST], more=len(found) > _MOST)


async def _story(visit: Visit) -> Response:
    engine, tenant, key = visit.host.engine, visit.tenant, visit.request.path_params["key"]
    material = await overview.material(engine, tenant, key)
    if not (material.lines or material.orders or material.holds or material.parked or material.delivered_at):
        raise NoSuchPage
    material = material.with_standing(await remembering.standing(engine, registry.flows(), tenant, key))
    facts = await read_back(engine, visit.host.settings.kafka.bootstrap or "", material.lines)
    names = await remembering.names(engine, registry.flows(), tenant, [key])
    open_holds = [hold for hold in material.holds if hold.closed_at is None]
    story = tell(material.with_facts(facts), visit.language)
    return await visit.show("story.html", story=story, name=names.get(key, ""), holds=open_holds)


PAGES: Final = (
    Page("/explain", SIGNED_IN, _explain),
    Page("/companies/{tenant}/story/{key:path}", Permission.SEE, _story),
)
