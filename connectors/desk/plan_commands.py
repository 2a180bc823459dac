"""The verbs of employees: plan, apply, link, unlink, refresh. Nothing is sent before apply, then exactly the plan."""

from collections.abc import Callable
from typing import Annotated, Any

import typer

from connectors.desk import plan_words, running
from connectors.desk.running import Json, until
from infra import catching_up, clock, mail, planning, registry
from infra.commanding import Failed, Office, WrongUsage, asker
from infra.plugin import Flow, Host, Refreshed
from schemas.events import LinkDecided
from schemas.plans import Plan, PlanRow

plan = typer.Typer(no_args_is_help=True, help="What a synchronisation would do, before it does anything.")
employees = typer.Typer(no_args_is_help=True, help="Who is linked with whom.")

_FLOW = "employees"
_MOST = 40
Company = Annotated[str, typer.Argument(help="The company.")]
PlanId = Annotated[str, typer.Argument(help="The beginning of its id.")]
Person = Annotated[str, typer.Argument(help="The person in HR: system/person_id.")]
Decided = Annotated[float, typer.Option("--wait", help="Seconds to wait until all that was told is decided.")]
By = Annotated[str | None, typer.Option("--by", help="Who decides; your user name by default.")]
Where = Annotated[list[str] | None, typer.Option("--where", help="state=conflict, action=..., field=city, row=7")]


def _flow() -> Flow:
    return next(flow for flow in registry.flows() if flow.name == _FLOW)


async def _refresh(host: Host, tenant: str, say: Callable[[str], None], wait: float) -> dict[str, Refreshed]:
    """Read both sides in full, and wait until all that was told is decided."""
    found = await catching_up.read_both(host, tenant, say)
    await catching_up.all_decided(host, tenant, say, told=catching_up.facts_of(found), wait=wait)
    return found


@plan.command("employees")
def plan_employees(
    tenant: Company,
    refresh: Annotated[bool, typer.Option(help="Read both sides first.")] = True,
    wait: Decided = catching_up.PATIENCE,
    as_json: Json = False,
) -> None:
    """Compare HR and Fortnox in full, and propose what to do with each person. Nothing is sent."""

    async def work(place: Office) -> None:
        say = _quiet if as_json else running.progress
        host = await place.host()
        if refresh:
            await _refresh(host, tenant, say, wait)
        else:
            await catching_up.all_decided(host, tenant, say, wait=wait)
        made, rows = await planning.make(place.engine, _flow(), tenant, clock.now().date())
        counts = await planning.counts(place.engine, made)
        if as_json:
            running.print_json(_plan_json(made, counts) | {"rows": [_row_json(row) for row in rows]})
            return
        running.print_lines((plan_words.head(made), *plan_words.counted(counts)))
        running.print_lines(line for row in rows[:_MOST] for line in plan_words.row_lines(row))
        begins = str(made.plan_id)[:8]
        if len(rows) > _MOST:
            typer.echo(f"... and {len(rows) - _MOST} more: bokbuss plan show {begins}")
        typer.echo(f"Change it: bokbuss plan edit {begins} --where state=conflict --set prefer_hr")
        typer.echo(f"Send it: bokbuss apply {begins}")

    running.run(work)


@plan.command("show")
def plan_show(plan_id: PlanId, where: Where = None, as_json: Json = False) -> None:
    """Show a plan's rows, all or those that meet the conditions."""

    async def work(place: Office) -> None:
        found, wanted = await _plan(place, plan_id), _conditions(where)
        counts = await planning.counts(place.engine, found)
        rows = [row async for row in planning.rows(place.engine, found) if plan_words.meets(row, wanted)]
        if as_json:
            running.print_json(_plan_json(found, counts) | {"rows": [_row_json(row) for row in rows]})
            return
        running.print_lines((plan_words.head(found), *plan_words.counted(counts)))
        running.print_lines(line for row in rows for line in plan_words.row_lines(row))

    running.run(work)


@plan.command("list")
def plan_list(tenant: Company, as_json: Json = False) -> None:
    """List a company's plans, the newest first."""

    async def work(place: Office) -> None:
        found = await planning.plans(place.engine, tenant)
        if as_json:
            running.print_json([one.to_json() for one in found])
        else:
            running.print_lines(plan_words.head(one) for one in found)

    running.run(work)


