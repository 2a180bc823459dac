"""The accountant's verbs: held, dead, audit, explain and settings. Each reads what really happened, and says it."""

import json
import shlex
import sys
from collections.abc import Iterable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from connectors.desk import acting, resolving, views, walking
from connectors.desk.connection_commands import connection
from connectors.desk.employee_commands import employees
from connectors.desk.parked_commands import parked
from connectors.desk.plan_commands import apply, plan
from connectors.desk.reading import read_back
from connectors.desk.running import POLL, Json, print_json, print_lines, run
from connectors.desk.settings_commands import settings
from connectors.desk.story import Story, tell
from connectors.desk.words import SWEDEN
from infra import clock, overview, registry, trail
from infra.commanding import Failed, Office, WrongUsage, asker, width
from infra.deciding import remembering
from infra.delivery import waiting
from infra.rows import Became, Dead, Hold
from schemas import envelope as envelopes
from schemas.envelope import Unreadable

Tenant = Annotated[str | None, typer.Option("--tenant", help="Only this company.")]
By = Annotated[str | None, typer.Option("--by", help="Who decided; your user name by default.")]
Wait = Annotated[float, typer.Option("--wait", help="Seconds to wait until it has taken effect.")]

_FOLLOWS = 2.0
"""Seconds within which what follows an answer is on its way, or nothing does."""

held = typer.Typer(no_args_is_help=True, help="What waits for a person.")
dead = typer.Typer(no_args_is_help=True, help="What could not be read.")
audit = typer.Typer()


def application() -> typer.Typer:
    """Return the verbs; the host merges them into ``bokbuss``."""
    app = typer.Typer()
    groups = {
        "held": held,
        "dead": dead,
        "parked": parked,
        "audit": audit,
        "settings": settings,
        "plan": plan,
        "employees": employees,
        "connection": connection,
    }
    for name, group in groups.items():
        app.add_typer(group, name=name)
    app.command("explain")(explain)
    app.command("apply")(apply)
    return app


def _print_record(value: Any) -> None:
    sys.stdout.write(json.dumps(value, ensure_ascii=False) + "\n")
    sys.stdout.flush()


# --- held -------------------------------------------------------------------------------------------------------


@held.command("list")
def held_list(
    tenant: Tenant = None,
    everything: Annotated[bool, typer.Option("--all", help="What waited before, too.")] = False,
    as_json: Json = False,
) -> None:
    """List what waits for a person, the oldest first."""

    async def work(place: Office) -> None:
        found = await waiting.holds(place.engine, tenant, closed=everything)
        if as_json:
            print_json([views.hold_json(h) for h in found])
        else:
            print_lines(views.held_list(found, width(), await _names(place, found)))

    run(work, tenant, reads=True)


HoldId = Annotated[
    str, typer.Argument(help="The beginning of its ID, or the business key, or parts of it: openpos/K1/57.")
]


@held.command("show")
def held_show(hold: HoldId, tenant: Tenant = None, as_json: Json = False) -> None:
    """Show why something waits, and how it can be answered."""

    async def work(place: Office) -> None:
        found = await _hold(place, hold, tenant)
        if as_json:
            print_json(views.hold_json(found))
        else:
            print_lines(views.held_show(found, await _names(place, [found])))

    run(work, tenant, reads=True)


@held.command("answer")
def held_answer(
    hold: HoldId,
    answer: Annotated[str, typer.Argument(help="One of those that held show names.")],
    by: By = None,
    comment: Annotated[str, typer.Option("--comment", help="Why; it stays on record.")] = "",
    tenant: Tenant = None,
    wait: Wait = 0.0,
    as_json: Json = False,
) -> None:
    """Decide what becomes of something that waits."""

    async def work(place: Office) -> None:
        found = await _hold(place, hold, tenant)
        if found.closed_at is not None:
            raise Failed(f"{found.key} waits no longer ({found.how}): {found.message}")
        choices = [choice.answer for choice in found.order.data.choices]
        if answer not in choices:
            offered = f"it can be: {', '.join(choices)}" if choices else f"it has none: {found.order.data.message}"
            raise WrongUsage(f"{answer!r} is no answer to {found.key}; {offered}")
        answer_id = await acting.answer(await place.producer(), found, answer, by=asker(by), comment=comment)
        came = await _what_came(place, found, answer_id, wait) if wait > 0 else None
        if as_json:
            told = {"hold_id": str(found.hold_id), "key": found.key, "answer": answer}
            print_json(told | views.became_json(came))
        else:
            print_lines([views.became(found, answer, came)])
        if came is not None and not came.closed:
            raise Failed(f"{found.key} still waits after {wait:g} s: do flows run (bokbuss up)?")
        if came is not None and came.again is not None:
            raise Failed(f"{found.key} waits again: bokbuss held show {str(came.again.hold_id)[:8]}")
        if came is not None and came.under_way:
            raise Failed(f"what came of it is not known after {wait:g} s: bokbuss explain {found.key}")

    run(work, tenant)


