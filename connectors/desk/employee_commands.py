"""The verbs of employees: who is linked with whom, and what becomes of each field."""

import getpass
from typing import Annotated

import typer

from connectors.desk import plan_words, running
from connectors.desk.plan_commands import By, Company, Decided, flow_of_employees, quiet
from connectors.desk.running import Json
from infra import catching_up, clock, planning
from infra.commanding import Office, WrongUsage
from schemas.events import LinkDecided

employees = typer.Typer(no_args_is_help=True, help="Who is linked with whom.")

Person = Annotated[str, typer.Argument(help="The person in HR: system/person_id.")]


@employees.command("fields")
def employees_fields(tenant: Company, as_json: Json = False) -> None:
    """Show what becomes of each field: who owns it, where it goes and when, and what settles a difference."""

    async def work(place: Office) -> None:
        settings, version = await planning.settings_of(place.engine, tenant)
        describe = flow_of_employees().describe
        rows = describe(settings) if describe else ()
        if not rows:
            raise WrongUsage(f"{tenant} has no settings for employees: bokbuss settings apply {tenant} FILE")
        if as_json:
            running.print_json({"settings_version": version, "fields": [dict(row) for row in rows]})
        else:
            running.print_lines((f"{tenant}, settings version {version}", *plan_words.table(rows)))

    running.run(work)


@employees.command("refresh")
def employees_refresh(tenant: Company, wait: Decided = catching_up.PATIENCE, as_json: Json = False) -> None:
    """Read both sides in full now; what differs goes its way as if it had been told by itself."""

    async def work(place: Office) -> None:
        host, say = await place.host(), quiet if as_json else running.progress
        found = await catching_up.read_both(host, tenant, say)
        await catching_up.all_decided(host, tenant, say, told=catching_up.facts_of(found), wait=wait)
        if as_json:
            counts = {
                name: {"records": r.records, "calls": r.calls, "differ": len(r.fact_ids)} for name, r in found.items()
            }
            running.print_json(counts)

    running.run(work)


@employees.command("link")
def employees_link(
    tenant: Company,
    person: Person,
    employee_id: Annotated[str, typer.Argument(help="The employee's id in Fortnox.")],
    by: By = None,
    as_json: Json = False,
) -> None:
    """Join a person in HR with an employee in Fortnox; what was held while they were apart goes on."""
    _decide_link(tenant, person, employee_id, "other", "", by, as_json=as_json)


@employees.command("unlink")
def employees_unlink(
    tenant: Company,
    person: Person,
    reason: Annotated[
        str, typer.Option(help="long_leave, temporary_change, delete_and_export_again, wrong_match, other")
    ],
    comment: Annotated[str, typer.Option(help="Why; it stays on record.")] = "",
    by: By = None,
    as_json: Json = False,
) -> None:
    """Take a person and an employee apart. Fortnox is not touched; data and leaves wait until they are linked again."""
    _decide_link(tenant, person, None, reason, comment, by, as_json=as_json)


def _decide_link(
    tenant: str, person: str, employee_id: str | None, reason: str, comment: str, by: str | None, *, as_json: bool
) -> None:
    async def work(place: Office) -> None:
        try:
            fact = LinkDecided(
                person=person,
                employee_id=employee_id,
                reason=reason,  # type: ignore[arg-type] # it is checked
                comment=comment,
                decided_by=by or getpass.getuser(),
                decided_at=clock.now(),
            )
        except ValueError:
            raise WrongUsage(
                "reason: long_leave, temporary_change, delete_and_export_again, wrong_match or other"
            ) from None
        host = await place.host()
        if host.accept is None:
            raise TypeError("a command's host has a broker")
        fact_ids = await host.accept(tenant, "desk", [fact])
        if as_json:
            running.print_json({"event_ids": list(fact_ids)})
        else:
            done = f"is linked with employee {employee_id}" if employee_id else "is taken apart from Fortnox"
            typer.echo(f"{person} {done}. It takes effect when flows run.")

    running.run(work)
