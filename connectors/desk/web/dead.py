"""What could not be read: listed, shown as far as it may be, sent again, or thrown away for a reason."""

from typing import Final

from starlette.responses import Response

from connectors.desk import acting
from connectors.desk.web.visit import NoSuchPage, Page, Visit
from infra.accounts.permissions import Permission
from infra.delivery import waiting
from infra.delivery.waiting import NotOpen
from infra.plugin import Malformed
from infra.rows import Dead
from infra.tenants import UnknownTenant

_MOST: Final = 200


async def _list(visit: Visit) -> Response:
    closed = visit.asked("state") == "all"
    letters = await waiting.dead_letters(visit.host.engine, visit.tenant, closed=closed, limit=_MOST + 1)
    state, full = "all" if closed else "open", len(letters) > _MOST
    return await visit.show("dead.html", letters=letters[:_MOST], state=state, full=full)


async def _one(visit: Visit) -> Response:
    return await _shown(visit, await _letter(visit))


async def _shown(visit: Visit, letter: Dead, *, status: int = 200, error: str = "") -> Response:
    return await visit.show("letter.html", status=status, letter=letter, error=error)


async def _replay(visit: Visit) -> Response:
    letter = await _letter(visit)
    company = acting.company_of(letter.letter.data.record_value)
    if company is not None and not visit.may(Permission.MANAGE, company):
        others = visit.say(
            "Det nämner ett annat företag, som du inte är admin för: den som driver bokbuss kan skicka det igen.",
            "It names another company, of which you are no admin: whoever runs bokbuss can send it again.",
        )
        return await _shown(visit, letter, status=403, error=others)
    try:
        await acting.replay(visit.host, letter.place, by=visit.by)
    except NotOpen:
        return await _shown(visit, await _letter(visit), status=409, error=_too_late(visit))
    except UnknownTenant:
        nobody = visit.say(
            "Det nämner ett företag som inte finns: lägg till det först, eller kasta det.",
            "It names a company that there is not: add it first, or discard this.",
        )
        return await _shown(visit, letter, status=422, error=nobody)
    except Malformed:  # a row of a till's outbox; why stands in the letter
        still = visit.say("Det går fortfarande inte att läsa.", "It still cannot be read.")
        return await _shown(visit, letter, status=422, error=still)
    return visit.go(visit.at("dead"), visit.say("Det är skickat igen.", "It is sent again."))


async def _discard(visit: Visit) -> Response:
    letter, reason = await _letter(visit), visit.form.get("reason", "").strip()[:500]
    if not reason:
        return await _shown(visit, letter, status=422, error=visit.say("Skriv varför.", "Say why."))
    try:
        await acting.discard(visit.host.engine, letter.place, by=visit.by, reason=reason)
    except NotOpen:
        return await _shown(visit, await _letter(visit), status=409, error=_too_late(visit))
    return visit.go(visit.at("dead"), visit.say("Det är kastat, och det står i loggen.", "It is discarded, on record."))


def _too_late(visit: Visit) -> str:
    return visit.say("Någon hann före.", "Somebody was quicker.")


async def _letter(visit: Visit) -> Dead:
    found = await waiting.dead_letter(visit.host.engine, visit.request.path_params["place"])
    if found is None or found.tenant != visit.tenant:
        raise NoSuchPage
    return found


PAGES: Final = (
    Page("/companies/{tenant}/dead", Permission.SEE, _list),
    Page("/companies/{tenant}/dead/{place:path}/replay", Permission.MANAGE, _replay, act=True),
    Page("/companies/{tenant}/dead/{place:path}/discard", Permission.MANAGE, _discard, act=True),
    Page("/companies/{tenant}/dead/{place:path}", Permission.SEE, _one),
)
