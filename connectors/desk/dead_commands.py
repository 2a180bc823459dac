"""The verbs of what could not be read: listed, shown, sent again, thrown away."""

from pathlib import Path
from typing import Annotated

import typer

from connectors.desk import views
from connectors.desk.running import told_in_part
from infra.commanding import By, Failed, Json, OfCompany, WrongUsage, asker, print_out, read_file, width
from infra.delivery import waiting
from infra.office import Office, in_office
from infra.plugin import Malformed
from infra.rows import Dead
from infra.tenants import UnknownTenant
from schemas import envelope as envelopes
from schemas.envelope import Unreadable

dead = typer.Typer(no_args_is_help=True, help="What could not be read.")

_MEND = "Correct it with --file"

Place = Annotated[str, typer.Argument(help="topic/partition/offset, as dead list shows it.")]


@dead.command("list")
def dead_list(
    tenant: OfCompany = None,
    everything: Annotated[bool, typer.Option("--all", help="Those dealt with, too.")] = False,
    as_json: Json = False,
) -> None:
    """List the records that could not be read, the oldest first."""

    async def work(place: Office) -> None:
        found = await waiting.dead_letters(place.engine, tenant, closed=everything)
        print_out([views.dead_json(d) for d in found], views.dead_list(found, width()), as_json=as_json)
        if len(found) >= waiting.MOST:
            told_in_part(len(found), await waiting.number_of_letters(place.engine, tenant, closed=everything))

    in_office(work, tenant, reads=True)


@dead.command("show")
def dead_show(letter: Place, as_json: Json = False) -> None:
    """Show a record that could not be read, and why."""

    async def work(place: Office) -> None:
        found = await _dead(place, letter)
        print_out(views.dead_json(found), views.dead_show(found), as_json=as_json)

    in_office(work)


@dead.command("replay")
def dead_replay(
    letter: Place,
    file: Annotated[Path | None, typer.Option("--file", exists=True, dir_okay=False, help="Corrected bytes.")] = None,
    force: Annotated[
        bool, typer.Option("--force", help="Even if they cannot be read, or name no company that there is.")
    ] = False,
    by: By = None,
    as_json: Json = False,
) -> None:
    """Send a record to its topic again, as it was or corrected."""
    corrected = read_file(file) if file else None

    from connectors.desk import acting
    from infra.intake import letters

    async def work(place: Office) -> None:
        found = await _dead(place, letter)
        value = found.letter.data.record_value if corrected is None else corrected
        if letters.source_of(found.letter.data) is None:
            try:
                envelopes.decode(value)
            except Unreadable as error:
                if not force:
                    raise Failed(f"it still cannot be read: {error}. {_MEND}, or insist: --force") from None
        try:
            sent = await acting.replay(await place.host(), letter, by=asker(by), value=corrected, to_nobody=force)
        except UnknownTenant as error:
            raise Failed(f"nothing is sent: {error}. {_MEND}, or insist: --force") from None
        except waiting.NotOpen as error:
            raise Failed(str(error)) from None
        except Malformed as error:  # a row of a till's outbox
            problems = "\n  ".join(error.problems)
            raise Failed(f"it still cannot be read:\n  {problems}\n{_MEND}") from None
        told = {"place": letter, "state": "replayed", "topic": sent.topic}
        print_out(told, [f"{letter} was sent to {sent.topic} again"], as_json=as_json)

    in_office(work)


@dead.command("discard")
def dead_discard(
    letter: Place,
    reason: Annotated[str, typer.Option("--reason", help="Why; it stays on record.")],
    by: By = None,
    as_json: Json = False,
) -> None:
    """Throw a record away that could not be read."""
    from connectors.desk import acting

    async def work(place: Office) -> None:
        try:
            await _dead(place, letter)
            await acting.discard(place.engine, letter, by=asker(by), reason=reason)
        except waiting.NotOpen as error:
            raise Failed(str(error)) from None
        print_out({"place": letter, "state": "discarded"}, [f"{letter} is discarded"], as_json=as_json)

    in_office(work)


async def _dead(place: Office, letter: str) -> Dead:
    found = await waiting.dead_letter(place.engine, letter)
    if found is None:
        raise WrongUsage(f"there is no dead letter at {letter!r}: bokbuss dead list --all")
    return found
