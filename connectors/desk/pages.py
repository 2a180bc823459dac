"""The accountant's pages: what waits, what is stuck, what was booked; and the story of each. They only read."""

from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse
from starlette.routing import Route

from connectors.desk import resolving, views, words
from connectors.desk.reading import read_back
from connectors.desk.story import tell
from infra import overview
from infra.delivery import waiting
from infra.kafka import parking
from infra.plugin import Host

_MOST = 100
_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}


def pages(host: Host) -> list[Route]:
    """Return the pages: ``/`` and ``/story/{tenant}/{what}``; ``/story?what=`` is what the search box asks."""
    engine, settings = host.engine, host.settings
    templates = Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    templates.filters |= {"when": words.when, "money": words.money, "rows": views.voucher_cells}

    def page(name: str, *, status: int = 200, **values: Any) -> HTMLResponse:
        return HTMLResponse(templates.get_template(name).render(values), status, _HEADERS)

    async def first(_request: Request) -> HTMLResponse:
        return page(
            "first.html",
            holds=await waiting.holds(engine, limit=_MOST),
            troubles=await overview.troubles(engine, limit=_MOST),
            dead=await waiting.dead_letters(engine, limit=_MOST),
            parked=await parking.listed(engine, most=_MOST),
            booked=await overview.booked(engine),
            most=_MOST,
        )

    async def story(request: Request) -> HTMLResponse:
        tenant = request.path_params.get("tenant")
        what = request.path_params.get("what") or request.query_params.get("what", "")
        found = await overview.find(engine, resolving.readings(what), tenant=tenant)
        if len(found) != 1:
            asking = resolving.WHAT_CAN_BE_ASKED
            return page("several.html", status=200 if found else 404, what=what, found=found, asking=asking)
        material = await overview.material(engine, *found[0])
        facts = await read_back(settings.kafka.bootstrap or "", material.lines)
        return page("story.html", story=tell(material.with_facts(facts)))

    return [Route("/", first), Route("/story", story), Route("/story/{tenant}/{what:path}", story)]