async def _what_came(place: Office, hold: Hold, answer_id: str, seconds: float) -> Became:
    """Return what an answer has come to, within some seconds; orders that may follow it are waited for briefly."""
    deadline = clock.monotonic() + seconds
    closed_at: float | None = None
    while True:
        came, now = await overview.became(place.engine, hold, answer_id), clock.monotonic()
        closed_at = closed_at or (now if came.closed else None)
        told = came.again is not None or (came.ordered and not came.under_way)
        settled = closed_at is not None and (told or (not came.under_way and now >= closed_at + _FOLLOWS))
        if settled or now >= deadline:
            return came
        await clock.sleep(POLL)


async def _names(place: Office, found: Sequence[Hold]) -> dict[tuple[str, str], str]:
    """Return what people call whom these holds are about: for whoever reads the terminal, and for nobody else."""
    names: dict[tuple[str, str], str] = {}
    for tenant in {hold.tenant for hold in found}:
        keys = [hold.key for hold in found if hold.tenant == tenant]
        for key, name in (await remembering.names(place.engine, registry.flows(), tenant, keys)).items():
            names[tenant, key] = name
    return names


async def _hold(place: Office, called: str, tenant: str | None) -> Hold:
    """Return the hold that is meant; of one key's holds the open one, else the newest."""
    found = await waiting.holds_called(place.engine, called, tenant, like=resolving.shortened(called))
    if not found:
        raise WrongUsage(f"nothing that waits or waited is called {called!r}: bokbuss held list --all")
    things = {(h.tenant, h.key) for h in found}
    if len(things) > 1 or ("/" not in called and len(found) > 1):
        listed = "\n".join(f"  {h.hold_id}  {h.tenant}  {h.key}" for h in found)
        raise WrongUsage(f"{called!r} can be several; give more of the ID, or --tenant:\n{listed}")
    return found[0]


# --- dead -------------------------------------------------------------------------------------------------------

Place = Annotated[str, typer.Argument(help="topic/partition/offset, as dead list shows it.")]


@dead.command("list")
def dead_list(
    tenant: Tenant = None,
    everything: Annotated[bool, typer.Option("--all", help="Those dealt with, too.")] = False,
    as_json: Json = False,
) -> None:
    """List the records that could not be read, the oldest first."""

    async def work(place: Office) -> None:
        found = await waiting.dead_letters(place.engine, tenant, closed=everything)
        print_json([views.dead_json(d) for d in found]) if as_json else print_lines(views.dead_list(found, width()))

    run(work, tenant, reads=True)


@dead.command("show")
def dead_show(letter: Place, as_json: Json = False) -> None:
    """Show a record that could not be read, and why."""

    async def work(place: Office) -> None:
        found = await _dead(place, letter)
        print_json(views.dead_json(found)) if as_json else print_lines(views.dead_show(found))

    run(work)


@dead.command("replay")
def dead_replay(
    letter: Place,
    file: Annotated[Path | None, typer.Option("--file", exists=True, dir_okay=False, help="Corrected bytes.")] = None,
    force: Annotated[bool, typer.Option("--force", help="Even if they cannot be read.")] = False,
    by: By = None,
    as_json: Json = False,
) -> None:
    """Send a record to its topic again, as it was or corrected."""
    corrected = file.read_bytes() if file else None

    async def work(place: Office) -> None:
        found = await _dead(place, letter)
        value = found.letter.data.record_value if corrected is None else corrected
        try:
            envelopes.decode(value)
        except Unreadable as error:
            if not force:
                raise Failed(f"it still cannot be read: {error}. Correct it with --file, or insist: --force") from None
        try:
            sent = await acting.replay(place.engine, await place.producer(), letter, by=asker(by), value=corrected)
        except waiting.NotOpen as error:
            raise Failed(str(error)) from None
        told = {"place": letter, "state": "replayed", "topic": sent.topic}
        print_json(told) if as_json else typer.echo(f"{letter} was sent to {sent.topic} again")

    run(work)


