"""The verbs of settings: what there is to choose, what a file would change, and what comes of it, before it counts."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from datetime import date, datetime
from itertools import zip_longest
from pathlib import Path
from typing import Annotated, Any

import typer

from connectors.desk import settings_files, settings_words
from connectors.desk.running import Wait, bar, until
from infra import registry, tenants, way_words
from infra.commanding import By, Company, Failed, Json, WrongUsage, asker, print_json, print_lines, print_out, read_file
from infra.deciding import remembering
from infra.delivery import waiting
from infra.office import Office, in_office
from infra.plugin import Malformed, Terms
from schemas.bas import BAS_DAY_SALES
from schemas.identities import Invalid, organisation_number
from schemas.settings import TenantSettings

settings = typer.Typer(no_args_is_help=True, help="How a company's facts become vouchers.")
SettingsFile = Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="YAML or JSON.")]


@settings.command("show")
def settings_show(
    tenant: Annotated[str | None, typer.Argument(metavar="TENANT", help="The company.")] = None,
    starting_set: Annotated[bool, typer.Option("--starting-set", help="A starting set after the BAS chart.")] = False,
    as_json: Json = False,
) -> None:
    """Show the settings that decisions are made with, as YAML; a start for a file of your own."""
    if starting_set:
        starting = TenantSettings(daysales=BAS_DAY_SALES)
        _print_settings(["a starting set after the BAS chart"], {"version": None}, starting, as_json)
        return
    if tenant is None:
        raise typer.BadParameter("name a company, or --starting-set")
    company = tenant

    async def work(place: Office) -> None:
        given, body, version = await _compared_with(place, company)
        said = f"{company}: version {version}" if version else f"{company}: no settings have taken effect yet"
        known = {"version": version, "given_out": given}
        _print_settings([said, *_not_in_force(given, version)], known, body, as_json)

    in_office(work, tenant)


def _print_settings(
    said: Sequence[str],
    known: Mapping[str, int | None],
    body: TenantSettings,
    as_json: bool,  # noqa: FBT001 - private
) -> None:
    if as_json:
        print_json({**known, "settings": body.to_json()})
    else:
        typer.echo("".join(f"# {line}\n" for line in said) + settings_files.to_yaml(body), nl=False)


async def _compared_with(place: Office, tenant: str) -> tuple[int, TenantSettings, int]:
    """Return the version that was given out last, and the settings in force with theirs, in that sequence."""
    given = await tenants.given_out(place.engine, tenant)
    return given, *await tenants.settings_in_force(place.engine, tenant)


def _not_in_force(given: int, version: int) -> Iterator[str]:
    """Say of a version that is on its way, or lost, that what is shown is not what it says."""
    if given > version:
        yield f"version {given} was published and is not in force yet; what is applied now takes its place"


async def _shut(place: Office, tenant: str, new: TenantSettings) -> tuple[str, ...]:
    """Say of the ways in of settings which are not opened before their secret is given again."""
    from infra.intake import ways

    found, language = await ways.given_elsewhere(place.engine, tenant, new), place.settings.language
    return tuple(way_words.in_words(way, language) for way in found)


@settings.command("diff")
def settings_diff(tenant: Company, file: SettingsFile, as_json: Json = False) -> None:
    """Show what a file would change, field by field."""

    async def work(place: Office) -> None:
        given, body, version = await _compared_with(place, tenant)
        new = _read(file)
        told, shut = tuple(map(str, settings_files.differences(body, new))), await _shut(place, tenant, new)
        known = {"version": version, "given_out": given, "changes": told, "shut": shut}
        print_out(known, (*_changes(told), *shut, *_not_in_force(given, version)), as_json=as_json)

    in_office(work, tenant)


@settings.command("apply")
def settings_apply(
    tenant: Company,
    file: SettingsFile,
    since: Annotated[
        datetime | None,
        typer.Option("--from", formats=["%Y-%m-%d"], help="Say what is booked otherwise since that day."),
    ] = None,
    by: By = None,
    wait: Wait = 0.0,
    as_json: Json = False,
) -> None:
    """Publish a file as a company's next settings. What waited for other settings is then reconsidered by itself."""
    from infra import companies

    async def work(place: Office) -> None:
        given, body, before = await _compared_with(place, tenant)
        new = _read(file)
        changes = tuple(map(str, settings_files.differences(body, new)))
        shut = await _shut(place, tenant, new)
        if not as_json:
            print_lines((*_changes(changes), *shut, *_not_in_force(given, before)))
        producer, who = await place.producer(), asker(by)
        try:
            version = await companies.apply_settings(place.engine, producer, tenant, new, by=who, after=given)
        except companies.NewerSettings:
            raise Failed(f"somebody has changed the settings of {tenant} just now: nothing is published") from None
        effect = wait > 0 and await until(lambda: tenants.is_in_force(place.engine, tenant, version), wait)
        if not as_json:
            typer.echo(
                f"{tenant}: version {version} {'has taken effect' if effect else 'takes effect when flows run'}."
            )
        otherwise = await _otherwise(place, tenant, (new, version), since.date(), as_json=as_json) if since else {}
        if as_json:
            known = {"tenant": tenant, "version": version, "changes": changes, "shut": shut, "in_force": effect}
            print_json(known | otherwise)
        if wait > 0 and not effect:
            raise Failed(f"version {version} has not taken effect after {wait:g} s: do flows run (bokbuss up)?")

    in_office(work, tenant)


