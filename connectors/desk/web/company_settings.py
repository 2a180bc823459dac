"""A company's settings, as switches and as a file: checked, compared with those in force, only then published."""

import asyncio
from collections.abc import Collection, Mapping
from itertools import zip_longest
from typing import Any, Final

from starlette.responses import Response

from connectors.desk import settings_files
from connectors.desk.running import until
from connectors.desk.settings_files import WrongFile
from connectors.desk.web.visit import NoSuchPage, Page, Visit
from infra import companies, registry, tenants, way_words
from infra.accounts.permissions import Permission
from infra.intake import ways
from schemas import ids
from schemas.settings import InvoicingSettings, TenantSettings
from schemas.words import Said

_EFFECT: Final = 4.0
_INVOICING: Final = "invoicing"
_SWITCHES: Final[Mapping[str, Said]] = {
    "sync_sales": Said("Synka försäljning: varje dagsavslut bokförs", "Sync sales: each day close is booked"),
    _INVOICING: Said("Fakturera via Fortnox", "Invoice via Fortnox"),
    "allow_tip_on_invoice": Said("Tillåt dricks på faktura", "Allow tip on invoice"),
    "order_instead_of_invoice": Said(
        "Order i stället för faktura: faktureringen i Fortnox görs sedan för hand",
        "Use order instead of invoice: invoicing in Fortnox is then done by hand",
    ),
}
"""What is switched on and off without looking into the file."""


async def _settings(visit: Visit) -> Response:
    engine, wish = visit.host.engine, visit.asked("of")
    given, body = await compared_with(visit)
    if not wish:
        return await _shown(visit, settings_files.to_yaml(body), given, shut=await _shut(visit, body))
    version_wished = visit.number(wish)
    found = await tenants.versions(engine, visit.tenant, before=version_wished + 1, limit=1)
    if not found or found[0].version != version_wished:
        raise NoSuchPage
    changes, shut = settings_files.differences(body, found[0].settings), await _shut(visit, found[0].settings)
    return await _shown(visit, settings_files.to_yaml(found[0].settings), given, changes=changes, shut=shut)


async def compared_with(visit: Visit) -> tuple[int, TenantSettings]:
    """Return the version that was given out last, and the settings in force.

    That version is asked for first: one that takes effect in between is a newer one to whoever changes these settings.
    """
    given = await tenants.given_out(visit.host.engine, visit.tenant)
    body, _ = await tenants.settings_in_force(visit.host.engine, visit.tenant)
    return given, body


async def _shown(visit: Visit, written: str, given: int, *, status: int = 200, **values: Any) -> Response:
    known: dict[str, Any] = {"problems": (), "changes": None, "moved": False, "edited": False, "shut": ()}
    body, version = await tenants.settings_in_force(visit.host.engine, visit.tenant)
    return await visit.show(
        "settings.html",
        status=status,
        written=written,
        version=version,
        given=given,
        lines=written.count("\n") + 2,
        shown=_digest(written, body),
        switches=_SWITCHES if body.daysales else {},
        on=_on(body),
        **known | values,
    )


async def _shut(visit: Visit, settings: TenantSettings) -> list[str]:
    """Say of the ways in of settings which are not opened before their secret is given again."""
    found = await ways.given_elsewhere(visit.host.engine, visit.tenant, settings)
    return [way_words.in_words(way, visit.language) for way in found]


def _digest(written: str, body: TenantSettings) -> str:
    """Return what stands for a difference that was shown: the box beside its button can be typed in."""
    return ids.digest([written.strip(), body.to_json()])


def _on(body: TenantSettings) -> frozenset[str]:
    """Return the switches that are on."""
    of = [one for one in (body.daysales, body.invoicing) if one is not None]
    on = {name for name in _SWITCHES for one in of if getattr(one, name, False)}
    return frozenset(on | ({_INVOICING} if body.invoicing else set()))


def _switched(body: TenantSettings, on: Collection[str]) -> TenantSettings:
    """Return settings with exactly these switches on."""
    if body.daysales is None:
        return body
    invoicing = None
    if _INVOICING in on:
        names = ("allow_tip_on_invoice", "order_instead_of_invoice")
        invoicing = (body.invoicing or InvoicingSettings()).model_copy(update={name: name in on for name in names})
    daysales = body.daysales.model_copy(update={"sync_sales": "sync_sales" in on})
    return body.model_copy(update={"daysales": daysales, "invoicing": invoicing})


async def _apply(visit: Visit) -> Response:
    """Show what a file would change; publish it when that was shown, and the settings are still those compared."""
    engine, written = visit.host.engine, visit.form.get("settings", "").replace("\r\n", "\n")
    given, body = await compared_with(visit)
    if visit.form.get("act") == "switch":
        written = settings_files.to_yaml(_switched(body, visit.lists.get("on", ())))
    raw = written.encode()
    try:
        new = await asyncio.to_thread(settings_files.read, raw, registry.choices())  # a long one takes seconds
    except WrongFile as error:
        places = await asyncio.to_thread(settings_files.lines_of, raw, error.places)
        problems = list(zip_longest(places, error.problems, fillvalue=None))
        return await _shown(visit, written, given, status=422, problems=problems)
    changes = settings_files.differences(body, new)
    moved, publish = visit.form.get("version") not in {None, str(given)}, visit.form.get("act") == "publish"
    edited = publish and visit.form.get("shown") != _digest(written, body)
    if not publish or moved or edited or not changes:
        shut = await _shut(visit, new)
        return await _shown(visit, written, given, changes=changes, moved=moved, edited=edited, shut=shut)
    producer = await visit.host.producer()
    try:
        version = await companies.apply_settings(engine, producer, visit.tenant, new, by=visit.by, after=given)
    except companies.NewerSettings:
        return await _shown(visit, written, given, status=409, changes=changes, moved=True)
    return visit.go(visit.at("settings"), await taken_effect(visit, version))


async def taken_effect(visit: Visit, given: int) -> str:
    """Wait a while for a version that was given out, and say whether it is in force."""
    if await until(lambda: tenants.is_in_force(visit.host.engine, visit.tenant, given), _EFFECT):
        return visit.say(f"Version {given} gäller nu.", f"Version {given} has taken effect.")
    return visit.say(f"Version {given} gäller när flödena går.", f"Version {given} takes effect when flows run.")


PAGES: Final = (
    Page("/companies/{tenant}/settings", Permission.SEE, _settings),
    Page("/companies/{tenant}/settings", Permission.MANAGE, _apply, act=True),
)