@dead.command("discard")
def dead_discard(
    letter: Place,
    reason: Annotated[str, typer.Option("--reason", help="Why; it stays on record.")],
    by: By = None,
    as_json: Json = False,
) -> None:
    """Throw a record away that could not be read."""

    async def work(place: Office) -> None:
        try:
            await _dead(place, letter)
            await acting.discard(place.engine, letter, by=asker(by), reason=reason)
        except waiting.NotOpen as error:
            raise Failed(str(error)) from None
        print_json({"place": letter, "state": "discarded"}) if as_json else typer.echo(f"{letter} is discarded")

    run(work)


async def _dead(place: Office, letter: str) -> Dead:
    found = await waiting.dead_letter(place.engine, letter)
    if found is None:
        raise WrongUsage(f"there is no dead letter at {letter!r}: bokbuss dead list --all")
    return found


# --- audit ------------------------------------------------------------------------------------------------------


@audit.callback(invoke_without_command=True)
def audit_show(
    context: typer.Context,
    tenant: Tenant = None,
    follow: Annotated[bool, typer.Option("--follow", help="Go on with what comes, until Ctrl-C.")] = False,
    since: Annotated[datetime | None, typer.Option(help="Swedish time, unless it says otherwise.")] = None,
    limit: Annotated[int, typer.Option(min=0, help="The newest so many.")] = 50,
    as_json: Json = False,
) -> None:
    """Tell what became of each message, the newest last; with --json one record a line."""
    if context.invoked_subcommand is not None:
        return

    def show(told: Iterable[trail.Told]) -> None:
        for company, record in told:
            if as_json:
                _print_record(views.audit_json(company, record))
            else:
                print_lines([views.audit_line(company, record)])

    async def work(place: Office) -> None:
        start = since.replace(tzinfo=SWEDEN) if since and since.tzinfo is None else since
        told, known = await trail.newest(place.engine, tenant, since=start, limit=limit)
        show(told)
        while follow:
            told = await trail.after(place.engine, tenant, known)
            show(told)
            known |= {company: record.sequence for company, record in told}
            if not told:
                await clock.sleep(POLL)

    run(work, tenant, reads=True)


@audit.command("verify")
def audit_verify(tenant: Tenant = None, as_json: Json = False) -> None:
    """Prove that no record was changed, taken out or moved, and that each order ended once."""

    async def work(place: Office) -> None:
        found = await walking.verify(place.engine, tenant)
        print_json([views.finding_json(f) for f in found]) if as_json else print_lines(views.findings(found))
        if broken := [f.tenant for f in found if f.problem]:
            raise Failed(f"the trail is broken for {', '.join(broken)}")

    run(work, tenant, reads=True)


# --- explain ----------------------------------------------------------------------------------------------------


def explain(
    what: Annotated[list[str], typer.Argument(help=resolving.WHAT_CAN_BE_ASKED)],
    tenant: Tenant = None,
    year_id: Annotated[int | None, typer.Option(help="Fortnox's id of the voucher's financial year.")] = None,
    as_json: Json = False,
) -> None:
    """Tell the whole story of a voucher, an event, a Z report or an order."""
    asked = " ".join(what)

    async def work(place: Office) -> None:
        told = await _story(place, asked, tenant, year_id)
        print_json(views.story_json(told)) if as_json else print_lines(views.story(told))

    run(work, tenant, reads=True)


async def _story(place: Office, asked: str, tenant: str | None, year_id: int | None) -> Story:
    found = await overview.find(place.engine, resolving.readings(asked), tenant=tenant, year_id=year_id)
    if not found:
        raise Failed(f"nothing is known of {asked!r}. {resolving.WHAT_CAN_BE_ASKED}")
    if len(found) > 1:
        listed = "\n".join(f"  {shlex.quote(key)} --tenant {company}" for company, key in found)
        raise WrongUsage(f"{asked!r} can be several; ask for one of them:\n{listed}")
    material = await overview.material(place.engine, *found[0])
    material = material.with_standing(await remembering.standing(place.engine, registry.flows(), *found[0]))
    return tell(material.with_facts(await read_back(place.bootstrap, material.lines)))
