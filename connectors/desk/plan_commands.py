"""The verbs of plans: what a synchronisation would do, changed row by row, and applied; before that nothing is sent."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Annotated, Any

import typer

from connectors.desk import closing, closing_words, correcting_words, plan_words, report_words
from connectors.desk.closing_commands import flow_of_closing
from connectors.desk.plan_words import Conditions
from connectors.desk.running import progress, quiet, until
from infra import clock, speaking, tenants
from infra.commanding import By, Company, Failed, Json, WrongUsage, asker, print_json, print_lines, print_out
from infra.deciding import planning
from infra.deciding.correcting import flow_of_corrections
from infra.office import Office, in_office
from infra.plugin import Host
from schemas.plans import Plan, RowOutcome

plan = typer.Typer(no_args_is_help=True, help="What a synchronisation would do, before it does anything.")

_MOST = 40
_STAFF = "employees"
"""The flow whose plans are about people."""
_WHERE_HELP = "state=conflict, action=..., origin=..., matched_by=..., field=city, rule=..., row=7"
PlanId = Annotated[str, typer.Argument(help="The beginning of its id.")]
Decided = Annotated[
    float, typer.Option("--wait", help="Seconds in which nothing of what was told is decided, to wait.")
]
Where = Annotated[list[str] | None, typer.Option("--where", help=_WHERE_HELP)]
Row = Annotated[list[int] | None, typer.Option("--row", help="The row with this number.")]


def _words(made: Plan) -> Any:
    """Return the words in which plans of this flow are told."""
    return {flow_of_closing().name: closing_words, flow_of_corrections().name: correcting_words}.get(
        made.flow, plan_words
    )


async def make(
    host: Host, tenant: str, *, refresh: bool, wait: float, by: str, as_json: bool
) -> tuple[Plan, list[Any]]:
    """Read both sides if asked to, wait until all that was told is decided, and make a plan."""
    from connectors.desk import synchronising

    say = quiet if as_json else progress
    return await synchronising.make(host, tenant, say, refresh=refresh, wait=wait, by=by)


async def show(place: Office, made: Plan, rows: Sequence[Any], most: int = _MOST, *, as_json: bool = False) -> None:
    """Print a plan: its head, its counts, its first rows, and what can be done with it; for programs, all of it."""
    if as_json:
        print_json(await _plan_json(place, made, rows))
        return
    counts, words = await planning.counts(place.engine, made), _words(made)
    print_lines((*words.head(made), *words.counted(counts)))
    spoken = (speaking.row(row, place.settings.language) for row in rows[:most])
    print_lines(line for row in spoken for line in words.row_lines(row))
    if len(rows) > most:
        typer.echo(f"... and {len(rows) - most} more: bokbuss plan show {made.begins}")
    if made.state == "made":
        sends = await planning.left(place.engine, made)
        print_lines(words.hints(made, counts, sends, live=await _is_live(place, made)))


async def _is_live(place: Office, made: Plan) -> bool:
    return await planning.last_applied(place.engine, made.tenant, made.flow) is not None


async def worth_applying(place: Office, made: Plan) -> bool:
    """Tell whether applying a plan does anything: it sends something, or it is a company's first."""
    return bool(await planning.left(place.engine, made)) or not await _is_live(place, made)


@plan.command("employees")
def plan_employees(
    tenant: Company,
    refresh: Annotated[bool, typer.Option(help="Read both sides first.")] = True,
    by: By = None,
    wait: Decided = 60.0,
    as_json: Json = False,
) -> None:
    """Compare HR and Fortnox in full, and propose what to do with each person. Nothing is sent."""

    async def work(place: Office) -> None:
        host = await place.host()
        made, rows = await make(host, tenant, refresh=refresh, wait=wait, by=asker(by), as_json=as_json)
        await show(place, made, rows, as_json=as_json)

    in_office(work, tenant)