async def _otherwise(
    place: Office, tenant: str, new: tuple[TenantSettings, int], since: date, *, as_json: bool
) -> dict[str, Any]:
    """Say which booked days stand otherwise than new settings book them; return it for programs."""
    from connectors.desk import correcting_words
    from infra.deciding import correcting

    flow, found, days = correcting.flow_of_corrections(), correcting_words.Tally(since), (since, date.max)
    company = await tenants.find(place.engine, tenant)
    terms = Terms(*new, company.organisation_number if company else None)
    with bar(await remembering.count(place.engine, flow, tenant), hidden=as_json) as progress:
        async for row in correcting.corrections(place.engine, flow, tenant, terms, days, progress):
            found.add(row)
    if not as_json:
        print_lines(correcting_words.lines(found, tenant))
    return {"corrections": correcting_words.to_json(found)}


def _changes(changes: tuple[str, ...]) -> tuple[str, ...]:
    return changes or ("No field differs.",)


def _read(file: Path) -> TenantSettings:
    raw = read_file(file)
    try:
        return settings_files.read(raw, registry.choices(), is_json=file.suffix == ".json")
    except settings_files.WrongFile as error:
        places = [f"line {line}: " if line else "" for line in settings_files.lines_of(raw, error.places)]
        problems = "\n".join(
            f"  {place}{problem}" for place, problem in zip_longest(places, error.problems, fillvalue="")
        )
        raise WrongUsage(f"{file} is not right:\n{problems}") from None


@settings.command("explain")
def settings_explain(
    tenant: Annotated[str | None, typer.Argument(metavar="TENANT", help="Show its values, too.")] = None,
    as_json: Json = False,
) -> None:
    """Tell every setting there is: what it means and takes, its default, and a company's value."""
    if tenant is None:
        _explain(None, {}, None, as_json)
        return
    company = tenant

    async def work(place: Office) -> None:
        body, _ = await tenants.settings_in_force(place.engine, company)
        lacking = await waiting.lacking(place.engine, company, registry.flows())
        _explain(company, lacking, body, as_json)

    in_office(work, tenant)


