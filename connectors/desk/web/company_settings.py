"""A company's settings as a file that can be changed: checked, compared with those in force, only then published."""

from itertools import zip_longest
from typing import Any, Final

from starlette.responses import Response

from connectors.desk import settings_files
from connectors.desk.running import until
from connectors.desk.settings_files import WrongFile
from connectors.desk.web.visit import NoSuchPage, Page, Visit
from infra import companies, tenants
from infra.accounts.permissions import Permission

_EFFECT: Final = 4.0


async def _settings(visit: Visit) -> Response:
    engine, wish = visit.host.engine, visit.asked("of")
    body, version = await tenants.settings_in_force(engine, visit.tenant)
    if not wish:
        return await _shown(visit, settings_files.to_yaml(body), version)
    if not (wish.isascii() and wish.isdecimal() and len(wish) < 10):  # noqa: PLR2004 - what an integer of the database holds
        raise NoSuchPage
    found = await tenants.versions(engine, visit.tenant, before=int(wish) + 1, limit=1)
    if not found or found[0].version != int(wish):
        raise NoSuchPage
    changes = settings_files.differences(body, found[0].settings)
    return await _shown(visit, settings_files.to_yaml(found[0].settings), version, changes=changes)


async def _shown(visit: Visit, written: str, version: int, *, status: int = 200, **values: Any) -> Response:
    known: dict[str, Any] = {"problems": (), "changes": None, "moved": False}
    return await visit.show(
        "settings.html",
        status=status,
        written=written,
        version=version,
        lines=written.count("\n") + 2,
        **known | values,
    )


async def _apply(visit: Visit) -> Response:
    """Show what a file would change; publish it when that was shown, and the settings are still those compared."""
    engine, written = visit.host.engine, visit.form.get("settings", "").replace("\r\n", "\n")
    body, version = await tenants.settings_in_force(engine, visit.tenant)
    raw = written.encode()
    try:
        new = settings_files.read(raw)
    except WrongFile as error:
        places = [settings_files.line_of(raw, place) for place in error.places]
        problems = list(zip_longest(places, error.problems, fillvalue=None))
        return await _shown(visit, written, version, status=422, problems=problems)
    changes = settings_files.differences(body, new)
    moved = visit.form.get("version") not in {None, str(version)}
    if visit.form.get("act") != "publish" or moved or not changes:
        return await _shown(visit, written, version, changes=changes, moved=moved)
    producer = await visit.host.producer()
    try:
        given = await companies.apply_settings(engine, producer, visit.tenant, new, by=visit.by, after=version)
    except companies.NewerSettings:
        return await _shown(visit, written, version, status=409, changes=changes, moved=True)
    return visit.go(visit.at("settings"), await taken_effect(visit, given))


async def taken_effect(visit: Visit, given: int) -> str:
    """Wait a while for a version that was given out, and say whether it is in force."""
    if await until(lambda: tenants.is_in_force(visit.host.engine, visit.tenant, given), _EFFECT):
        return visit.say(f"Version {given} gäller nu.", f"Version {given} has taken effect.")
    return visit.say(f"Version {given} gäller när flödena går.", f"Version {given} takes effect when flows run.")


PAGES: Final = (
    Page("/companies/{tenant}/settings", Permission.SEE, _settings),
    Page("/companies/{tenant}/settings", Permission.MANAGE, _apply, act=True),
)
