"""The verbs of employees: who is linked with whom, and what becomes of each field."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Annotated, get_args

import typer

from connectors.desk import employee_words, plan_words
from connectors.desk.plan_commands import (
    Decided,
    carry_out,
    make,
    nothing_to_send,
    show,
    worth_applying,
)
from connectors.desk.plan_words import nearest
from connectors.desk.running import progress, quiet
from connectors.desk.words import wrapped
from infra import clock, registry, tenants
from infra.commanding import By, Company, Json, WrongUsage, asker, print_json, print_out, read_file
from infra.deciding import remembering
from infra.office import Office, in_office
from infra.plugin import Known
from schemas.events import Fact, LinkDecided
from schemas.pauses import PersonPaused

employees = typer.Typer(no_args_is_help=True, help="Who is linked with whom.")

_REASONS: tuple[str, ...] = get_args(LinkDecided.model_fields["reason"].annotation)
_PAUSES: tuple[str, ...] = get_args(PersonPaused.model_fields["reason"].annotation)
_PERSON = "The person in HR: system/person_id, or the beginning of the id."


@employees.command("fields")
def employees_fields(tenant: Company, as_json: Json = False) -> None:
    """Show what becomes of each field: who owns it, where it goes and when, and what settles a difference."""

    async def work(place: Office) -> None:
        settings, version = await tenants.settings_in_force(place.engine, tenant)
        describe = registry.flow("employees").describe
        rows = describe(settings) if describe else ()
        if not rows:
            raise WrongUsage(f"{tenant} has no settings for employees: bokbuss settings apply {tenant} FILE")
        systems = registry.systems()
        system: str = settings.employees.system  # type: ignore[union-attr] # there are rows
        hr, fortnox = (dict(systems[name].names) if name in systems else {} for name in (system, "fortnox"))
        hr |= {str(name): own for name, own in settings.hr_fields(system).items()}
        named = [
            {"field": row["field"], "in_hr": hr.get(row["field"], "-"), "in_fortnox": fortnox.get(row["field"], "-")}
            for row in rows
        ]
        fields = [dict(row) | name for row, name in zip(rows, named, strict=True)]
        lines = (f"{tenant}, settings version {version}", *plan_words.table(rows), "", *plan_words.table(named))
        print_out({"settings_version": version, "fields": fields}, lines, as_json=as_json)

    in_office(work, tenant)


@employees.command("list")
def employees_list(
    tenant: Company,
    state: Annotated[str | None, typer.Option(help=f"Only these: {', '.join(employee_words.STATES)}.")] = None,
    as_json: Json = False,
) -> None:
    """List everybody who is known, and who is linked with whom; plan employees compares them in full."""
    if state is not None and state not in employee_words.STATES:
        raise WrongUsage(f"state: {', '.join(employee_words.STATES)}{nearest(state, employee_words.STATES)}")

    async def work(place: Office) -> None:
        everybody = await remembering.everybody(place.engine, registry.flow("employees"), tenant)
        found = [row for row in employee_words.listed(everybody) if state in {None, row["state"]}]
        nobody = f"Nobody is {state or 'known'}: bokbuss plan employees {tenant} reads both sides."
        lines = [line for row in found for line in employee_words.row_lines(row)]
        print_out(found, lines or [nobody], as_json=as_json)

    in_office(work, tenant)


@employees.command("refresh")
def employees_refresh(tenant: Company, wait: Decided = 60.0, as_json: Json = False) -> None:
    """Read both sides in full now; what differs goes its way as if it had been told by itself."""
    from infra import catching_up

    async def work(place: Office) -> None:
        host, say = await place.host(), quiet if as_json else progress
        found = await catching_up.read_both(host, registry.flow("employees"), tenant, say)
        await catching_up.all_decided(host, tenant, say, told=catching_up.facts_of(found), wait=wait)
        if as_json:
            counts = {
                name: {"records": r.records, "calls": r.calls, "differ": len(r.fact_ids)} for name, r in found.items()
            }
            print_json(counts)

    in_office(work, tenant)


@employees.command("sync")
def employees_sync(
    tenant: Company,
    yes: Annotated[bool, typer.Option("--yes", help="Apply what is shown without asking.")] = False,
    by: By = None,
    wait: Annotated[float, typer.Option("--wait", help="Seconds to wait for each of the two steps.")] = 60.0,
    as_json: Json = False,
) -> None:
    """Make a plan, show it, and apply it as proposed, once you have said yes. Conflicts stay for a person."""

    async def work(place: Office) -> None:
        host = await place.host()
        made, rows = await make(host, tenant, refresh=True, wait=wait, by=asker(by), as_json=as_json)
        if not as_json:
            await show(place, made, rows)
        elif not yes:
            raise WrongUsage(f"with --json there is nobody to ask: --yes, or bokbuss apply {made.begins}")
        if not await worth_applying(place, made):
            if as_json:
                print_json(nothing_to_send(made))
            return
        if not yes and not typer.confirm("Apply it?"):
            typer.echo(f"Nothing was sent. Change it (bokbuss plan edit {made.begins}), or drop it.")
            return
        await carry_out(place, made, None, by=asker(by), wait=wait, as_json=as_json)

    in_office(work, tenant)


@employees.command("link")
def employees_link(
    tenant: Company,
    person: Annotated[str | None, typer.Argument(help=_PERSON)] = None,
    employee_id: Annotated[str | None, typer.Argument(help="The employee's id in Fortnox.")] = None,
    file: Annotated[
        Path | None, typer.Option("--csv", exists=True, dir_okay=False, help="Pairs: person,employee_id; all or none.")
    ] = None,
    by: By = None,
    as_json: Json = False,
) -> None:
    """Join people in HR with employees in Fortnox; what was held while they were apart goes on."""

    async def work(place: Office) -> None:
        everybody = await remembering.everybody(place.engine, registry.flow("employees"), tenant)
        if file is not None and person is None:
            pairs, wrong = employee_words.pairs(_text(file), everybody)
            if wrong:
                raise WrongUsage("\n".join([f"nobody was linked: {file} is not right:", *(f"  {w}" for w in wrong)]))
        elif person is not None and employee_id is not None and file is None:
            pairs = [(_who(person, everybody), _who(employee_id, everybody, employee_words.employee))]
            if problem := employee_words.free(*pairs[0], everybody):
                raise WrongUsage(f"nobody was linked: {problem}")
        else:
            raise WrongUsage("say whom to link: PERSON EMPLOYEE_ID, or --csv FILE")
        facts = [_link(who, number, "other", "", by) for who, number in pairs]
        done = [f"{employee_words.said(who, everybody)} is linked with employee {number}" for who, number in pairs]
        await _decide(place, tenant, facts, done, as_json=as_json)

    in_office(work, tenant)


@employees.command("unlink")
def employees_unlink(
    tenant: Company,
    person: Annotated[str, typer.Argument(help=_PERSON)],
    reason: Annotated[str, typer.Option(help=", ".join(_REASONS))],
    comment: Annotated[str, typer.Option(help="Why; it stays on record.")] = "",
    by: By = None,
    as_json: Json = False,
) -> None:
    """Take a person and an employee apart. Fortnox is not touched; data and leaves wait until they are linked again.

    For somebody who is away for a while, employees pause is the better choice: the link stays.
    """

    async def work(place: Office) -> None:
        everybody = await remembering.everybody(place.engine, registry.flow("employees"), tenant)
        who = _who(person, everybody)
        partner = everybody[who].partner
        apart = f"is taken apart from {employee_words.said(partner, everybody)}" if partner else "stays apart"
        done = f"{employee_words.said(who, everybody)} {apart}"
        await _decide(place, tenant, [_link(who, None, reason, comment, by)], [done], as_json=as_json)

    in_office(work, tenant)


@employees.command("pause")
def employees_pause(
    tenant: Company,
    person: Annotated[str, typer.Argument(help=_PERSON)],
    reason: Annotated[str, typer.Option(help=", ".join(_PAUSES))],
    comment: Annotated[str, typer.Option(help="Why; it stays on record.")] = "",
    by: By = None,
    as_json: Json = False,
) -> None:
    """Let nothing travel about somebody for now: data and leaves wait, and the link stays."""
    if reason not in _PAUSES:
        raise WrongUsage(f"reason: {', '.join(_PAUSES)}{nearest(reason, _PAUSES)}")
    _pause(tenant, person, reason, comment, by, paused=True, as_json=as_json)


@employees.command("resume")
def employees_resume(
    tenant: Company,
    person: Annotated[str, typer.Argument(help=_PERSON)],
    comment: Annotated[str, typer.Option(help="Why; it stays on record.")] = "",
    by: By = None,
    as_json: Json = False,
) -> None:
    """Let it go on for somebody who was paused, with the newest values."""
    _pause(tenant, person, "other", comment, by, paused=False, as_json=as_json)


def _pause(tenant: str, person: str, reason: str, comment: str, by: str | None, *, paused: bool, as_json: bool) -> None:
    async def work(place: Office) -> None:
        everybody = await remembering.everybody(place.engine, registry.flow("employees"), tenant)
        who = _who(person, everybody)
        fact = PersonPaused(
            person=who,
            paused=paused,
            reason=reason,  # type: ignore[arg-type] # it is one
            comment=comment,
            decided_by=asker(by),
            decided_at=clock.now(),
        )
        done = f"{employee_words.said(who, everybody)} {'is paused' if paused else 'goes on'}"
        await _decide(place, tenant, [fact], [done], as_json=as_json)

    in_office(work, tenant)


def _link(who: str, employee_id: str | None, reason: str, comment: str, by: str | None) -> LinkDecided:
    if reason not in _REASONS:
        raise WrongUsage(f"reason: {', '.join(_REASONS)}{nearest(reason, _REASONS)}")
    return LinkDecided(
        person=who,
        employee_id=employee_id,
        reason=reason,  # type: ignore[arg-type] # it is one
        comment=comment,
        decided_by=asker(by),
        decided_at=clock.now(),
    )


def _who(
    called: str,
    everybody: Mapping[str, Known],
    find: Callable[[str, Mapping[str, Known]], str] = employee_words.person,
) -> str:
    try:
        return find(called, everybody)
    except employee_words.Unclear as unclear:
        raise WrongUsage(f"{unclear} (bokbuss employees refresh reads both sides)") from None


def _text(file: Path) -> str:
    try:
        return read_file(file).decode()
    except UnicodeDecodeError:
        raise WrongUsage(f"{file} is not UTF-8: save it as CSV UTF-8") from None


async def _decide(place: Office, tenant: str, facts: Sequence[Fact], done: Sequence[str], *, as_json: bool) -> None:
    """Publish what a person decided, and say so."""
    host = await place.host()
    fact_ids = await host.accept(tenant, "desk", facts)
    lines = [*(line for one in done for line in wrapped(one)), "It takes effect when flows run."]
    print_out({"event_ids": list(fact_ids)}, lines, as_json=as_json)