@plan.command("closing")
def plan_closing(
    tenant: Company,
    series: Annotated[str | None, typer.Option(help="The voucher series; else the one of the settings.")] = None,
    by: By = None,
    wait: Decided = 60.0,
    as_json: Json = False,
) -> None:
    """Show each closing entry with its series, year, lock and sums, and what stands in its way. Nothing is sent."""

    async def work(place: Office) -> None:
        host, say = await place.host(), quiet if as_json else progress
        settings, _ = await tenants.settings_in_force(place.engine, tenant)
        if settings.yearend is None:
            raise WrongUsage(f"{tenant} has no settings for closing entries: bokbuss settings apply {tenant} FILE")
        from infra import catching_up

        await catching_up.all_decided(host, tenant, say, wait=wait)
        look, today = closing.looks(host, tenant, closing.read_series(series)), clock.today()
        made, rows = await planning.make(place.engine, flow_of_closing(), tenant, today, by=asker(by), look=look)
        if as_json:
            print_json(await _plan_json(place, made, rows) | {"series": [asdict(one) for one in look.series]})
            return
        await show(place, made, rows)
        print_lines(closing_words.series(look.series))

    in_office(work, tenant)


@plan.command("show")
def plan_show(plan_id: PlanId, where: Where = None, row: Row = None, as_json: Json = False) -> None:
    """Show a plan's rows, all or those that meet the conditions."""

    async def work(place: Office) -> None:
        found = await _plan(place, plan_id)
        wanted = _conditions(found, where, row)
        rows = [each async for each in planning.rows(place.engine, found) if _words(found).meets(each, wanted)]
        await show(place, found, rows, len(rows), as_json=as_json)
        if wanted and not rows and not as_json:
            typer.echo("No row meets all of that.")

    in_office(work)


@plan.command("list")
def plan_list(tenant: Company, as_json: Json = False) -> None:
    """List a company's plans, the newest first."""

    async def work(place: Office) -> None:
        found = await planning.plans(place.engine, tenant)
        print_out([one.to_json() for one in found], plan_words.listed(found), as_json=as_json)

    in_office(work, tenant)


