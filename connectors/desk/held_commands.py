"""The verbs of what waits for a person: listed, shown, answered."""

from collections.abc import Sequence
from typing import Annotated

import typer

from connectors.desk import resolving, views
from connectors.desk.running import Wait, told_in_part
from infra import registry
from infra.commanding import By, Failed, Json, OfCompany, WrongUsage, asker, print_json, print_lines, width
from infra.deciding import remembering
from infra.delivery import waiting
from infra.office import Office, in_office
from infra.rows import AnswerOutcome, Hold
from schemas.flows import REOPEN

held = typer.Typer(no_args_is_help=True, help="What waits for a person.")


@held.command("list")
def held_list(
    tenant: OfCompany = None,
    everything: Annotated[bool, typer.Option("--all", help="What waited before, too.")] = False,
    as_json: Json = False,
) -> None:
    """List what waits for a person, the oldest first."""

    async def work(place: Office) -> None:
        found = await waiting.holds(place.engine, tenant, closed=everything)
        not_heard_of = await waiting.not_heard_of(place.engine, tenant)
        if as_json:
            print_json([views.hold_json(h) for h in found])
        elif found or not not_heard_of:
            print_lines(views.held_list(found, width(), await _names(place, found), place.settings.language))
        if len(found) >= waiting.MOST:
            told_in_part(len(found), await waiting.number_of_holds(place.engine, tenant, closed=everything))
        if not_heard_of:
            said = (
                f"{not_heard_of} wait as flows have it, and the desk has not heard of them: does it run (bokbuss up)?"
            )
            typer.echo(said, err=True)

    in_office(work, tenant, reads=True)


HoldId = Annotated[
    str, typer.Argument(help="The beginning of its ID, or the business key, or parts of it: openpos/K1/57.")
]


@held.command("show")
def held_show(hold: HoldId, tenant: OfCompany = None, as_json: Json = False) -> None:
    """Show why something waits, what such days looked like before, what would let it pass, and how to answer it."""
    from connectors.desk import acting

    async def work(place: Office) -> None:
        found = await _hold(place, hold, tenant)
        told = await remembering.autopsy(place.engine, registry.flows(), found.tenant, found.order.data)
        reopens = found.closed_at is not None and REOPEN in await acting.offered(place.engine, found)
        if as_json:
            print_json(views.hold_json(found) | views.autopsy_json(told) | {"reopens": reopens})
        else:
            names, language = await _names(place, [found]), place.settings.language
            print_lines(views.held_show(found, told, names, language, reopens=reopens))

    in_office(work, tenant, reads=True)


@held.command("answer")
def held_answer(
    hold: HoldId,
    answer: Annotated[
        str,
        typer.Argument(help="One of those that held show names; reopen takes an answer back that gave something up."),
    ],
    by: By = None,
    comment: Annotated[str, typer.Option("--comment", help="Why; it stays on record.")] = "",
    tenant: OfCompany = None,
    wait: Wait = 0.0,
    as_json: Json = False,
) -> None:
    """Decide what becomes of something that waits."""
    from connectors.desk import acting

    async def work(place: Office) -> None:
        found = await _hold(place, hold, tenant)
        choices = await acting.offered(place.engine, found)
        if found.closed_at is not None and not choices:
            raise Failed(f"{found.key} waits no longer ({found.how}): {found.message}")
        if answer not in choices:
            offered = f"it can be: {', '.join(choices)}" if choices else f"it has none: {found.order.data.message}"
            raise WrongUsage(f"{answer!r} is no answer to {found.key}; {offered}")
        answer_id = await acting.answer(await place.producer(), found, answer, by=asker(by), comment=comment)
        came = await acting.what_came(place.engine, found, answer_id, wait) if wait > 0 else None
        if as_json:
            told = {"hold_id": str(found.hold_id), "key": found.key, "answer": answer}
            print_json(told | views.became_json(came, answer))
        else:
            print_lines([views.became(found, answer, came, place.settings.language)])
        if came is not None:
            _whole(found, answer, came, wait)

    in_office(work, tenant)


def _whole(found: Hold, answer: str, came: AnswerOutcome, waited: float) -> None:
    """Raise Failed where an answer has not come to what was meant by it within these seconds."""
    if not came.closed:
        so_far = "is not taken up again" if answer == REOPEN else "still waits"
        raise Failed(f"{found.key} {so_far} after {waited:g} s: do flows run (bokbuss up)?")
    if (other := views.ended_otherwise(came, answer)) is not None:
        raise Failed(f"{found.key} waits no longer, and not by this answer: {other.message}")
    if came.again is not None:
        raise Failed(f"{found.key} waits again: bokbuss held show {str(came.again.hold_id)[:8]}")
    if came.under_way:
        raise Failed(f"what came of it is not known after {waited:g} s: bokbuss explain {found.key}")


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
    like = resolving.shortened(called)
    found = await waiting.holds_called(place.engine, called, tenant, like=like) if called else []
    if not found:
        raise WrongUsage(f"nothing that waits or waited is called {called!r}: bokbuss held list --all")
    things = {(h.tenant, h.key) for h in found}
    if len(things) > 1 or ("/" not in called and len(found) > 1):
        listed = "\n".join(f"  {h.hold_id}  {h.tenant}  {h.key}" for h in found)
        raise WrongUsage(f"{called!r} can be several; give more of the ID, or --tenant:\n{listed}")
    return found[0]
