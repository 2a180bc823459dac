"""The mapping: accounts for what tills tell, tried on the days that came in before it counts, and its versions."""

import json
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, Final, NamedTuple

from starlette.responses import Response

from connectors.desk import matching, settings_files, simulating
from connectors.desk.matching import SECTIONS, Row, WrongMapping
from connectors.desk.web.books import chart_of
from connectors.desk.web.company_settings import compared_with, taken_effect
from connectors.desk.web.visit import NoSuchPage, Page, Visit
from infra import clock, companies, registry, speaking, tasks, tenants
from infra.accounts.permissions import Permission
from infra.companies import NewerSettings
from infra.deciding import simulating as simulation
from infra.delivery import waiting
from infra.plugin import Chart, Terms
from infra.postgres import Engine
from infra.showing import days
from schemas import ids
from schemas.settings import DaySalesSettings, TenantSettings
from schemas.words import Said

_FLOW: Final = "daysales"
_TRIED: Final = timedelta(days=90)
_JUST_READ: Final = timedelta(minutes=1)
_VERSIONS: Final = 20
_SHOWN: Final = 60
_TRYING: Final = "simulating"
_COMPARING: Final = Said("det som har kommit in jämförs", "what came in is compared")


class _Base(NamedTuple):
    """What somebody looked at: the version that was given out last, and a digest of the settings in force.

    A version that was given out before the page was opened may take effect after it: its number is no news then, and
    the rows are another's.
    """

    version: int
    settings: str

    def __str__(self) -> str:
        return f"{self.version}-{self.settings}"


async def _now(visit: Visit) -> tuple[_Base, TenantSettings]:
    given, settings = await compared_with(visit)
    return _Base(given, ids.digest(settings.to_json())), settings


async def _form(visit: Visit) -> Response:
    base, settings = await _now(visit)
    return await _shown(visit, matching.rows_of(matching.begun(settings)), base)


async def _shown(
    visit: Visit,
    rows: Mapping[str, Sequence[Row]],
    base: _Base,
    *,
    status: int = 200,
    errors: Sequence[tuple[str, str]] = (),
    wrong: WrongMapping | None = None,
) -> Response:
    engine, tenant = visit.host.engine, visit.tenant
    settings, version = await tenants.settings_in_force(engine, tenant)
    lacking = await waiting.lacking(engine, tenant, registry.flows())
    new = _new(visit, lacking, rows)
    return await visit.show(
        "matching.html",
        status=status,
        sections=SECTIONS,
        rows=rows,
        new=new,
        lacking={section.name: lacking[section.reason] for section in SECTIONS if section.reason in lacking},
        version=version,
        given=base.version,
        base=str(base),
        begun=settings.daysales is None,
        chart=(chart := await chart_of(visit)),
        known={one.code: one for one in chart.accounts},
        since=visit.form.get("since") or str(await _since(visit)),
        errors=[*errors, *(_said(visit, wrong, new) if wrong else ())],
    )


def _new(visit: Visit, lacking: Mapping[str, Sequence[str]], rows: Mapping[str, Sequence[Row]]) -> dict[str, list[Row]]:
    """Return a row for each name that reports have and that has no account: the one that a link asks for first."""
    wanted = (visit.asked("reason"), visit.asked("name"))
    found: dict[str, list[Row]] = {}
    for section in SECTIONS:
        names = list(lacking.get(section.reason, ()) if section.reason else ())
        new = [section.row_of(name) for name in names if (section.reason, name) != wanted]
        if section.reason and section.reason == wanted[0] and wanted[1]:
            new.insert(0, section.row_of(wanted[1], _day(visit.asked("since"))))
        there = [{k: v for k, v in row.items() if k not in _NOT_NAMES} for row in rows.get(section.name, ())]
        found[section.name] = [
            row
            for row in new
            if row["valid_from"] or {k: v for k, v in row.items() if k not in _NOT_NAMES} not in there
        ]
    return found


_NOT_NAMES: Final = frozenset({"account", "valid_from", "valid_to"})


def _day(said: str) -> str:
    try:
        return str(date.fromisoformat(said))
    except ValueError:
        return ""


async def _since(visit: Visit) -> date:
    newest = await days.last_day(visit.host.engine, visit.tenant, _FLOW)
    return (newest or clock.today()) - _TRIED