@plan.command("edit")
def plan_edit(
    plan_id: PlanId,
    where: Where = None,
    row: Row = None,
    action: Annotated[
        str | None, typer.Option("--set", help="prefer_hr, prefer_fortnox, match, do_nothing, ...")
    ] = None,
    field: Annotated[list[str] | None, typer.Option("--field", help="Whose value one field gets: city=fortnox")] = None,
    partner: Annotated[
        str | None, typer.Option("--with", help="Who the row's person or employee is on the other side.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Change what is done with the rows that meet the conditions; it is shown again as it is carried out now."""

    async def work(place: Office) -> None:
        found = await _plan(place, plan_id)
        wanted = _conditions(found, where, row)
        if found.flow != _STAFF:
            raise WrongUsage(
                f"a plan of {found.flow} is not edited: apply some of its rows (bokbuss apply {found.begins} --row N), "
                f"or make another ({planning.verb(found)})"
            )
        if found.state != "made":
            raise WrongUsage(planning.over(found, found.state))
        if action is None and not field and partner is None:
            raise WrongUsage("say what to change: --set ACTION, --field NAME=SIDE, --with ID")
        every = [each async for each in planning.rows(place.engine, found)]
        rows = [each for each in every if plan_words.meets(each, wanted)]
        if not rows:
            raise WrongUsage(f"nothing was changed: no row meets that (bokbuss plan show {found.begins})")
        gone: list[int] = []
        try:
            if partner is not None:
                if len(rows) != 1:
                    raise WrongUsage(f"--with is for one row, and {len(rows)} meet that: name it with --row")
                other = plan_words.partner(rows[0], partner, every)
                rows, gone = [plan_words.joined(rows[0], other)], [other.row]
            new = [plan_words.changed(each, action or (partner and "match"), field or ()) for each in rows]
            new = list(await planning.edit(place.engine, found, new, gone))
        except (plan_words.InvalidEdit, planning.NotPossible) as error:
            raise WrongUsage(f"nothing was changed: {error}") from None
        if as_json:
            print_json({"changed": len(new), "rows": [plan_words.row_json(each) for each in new]})
            return
        spoken = (speaking.row(each, place.settings.language) for each in new[:_MOST])
        print_lines(line for each in spoken for line in plan_words.row_lines(each))
        typer.echo(f"{len(new)} rows changed" if len(new) != 1 else "1 row changed")

    in_office(work)


@plan.command("drop")
def plan_drop(plan_id: PlanId, as_json: Json = False) -> None:
    """Throw a plan away. Nothing of it is sent any more; what was applied of it stays."""

    async def work(place: Office) -> None:
        found = await _plan(place, plan_id)
        try:
            await planning.drop(place.engine, found)
        except planning.NotPossible as error:
            raise WrongUsage(str(error)) from None
        told = {"plan_id": str(found.plan_id), "state": "dropped"}
        print_out(told, [f"plan {found.begins} is dropped"], as_json=as_json)

    in_office(work)


def apply(
    plan_id: PlanId,
    where: Where = None,
    row: Row = None,
    by: By = None,
    wait: Annotated[float, typer.Option("--wait", help="Seconds to wait until every row is done or refused.")] = 60.0,
    as_json: Json = False,
) -> None:
    """Send exactly what a plan shows, all or some of its rows. One whose record has moved since is refused."""

    async def work(place: Office) -> None:
        found = await _plan(place, plan_id)
        wanted, only = _conditions(found, where, row), None
        if wanted:
            rows = [each async for each in planning.rows(place.engine, found) if _words(found).meets(each, wanted)]
            only = [each.row for each in rows if each.says_something]
            if not only:
                raise WrongUsage(
                    f"nothing was sent: no row that meets that asks for anything (bokbuss plan show {found.begins})"
                )
        await carry_out(place, found, only, by=asker(by), wait=wait, as_json=as_json)

    in_office(work)


async def carry_out(
    place: Office, found: Plan, only: Sequence[int] | None, *, by: str, wait: float, as_json: bool
) -> None:
    """Apply a plan or some of its rows, wait, and report: here, and by mail. Raises Failed when not all are done."""
    await place.producer()  # before anything is written down as applied
    try:
        applied = await planning.apply(await place.host(), found, by=by, only=only)
    except planning.NotPossible as error:
        raise WrongUsage(f"nothing was sent: {error}") from None
    again = not applied.sent and found.state == "applied"
    if not as_json:
        sent = "1 row" if len(applied.sent) == 1 else f"{len(applied.sent)} rows"
        typer.echo("It is applied already, and nothing is sent again." if again else f"{sent} sent")

    async def became() -> list[RowOutcome[Any]]:
        return [
            one
            for one in await planning.became(place.engine, applied.plan)
            if not applied.sent or one.row.row in applied.sent
        ]

    async def settled() -> bool:
        return all(one.status != "waiting" for one in await became())

    await until(settled, wait)
    rows = await became()
    mailed = not again and await _mail(place, applied.plan, rows, applied.left)
    words = report_words if found.flow == _STAFF else _words(found)
    if as_json:
        told = [{"row": b.row.row, "name": b.row.name, "status": b.status, "why": b.why} for b in rows]
        kinds = [{**each, "became": words.kind(one)} for each, one in zip(told, rows, strict=True)]
        print_json({**applied.plan.to_json(), "rows": kinds, "left": applied.left, "mailed": mailed})
    else:
        print_lines(words.report(applied.plan, rows, left=applied.left))
    if left := sum(one.status != "done" for one in rows):
        raise Failed(
            f"{left} of {len(rows)} rows are not done; see above, and bokbuss held list --tenant {found.tenant}"
        )


def nothing_to_send(made: Plan) -> dict[str, Any]:
    """Return what ``carry_out`` prints for programs, of a plan that asks for nothing."""
    return {**made.to_json(), "rows": [], "left": 0, "mailed": False}


async def _mail(place: Office, applied: Plan, rows: Sequence[RowOutcome[Any]], left: int) -> bool:
    from connectors.desk import synchronising
    from infra import mail

    if applied.flow != _STAFF:
        return False
    try:
        return await synchronising.mail_report(place.settings, place.engine, applied, rows, left)
    except mail.NotMailed as error:
        typer.echo(f"The report was not mailed: {error}", err=True)
        return False


async def _plan(place: Office, begins: str) -> Plan:
    try:
        return await planning.find(place.engine, begins)
    except planning.NoPlan as error:
        raise WrongUsage(str(error)) from None


def _conditions(found: Plan, where: list[str] | None, rows: list[int] | None) -> Conditions:
    try:
        return plan_words.conditions(where or (), rows or (), _words(found).CHOICES)
    except plan_words.InvalidEdit as error:
        raise WrongUsage(str(error)) from None


async def _plan_json(place: Office, found: Plan, rows: Sequence[Any]) -> dict[str, Any]:
    """Return a plan for programs: its head, its counts and rows."""
    counts = await planning.counts(place.engine, found)
    told = [{"state": s, "action": a, "rows": n} for (s, a), n in counts.items()]
    return found.to_json() | {"counts": told, "rows": [_words(found).row_json(row) for row in rows]}
