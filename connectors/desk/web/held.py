"""What waits for a person: listed, shown with what each answer does, and answered."""

from datetime import datetime
from typing import Final
from urllib.parse import quote
from uuid import UUID

from starlette.responses import Response

from connectors.desk import acting, views
from connectors.desk.web.visit import NoSuchPage, Page, Visit
from infra import registry
from infra.accounts.permissions import Permission
from infra.deciding import remembering
from infra.delivery import waiting
from infra.rows import Hold
from schemas.flows import REOPEN

_DAYS: Final = "daysales"
_MISSING: Final = "registers"
"""The flow that says of days that no report came."""
_PAGE: Final = 100
_WAIT: Final = 4.0


async def _list(visit: Visit) -> Response:
    engine, tenant = visit.host.engine, visit.tenant
    at, _, identity = visit.asked("after").partition("|")
    open_, reason, said = visit.asked("state") != "closed", visit.asked("reason"), visit.asked("q")
    try:
        after = (datetime.fromisoformat(at), UUID(identity)) if identity else None
    except ValueError:
        raise NoSuchPage from None
    called = await _called(visit, said) if said else ()
    found = await waiting.page_of_holds(
        engine, [tenant], open_=open_, reason=reason, said=said, called=called, after=after, limit=_PAGE + 1
    )
    last = found[_PAGE - 1] if len(found) > _PAGE else None
    found = found[:_PAGE]
    return await visit.show(
        "held.html",
        holds=found,
        names=await remembering.names(engine, registry.flows(), tenant, [hold.key for hold in found]),
        reasons=await waiting.reasons(engine, [tenant]),
        state="open" if open_ else "closed",
        reason=reason,
        next=f"{last.held_at.isoformat()}|{last.hold_id}" if last else "",
    )


async def _called(visit: Visit, said: str) -> list[str]:
    """Return the keys of those who are called so: the list shows names, and they are sealed where they stand."""
    engine, tenant, flows = visit.host.engine, visit.tenant, [one for one in registry.flows() if one.known is not None]
    keys = await waiting.keys_of(engine, tenant, [flow.name for flow in flows])
    names = await remembering.names(engine, flows, tenant, keys)
    return [key for key, name in names.items() if said.casefold() in name.casefold()]


async def _one(visit: Visit) -> Response:
    return await _shown(visit, await _hold(visit))


async def _shown(visit: Visit, hold: Hold, *, status: int = 200, error: str = "", comment: str = "") -> Response:
    engine = visit.host.engine
    names = await remembering.names(engine, registry.flows(), visit.tenant, [hold.key])
    name = names.get(hold.key, "")
    reopens = hold.closed_at is not None and REOPEN in await acting.offered(engine, hold)
    shown = {"hold": hold, "name": name, "error": error, "comment": comment, "reopens": reopens}
    shown["day"] = await _day_of(visit, hold)
    if hold.closed_at is not None:
        shown |= {"now": await _waits_now(visit, hold), "following": await _following(visit, hold)}
    return await visit.show("hold.html", status=status, must_say_why=acting.must_say_why, **shown)


async def _day_of(visit: Visit, hold: Hold) -> str:
    """Return the address of the day that a hold is about: beside its voucher, or the month that it is missing in."""
    data = hold.order.data
    if data.flow not in (_DAYS, _MISSING) or data.business_date is None:
        return ""
    states = await remembering.states(visit.host.engine, registry.flow(_DAYS), visit.tenant, [hold.key])
    if getattr(states.get(hold.key), "day", None) is None:
        return visit.at("days", month=f"{data.business_date:%Y-%m}")
    return f"{visit.at('days')}/{quote(hold.key)}"


async def _waits_now(visit: Visit, hold: Hold) -> Hold | None:
    """Return what waits of the same key by now: a page that was opened before is answered there."""
    async with visit.host.engine.connect() as connection:
        holds = await waiting.holds_of(connection, visit.tenant, hold.key)
    return next((one for one in reversed(holds) if one.closed_at is None), None)


async def _following(visit: Visit, hold: Hold) -> Hold | None:
    """Return what is to be answered after a hold: the list's next, or its first one after the last."""
    for after in ((hold.held_at, hold.hold_id), None):
        if found := await waiting.page_of_holds(visit.host.engine, [visit.tenant], after=after, limit=1):
            return found[0]
    return None


async def _answer(visit: Visit) -> Response:
    hold, chosen, comment = await _hold(visit), visit.form.get("answer", ""), comment_of(visit)
    choices = await acting.offered(visit.host.engine, hold)
    if hold.closed_at is not None and chosen not in choices:
        return await _shown(visit, hold, status=409, error=_too_late(visit, hold), comment=comment)
    if error := what_is_missing(visit, hold, chosen in choices):
        return await _shown(visit, hold, status=422, error=error, comment=comment)
    answer_id = await acting.answer(await visit.host.producer(), hold, chosen, by=visit.by, comment=comment)
    came = await acting.what_came(visit.host.engine, hold, answer_id, _WAIT)
    said = views.became(hold, chosen, came, visit.language)
    other = came.again is not None or views.ended_otherwise(came, chosen) is not None
    return visit.go(visit.at("held", str(hold.hold_id)), said, "wait" if other else "good")


def comment_of(visit: Visit) -> str:
    """Return what a person wrote beside an answer."""
    return visit.form.get("comment", "").strip()[:500]


def what_is_missing(visit: Visit, hold: Hold, is_offered: bool) -> str:  # noqa: FBT001 - a fact about the answer
    """Say what an answer that was sent lacks; "": nothing."""
    if not is_offered:
        return visit.say("Välj ett svar.", "Choose an answer.")
    if acting.must_say_why(hold, visit.form.get("answer", "")) and not comment_of(visit):
        return visit.say("Skriv varför: det bokförs aldrig.", "Write why: it is never booked then.")
    return ""


def _too_late(visit: Visit, hold: Hold) -> str:
    """Say that an answer does nothing any more; whoever sends one twice has given the first one, too."""
    if hold.how == "answered":
        return visit.say(
            "Det är redan besvarat: det här svaret gör inget.", "It is answered already: this does nothing."
        )
    return visit.say(
        "Det väntar inte längre så som sidan visade: svaret gör inget.",
        "It waits no longer as the page showed it: the answer does nothing.",
    )


async def _hold(visit: Visit) -> Hold:
    found = await waiting.hold(visit.host.engine, visit.tenant, visit.request.path_params["hold"])
    if found is None:
        raise NoSuchPage
    return found


PAGES: Final = (
    Page("/companies/{tenant}/held", Permission.SEE, _list),
    Page("/companies/{tenant}/held/{hold:uuid}", Permission.SEE, _one),
    Page("/companies/{tenant}/held/{hold:uuid}", Permission.DECIDE, _answer, act=True),
)