async def _chart_anew(visit: Visit) -> Response:
    """Read the chart of accounts again, as a check of the set-up does."""
    examined = [one for one in registry.systems().values() if one.chart is not None and one.examine is not None]
    for system in examined:
        if system.examine is not None:
            await system.examine(visit.host, visit.tenant)
    read_at = (await chart_of(visit)).read_at
    if read_at is None or read_at < clock.now() - _JUST_READ:
        said = visit.say(
            "Kontoplanen kunde inte läsas: se vad kontrollerna säger.",
            "The chart could not be read: look at what the checks say.",
        )
        return visit.go(visit.at("connections"), said, "stop")
    return visit.go(visit.at("matching"), visit.say("Kontoplanen är läst.", "The chart of accounts is read."))


# --- Tried, and then activated --------------------------------------------------------------------------------------


async def _preview(visit: Visit) -> Response:
    """Begin to try accounts on what came in, and go to where one sees how far it is."""
    engine, tenant = visit.host.engine, visit.tenant
    base, settings = await _now(visit)
    rows: Mapping[str, Sequence[Row]] = {}
    try:
        rows = matching.typed(visit.lists)
        new = matching.with_rows(settings, rows)
    except WrongMapping as error:
        return await _shown(visit, rows, _base(visit), status=422, wrong=error)
    if _base(visit) != base:
        return await _shown(visit, rows, base, status=409, errors=[("", _moved(visit))])
    if not settings_files.differences(settings, new):
        same = visit.say("Ingenting är ändrat.", "Nothing is changed.")
        return await _shown(visit, rows, base, status=422, errors=[("", same)])
    since = date.fromisoformat(_day(visit.form.get("since", "")) or str(await _since(visit)))
    company = await tenants.known(engine, tenant)
    number, given = company.organisation_number, base.version
    terms = Terms(settings, given, number), Terms(new, given + 1, number)
    asked = {"since": str(since), "base": str(base), "mapping": rows}

    async def work(steps: tasks.Steps) -> str:
        found = await _simulated(engine, tenant, terms, since, steps)
        return json.dumps({**asked, "found": found}, ensure_ascii=False)

    task_id = await tasks.begin(visit.host, tenant, f"{_TRYING}/{ids.digest(asked)}", work, by=visit.by)
    return visit.go(visit.at("matching", "tried", str(task_id)))


async def _simulated(
    engine: Engine, tenant: str, terms: tuple[Terms, Terms], since: date, steps: tasks.Steps
) -> dict[str, Any]:
    """Compare what came in since a day under the settings in force and under others; the first rows are kept."""
    flows = registry.flows()
    total = await simulation.count(engine, flows, tenant)
    steps.say(_COMPARING, 0, total)

    def progress(looked_at: int) -> None:
        steps.say(_COMPARING, steps.done + looked_at, total)

    found = simulating.to_json(await simulation.simulate(engine, flows, tenant, terms, (since, date.max), progress))
    rows = found["differences"]
    compared = {"daysales": found["reports"], "invoicing": found["sales_on_account"]}
    return {**found, "compared": compared, "differences": rows[:_SHOWN], "more": max(0, len(rows) - _SHOWN)}


async def _tried(visit: Visit) -> Response:
    """Show how far a simulation is; once it is there, what the new accounts would change."""
    task = await tasks.one(visit.host.engine, visit.tenant, visit.request.path_params["task"])
    if task is None or not task.kind.startswith(f"{_TRYING}/"):
        raise NoSuchPage
    if task.state != "done":
        return await visit.show("matching_task.html", task=task)
    if visit.asked("part"):
        return Response(headers={"HX-Redirect": visit.request.url.path})
    tried = json.loads(task.result)
    base, settings = await _now(visit)
    if tried["base"] != str(base):
        return await _shown(visit, tried["mapping"], base, status=409, errors=[("", _moved(visit))])
    new = matching.with_rows(settings, tried["mapping"])
    return await visit.show(
        "matching_preview.html",
        changes=settings_files.differences(settings, new),
        since=tried["since"],
        found=tried["found"],
        things=simulating.of,
        documents=simulating.DOCUMENTS,
        amount=Decimal,
        chart=(chart := await chart_of(visit)),
        objections=_objections(visit, chart, new.daysales or DaySalesSettings(series="F"), settings),
        names={int(one.code): one.name for one in chart.accounts if one.code.isdecimal()},
        base=str(base),
        mapping=json.dumps(tried["mapping"], ensure_ascii=False),
    )