def _explain(
    company: str | None,
    lacking: dict[str, tuple[str, ...]],
    body: TenantSettings | None,
    as_json: bool,  # noqa: FBT001 - private
) -> None:
    found, state = settings_words.explained(body), "configuring" if lacking else "configured"
    told = {
        "tenant": company,
        "state": state if company else None,
        "lacking": lacking,
        "settings": [asdict(one) for one in found],
    }
    waits = [f"{company} is {state}; it waits as {reason}: {', '.join(names)}" for reason, names in lacking.items()]
    print_out(told, (*waits, *settings_words.lines(found, of_company=company is not None)), as_json=as_json)


@settings.command("validate")
def settings_validate(file: SettingsFile, as_json: Json = False) -> None:
    """Check a file, without a company and without anything that runs."""
    body = _read(file)
    sections = [name for name, section in body if section is not None]
    print_out(
        {"file": str(file), "sections": sections},
        [f"{file} is right; it has settings for: {', '.join(sections) or 'nothing'}."],
        as_json=as_json,
    )


@settings.command("try")
def settings_try(
    file: SettingsFile,
    reports: Annotated[list[Path], typer.Argument(exists=True, dir_okay=False, help="What the systems send.")],
    system: Annotated[str, typer.Option("--system", help="Whose they are.")] = "openpos",
    org: Annotated[str | None, typer.Option("--org", help="The company's organisation number.")] = None,
    as_json: Json = False,
) -> None:
    """Show what becomes of reports and sales under a file: vouchers, invoices, holds, with nothing that runs.

    With --json the same reports under the same file say the same: keep it beside them, and compare.
    """
    from connectors.desk import trying

    body = _read(file)
    if (source := registry.sources().get(system)) is None:
        raise typer.BadParameter(f"payloads can come from: {', '.join(registry.sources())}", param_hint="--system")
    try:
        number = organisation_number(org) if org else None
    except Invalid as error:
        raise typer.BadParameter(str(error), param_hint="--org") from None
    found: dict[str, tuple[trying.Tried, ...]] = {}
    for report in reports:
        try:
            found[str(report)] = trying.tried(registry.flows(), source.reader(body)(read_file(report)), body, number)
        except Malformed as error:
            problems = "\n".join(f"  {problem}" for problem in error.problems)
            raise WrongUsage(f"{report} is not right:\n{problems}") from None
    print_out(
        {name: [one.to_json() for one in tried] for name, tried in found.items()},
        (line for name, tried in found.items() for line in trying.lines(name, tried)),
        as_json=as_json,
    )
    if held := [name for name, tried in found.items() if any(one.is_held for one in tried)]:
        raise Failed(f"held: {', '.join(held)}")


@settings.command("simulate")
def settings_simulate(
    tenant: Company,
    file: SettingsFile,
    since: Annotated[datetime, typer.Option("--since", formats=["%Y-%m-%d"], help="The first day that counts.")],
    until: Annotated[datetime | None, typer.Option("--until", formats=["%Y-%m-%d"], help="The last one.")] = None,
    as_json: Json = False,
) -> None:
    """Show what a file would have made of what came in since a day, beside the settings in force. Nothing is sent."""
    from connectors.desk import simulating
    from infra.deciding import simulating as simulation

    if until and until < since:
        raise WrongUsage(f"--until {until.date()} is before --since {since.date()}: no day would be looked at")

    async def work(place: Office) -> None:
        new = _read(file)
        company = await tenants.find(place.engine, tenant)
        number = company.organisation_number if company else None
        body, version = await tenants.settings_in_force(place.engine, tenant)
        terms = Terms(body, version, number), Terms(new, version + 1, number)
        days = since.date(), until.date() if until else date.max
        flows = registry.flows()
        with bar(await simulation.count(place.engine, flows, tenant), hidden=as_json) as progress:
            found = await simulation.simulate(place.engine, flows, tenant, terms, days, progress)
        print_out(simulating.to_json(found), simulating.lines(found), as_json=as_json)
        if held := sum(one.held.total() for one in found):
            raise Failed(f"{held:,} would newly be held")

    in_office(work, tenant)
