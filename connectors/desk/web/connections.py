"""A company's connections and sources: how each stands, and what is done about it; and the keys of auditors."""

from datetime import timedelta
from typing import Any, Final

from starlette.responses import Response

from connectors.desk.ledger_words import AUDITOR
from connectors.desk.web.visit import NoSuchPage, Page, Visit
from infra import companies, registry
from infra.access import signing_secrets, standing
from infra.access.connections import Connection, Connections
from infra.accounts.permissions import Permission
from infra.packages import keys
from infra.plugin import System

_KEY_DAYS: Final = 365
_STATES: Final = ("failed", "not checked", "ok", "not applicable")


async def _shown(visit: Visit, *, status: int = 200, **values: Any) -> Response:
    host, tenant = visit.host, visit.tenant
    standings = {one.held.system: one for one in await standing.standings(host, tenant)}
    sinks = {sink.system for sink in registry.sinks()}
    systems = [one for name, one in registry.systems().items() if name in sinks or name in standings]
    checks = {
        one.name: sorted(found, key=lambda check: _STATES.index(check.state))
        for one in systems
        if one.examined is not None and (found := await one.examined(host, tenant, visit.language))
    }
    async with host.engine.connect() as connection:
        signed = await signing_secrets.systems(connection, tenant)
    known = {"link": "", "link_of": "", "secret": "", "secret_of": "", "key": "", "errors": ()}
    return await visit.show(
        "connections.html",
        status=status,
        path=visit.at("connections"),
        systems=systems,
        standings=standings,
        checks=checks,
        sources=sorted(registry.sources()),
        heard=await standing.deliveries(host, tenant),
        signed=signed,
        old=await signing_secrets.replaced(host.engine, tenant),
        hours=signing_secrets.HOURS,
        most_hours=signing_secrets.MOST_HOURS,
        keys=await keys.listed(host.engine, tenant),
        auditor=AUDITOR,
        **known | values,
    )


# --- Connections -----------------------------------------------------------------------------------------------------


async def _link(visit: Visit) -> Response:
    system = _system(visit)
    if system.consent_link is None:
        raise NoSuchPage
    wishes = visit.lists.get("extra", ())
    if not set(wishes) <= set(system.extras):
        raise NoSuchPage
    asked = wishes if visit.form.get("chosen") else None
    link = await system.consent_link(visit.host, visit.tenant, visit.by, asked)
    return await _shown(visit, link=link, link_of=system.name)


async def _examine(visit: Visit) -> Response:
    system = _system(visit)
    if system.examine is None:
        raise NoSuchPage
    await system.examine(visit.host, visit.tenant)
    return visit.go(f"{visit.at('connections')}#{system.name}", visit.say("Kontrollerat.", "Checked."))


async def _pause(visit: Visit) -> Response:
    connections, held = await _held(visit)
    if not await connections.pause(visit.tenant, held.system, visit.by):
        return await _too_late(visit)
    said = visit.say("Pausad: det som ska skrivas väntar, i ordning.", "Paused: what is to be written waits, in order.")
    return visit.go(visit.at("connections"), said)


async def _resume(visit: Visit) -> Response:
    connections, held = await _held(visit)
    if not await connections.resume(visit.tenant, held.system, visit.by):
        return await _too_late(visit)
    return visit.go(visit.at("connections"), visit.say("Den går vidare.", "It goes on."))


async def _disconnect(visit: Visit) -> Response:
    _, held = await _held(visit)
    if held.state == "disconnected":
        return await _too_late(visit)
    left = await companies.disconnect(visit.host, held, visit.by)
    said = visit.say("Frånkopplad.", "Disconnected.")
    return visit.go(visit.at("connections"), f"{said} {left}".strip())


async def _too_late(visit: Visit) -> Response:
    error = visit.say("Den står inte som när sidan visades.", "It does not stand as it did when the page was shown.")
    return await _shown(visit, status=409, errors=[("", error)])


def _system(visit: Visit) -> System:
    found = registry.systems().get(visit.request.path_params["system"])
    if found is None:
        raise NoSuchPage
    return found


async def _held(visit: Visit) -> tuple[Connections, Connection]:
    connections = Connections(visit.host.engine, visit.host.vault)
    held = await connections.held(visit.tenant, visit.request.path_params["system"])
    if held is None:
        raise NoSuchPage
    return connections, held


# --- Sources and keys ------------------------------------------------------------------------------------------------


async def _secret(visit: Visit) -> Response:
    system = _source(visit)
    hours = visit.form.get("hours", str(signing_secrets.HOURS)).strip()
    now = "now" in visit.form
    most = str(signing_secrets.MOST_HOURS)
    if not now and not (hours.isdecimal() and len(hours) <= len(most) and 0 < int(hours) <= int(most)):
        wrong = visit.say(f"Skriv ett antal timmar, högst {most}.", f"Say a number of hours, {most} at most.")
        return await _shown(visit, status=422, errors=[(f"hours-{system}", wrong)])
    overlap = signing_secrets.AT_ONCE if now else timedelta(hours=int(hours))
    secret = await companies.renew_secret(visit.host, visit.tenant, system, by=visit.by, overlap=overlap)
    return await _shown(visit, secret=secret, secret_of=system)


async def _end_old(visit: Visit) -> Response:
    if not await companies.end_old_secrets(visit.host, visit.tenant, _source(visit), by=visit.by):
        return await _too_late(visit)
    said = visit.say("Den gamla hemligheten gäller inte längre.", "The old secret is good no longer.")
    return visit.go(visit.at("connections"), said)


def _source(visit: Visit) -> str:
    system = str(visit.request.path_params["system"])
    if system not in registry.sources():
        raise NoSuchPage
    return system


async def _make_key(visit: Visit) -> Response:
    holder = visit.form.get("holder", "").strip()[:200]
    if not holder:
        return await _shown(visit, status=422, errors=[("holder", visit.say("Skriv vem.", "Say for whom."))])
    made, _ = await keys.make(visit.host.engine, visit.tenant, AUDITOR, holder, by=visit.by, days=_KEY_DAYS)
    return await _shown(visit, key=made)


async def _revoke_key(visit: Visit) -> Response:
    if not await keys.revoke(visit.host.engine, visit.tenant, visit.request.path_params["key"], visit.by):
        return await _too_late(visit)
    return visit.go(visit.at("connections"), visit.say("Nyckeln öppnar inget mer.", "The key opens nothing more."))


_BELOW: Final = "/companies/{tenant}/connections"
PAGES: Final = (
    Page(_BELOW, Permission.SEE, _shown),
    Page(f"{_BELOW}/{{system}}/link", Permission.MANAGE, _link, act=True),
    Page(f"{_BELOW}/{{system}}/examine", Permission.DECIDE, _examine, act=True),
    Page(f"{_BELOW}/{{system}}/pause", Permission.MANAGE, _pause, act=True),
    Page(f"{_BELOW}/{{system}}/resume", Permission.MANAGE, _resume, act=True),
    Page(f"{_BELOW}/{{system}}/disconnect", Permission.MANAGE, _disconnect, act=True),
    Page("/companies/{tenant}/sources/{system}/secret", Permission.MANAGE, _secret, act=True),
    Page("/companies/{tenant}/sources/{system}/old-secrets/end", Permission.MANAGE, _end_old, act=True),
    Page("/companies/{tenant}/keys", Permission.MANAGE, _make_key, act=True),
    Page("/companies/{tenant}/keys/{key}/revoke", Permission.MANAGE, _revoke_key, act=True),
)