@plan.command("edit")
def plan_edit(
    plan_id: PlanId,
    where: Where = None,
    action: Annotated[
        str | None, typer.Option("--set", help="prefer_hr, prefer_fortnox, match, do_nothing, ...")
    ] = None,
    field: Annotated[list[str] | None, typer.Option("--field", help="Whose value one field gets: city=fortnox")] = None,
    as_json: Json = False,
) -> None:
    """Change what is done with the rows that meet the conditions."""

    async def work(place: Office) -> None:
        found, wanted = await _plan(place, plan_id), _conditions(where)
        if found.state != "made":
            raise WrongUsage(f"plan {str(found.plan_id)[:8]} is {found.state}: make a new one (bokbuss plan employees)")
        if action is None and not field:
            raise WrongUsage("say what to change: --set ACTION, --field NAME=SIDE")
        rows = [row async for row in planning.rows(place.engine, found) if plan_words.meets(row, wanted)]
        try:
            new = [plan_words.changed(row, action, field or ()) for row in rows]
        except plan_words.NotPossible as error:
            raise WrongUsage(f"nothing was changed: {error}") from None
        await planning.edit(place.engine, found, new)
        running.print_json({"changed": len(new)}) if as_json else typer.echo(f"{len(new)} rows changed")

    running.run(work)


def apply(
    plan_id: PlanId,
    by: By = None,
    wait: Annotated[float, typer.Option("--wait", help="Seconds to wait until every row is done or refused.")] = 60.0,
    as_json: Json = False,
) -> None:
    """Send exactly what a plan shows. A row whose record has moved since is refused, by the field that moved."""

    async def work(place: Office) -> None:
        found = await _plan(place, plan_id)
        host = await place.host()
        applied, number = await planning.apply(host, found, by=asker(by))
        if not as_json:
            typer.echo(f"{number} rows sent")

        async def settled() -> bool:
            return all(one.status != "waiting" for one in await planning.became(place.engine, applied))

        await until(settled, wait)
        statuses = [(one.row, one.status, one.why) for one in await planning.became(place.engine, applied)]
        lines = plan_words.report(applied, statuses)
        mailed = await _mail(place, applied, lines)
        if as_json:
            rows = [{"row": row.row, "name": row.name, "status": status, "why": why} for row, status, why in statuses]
            running.print_json({**applied.to_json(), "rows": rows, "mailed": mailed})
        else:
            running.print_lines(lines)
        if left := sum(status != "done" for _, status, _ in statuses):
            raise Failed(
                f"{left} of {number} rows are not done; see above, and bokbuss held list --tenant {applied.tenant}"
            )

    running.run(work)


async def _mail(place: Office, applied: Plan, lines: tuple[str, ...]) -> bool:
    settings, _ = await planning.settings_of(place.engine, applied.tenant)
    to = settings.employees.report_to if settings.employees else ()
    try:
        return await mail.send(
            place.settings.mail, to, f"bokbuss: {lines[1]} ({applied.tenant})", "\n".join(lines) + "\n"
        )
    except mail.NotMailed as error:
        typer.echo(f"The report was not mailed: {error}", err=True)
        return False


@employees.command("fields")
def employees_fields(tenant: Company, as_json: Json = False) -> None:
    """Show what becomes of each field: who owns it, where it goes and when, and what settles a difference."""

    async def work(place: Office) -> None:
        settings, version = await planning.settings_of(place.engine, tenant)
        describe = _flow().describe
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
        found = await _refresh(await place.host(), tenant, _quiet if as_json else running.progress, wait)
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
                decided_by=asker(by),
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


async def _plan(place: Office, begins: str) -> Plan:
    try:
        return await planning.find(place.engine, begins)
    except planning.NoPlan as error:
        raise WrongUsage(str(error)) from None


def _conditions(where: list[str] | None) -> dict[str, str]:
    try:
        return plan_words.conditions(where or ())
    except plan_words.NotPossible as error:
        raise WrongUsage(str(error)) from None


def _plan_json(found: Plan, counts: Any) -> dict[str, Any]:
    return found.to_json() | {"counts": [{"state": s, "action": a, "rows": n} for (s, a), n in counts.items()]}


def _row_json(row: PlanRow) -> dict[str, Any]:
    """Return a row for programs; what it holds in full stays in the database."""
    return row.model_dump(mode="json", exclude={"in_hr", "in_fortnox"})


def _quiet(_line: str) -> None: ...