def _objections(visit: Visit, chart: Chart, mapping: DaySalesSettings, old: TenantSettings) -> list[str]:
    """Return what Fortnox's chart says against the accounts that are new in a mapping."""
    if chart.read_at is None:
        return []
    known = {one.code: one for one in chart.accounts}
    before = set(matching.accounts_of(old.daysales)) if old.daysales else set()
    said = []
    for account in matching.accounts_of(mapping):
        one = known.get(str(account))
        if account in before or (one and one.is_active):
            continue
        said.append(
            visit.say(f"{account} är inte aktivt i Fortnox.", f"{account} is not active in Fortnox.")
            if one
            else visit.say(
                f"{account} finns inte i Fortnox kontoplan.", f"{account} is not in Fortnox's chart of accounts."
            )
        )
    return said


async def _again(visit: Visit) -> Response:
    """Show the form with what was tried, to change more of it."""
    return await _shown(visit, _carried(visit), _base(visit))


async def _activate(visit: Visit) -> Response:
    """Publish the accounts that were tried, over the settings that they were tried on: over others they were not."""
    engine, tenant = visit.host.engine, visit.tenant
    base, settings = await _now(visit)
    rows = _carried(visit)
    try:
        new = matching.with_rows(settings, rows)
    except WrongMapping as error:
        return await _shown(visit, rows, base, status=422, wrong=error)
    moved = [("", _moved(visit))]
    if _base(visit) != base:
        return await _shown(visit, rows, base, status=409, errors=moved)
    producer = await visit.host.producer()
    try:
        version = await companies.apply_settings(engine, producer, tenant, new, by=visit.by, after=base.version)
    except NewerSettings:
        return await _shown(visit, rows, base, status=409, errors=moved)
    return visit.go(visit.at("matching"), await taken_effect(visit, version))


def _carried(visit: Visit) -> dict[str, list[Row]]:
    """Return the rows that a preview carried with it. Raises NoSuchPage: no preview of ours did."""
    try:
        rows = json.loads(visit.form.get("mapping", ""))
        return {
            section.name: [{c.field: _text(row[c.field]) for c in section.columns} for row in rows[section.name]]
            for section in SECTIONS
        }
    except (ValueError, KeyError, TypeError, RecursionError):
        raise NoSuchPage from None


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError
    return value


def _base(visit: Visit) -> _Base:
    version, _, settings = visit.form.get("base", "").partition("-")
    return _Base(visit.number(version), settings)


def _moved(visit: Visit) -> str:
    return visit.say(
        "Någon har ändrat inställningarna sedan sidan öppnades. Ingenting är gjort: se över raderna och pröva igen.",
        "Somebody has changed the settings since this page was opened, so that nothing was done. Look and try again.",
    )


def _said(visit: Visit, error: WrongMapping, new: Mapping[str, Sequence[Row]]) -> list[tuple[str, str]]:
    row, above = visit.say("rad", "row"), {section: len(rows) for section, rows in new.items()}
    said = [("", speaking.heard(each, visit.language)) for each in error.whole]
    return said + [
        ("", f"{label.to(visit.language)}{f', {row} {number}' if number else ''}: {wanted.to(visit.language)}.")
        for label, number, wanted in error.said(above)
    ]


# --- Versions -------------------------------------------------------------------------------------------------------


async def _versions(visit: Visit) -> Response:
    after = visit.asked("after")
    before = visit.number(after) if after else None
    found = await tenants.versions(visit.host.engine, visit.tenant, before=before, limit=_VERSIONS + 1)
    older = [*found[1:], None][: len(found)]
    shown = [
        (one, settings_files.differences(was.settings if was else TenantSettings(), one.settings))
        for one, was in list(zip(found, older, strict=True))[:_VERSIONS]
    ]
    last = shown[-1][0].version if len(found) > _VERSIONS else 0
    return await visit.show("matching_versions.html", versions=shown, next=last or "")


PAGES: Final = (
    Page("/companies/{tenant}/matching", Permission.SEE, _form),
    Page("/companies/{tenant}/matching", Permission.DECIDE, _again, act=True),
    Page("/companies/{tenant}/matching/chart", Permission.DECIDE, _chart_anew, act=True),
    Page("/companies/{tenant}/matching/preview", Permission.DECIDE, _preview, act=True),
    Page("/companies/{tenant}/matching/tried/{task:uuid}", Permission.DECIDE, _tried),
    Page("/companies/{tenant}/matching/active", Permission.DECIDE, _activate, act=True),
    Page("/companies/{tenant}/matching/versions", Permission.SEE, _versions),
)
