"""What cannot be decided and what waits behind it: listed with the reason, tried again, set aside, or discarded."""

from collections.abc import Sequence
from typing import Final

from starlette.responses import Response

from connectors.desk.web.visit import NoSuchPage, Page, Visit
from infra.accounts.permissions import Permission
from infra.kafka import parking
from infra.kafka.parking import Parked

_MOST: Final = 200


async def _shown(visit: Visit, *, status: int = 200, errors: Sequence[tuple[str, str]] = ()) -> Response:
    found = await parking.listed(visit.host.engine, visit.tenant, most=_MOST + 1)
    full = len(found) > _MOST
    return await visit.show("parked.html", status=status, errors=errors, parked=found[:_MOST], full=full)


async def _retry(visit: Visit) -> Response:
    await parking.retry(visit.host.engine, visit.tenant, visit.by, _from_here(visit))
    said = visit.say("Försöks igen, från det första.", "Tried again, from the first one on.")
    return visit.go(visit.at("parked"), said)


async def _retry_one(visit: Visit) -> Response:
    """Let a record that was set aside wait again at its own place, to be tried."""
    if not await parking.turn(visit.host.engine, await _one(visit), "waiting", visit.by, _from_here(visit)):
        return await _too_late(visit)
    said = visit.say("Försöks igen, på sin plats i ordningen.", "Tried again, at its own place in the order.")
    return visit.go(visit.at("parked"), said)


async def _skip(visit: Visit) -> Response:
    one, reason = await _one(visit), visit.form.get("reason", "").strip()[:500]
    if not reason:
        return await _shown(visit, status=422, errors=[("", visit.say("Skriv varför.", "Say why."))])
    if not await parking.turn(visit.host.engine, one, "set_aside", visit.by, reason):
        return await _too_late(visit)
    said = visit.say("Lagt åt sidan: det som kom senare går vidare.", "Set aside: what came later goes on.")
    return visit.go(visit.at("parked"), said)


def _from_here(visit: Visit) -> str:
    return visit.say("från sidan", "from the page")


async def _too_late(visit: Visit) -> Response:
    return await _shown(visit, status=409, errors=[("", visit.say("Någon hann före.", "Somebody was quicker."))])


async def _one(visit: Visit) -> Parked:
    for one in await parking.at(visit.host.engine, visit.request.path_params["place"]):
        if one.tenant == visit.tenant and one.reader == visit.form.get("reader", one.reader):
            return one
    raise NoSuchPage


PAGES: Final = (
    Page("/companies/{tenant}/parked", Permission.SEE, _shown),
    Page("/companies/{tenant}/parked/retry", Permission.MANAGE, _retry, act=True),
    Page("/companies/{tenant}/parked/{place:path}/retry", Permission.MANAGE, _retry_one, act=True),
    Page("/companies/{tenant}/parked/{place:path}/skip", Permission.MANAGE, _skip, act=True),
)
