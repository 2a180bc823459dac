"""The verbs of what waits for a person: listed, shown, answered."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Final

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


_CALLED: Final = "The beginning of its ID, or the business key, or parts of it: openpos/K1/57."
_LONGEST: Final = 1000
"""Characters of a comment that ``ReviewAnswered`` holds."""
HoldId = Annotated[str, typer.Argument(help=_CALLED)]


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
    holds: Annotated[
        list[str], typer.Argument(metavar="HOLD...", help=f"{_CALLED} Several get the same answer, if you say yes.")
    ],
    answer: Annotated[
        str,
        typer.Argument(help="One of those that held show names; reopen takes an answer back that gave something up."),
    ],
    by: By = None,
    comment: Annotated[str, typer.Option("--comment", help="Why; it stays on record.")] = "",
    tenant: OfCompany = None,
    wait: Wait = 0.0,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask before several are answered.")] = False,
    as_json: Json = False,
) -> None:
    """Decide what becomes of something that waits; of several that wait alike, once each was shown with its amount."""

    async def work(place: Office) -> None:
        given = _Given(answer, asker(by), comment.strip(), wait, as_json)
        meant = [await _hold(place, called, tenant) for called in holds]
        found = list({hold.hold_id: hold for hold in meant}.values())
        if len(found) > 1:
            await _answer_all(place, found, given, yes=yes)
        else:
            await _answer(place, found[0], given)

    in_office(work, tenant)


@dataclass(frozen=True, slots=True)
class _Given:
    """An answer as it is typed; ``wait``: seconds until it has come to something, 0: that is not waited for."""

    answer: str
    by: str
    comment: str
    wait: float
    as_json: bool


async def _answer(place: Office, found: Hold, given: _Given) -> None:
    from connectors.desk import acting

    choices = await acting.offered(place.engine, found)
    if found.closed_at is not None and not choices:
        raise Failed(f"{found.key} waits no longer ({found.how}): {found.message}")
    if given.answer not in choices:
        offered = f"it can be: {', '.join(choices)}" if choices else f"it has none: {found.order.data.message}"
        raise WrongUsage(f"{given.answer!r} is no answer to {found.key}; {offered}")
    _says_why(found, given)
    producer, by, comment = await place.producer(), given.by, given.comment
    answer_id = await acting.answer(producer, found, given.answer, by=by, comment=comment)
    came = await acting.what_came(place.engine, found, answer_id, given.wait) if given.wait > 0 else None
    if given.as_json:
        print_json(_json(found, given, came))
    else:
        print_lines([views.became(found, given.answer, came, place.settings.language)])
    if came is not None:
        _whole(found, given.answer, came, given.wait)


async def _answer_all(place: Office, found: Sequence[Hold], given: _Given, *, yes: bool) -> None:
    """Show what would be answered, and answer what still waits when somebody has said yes: each by itself."""
    from connectors.desk import acting

    _alike(found, given.answer)
    _says_why(found[0], given)
    if given.as_json and not yes:
        raise WrongUsage("with --json there is nobody to ask: --yes, once you have looked at bokbuss held list")
    if not given.as_json:
        once = acting.mean_the_same(found, given.answer)
        means = [acting.choice_of(hold, given.answer) for hold in (found[:1] if once else found)]
        names = await _names(place, found)
        print_lines(views.answer_to_all(found, means, width(), names, place.settings.language))
    if not yes:
        typer.confirm("Answer them?", abort=True)
    tenant, ids = found[0].tenant, [hold.hold_id for hold in found]
    now = await waiting.holds_with(place.engine, tenant, ids)  # somebody has read what is above for a while
    open_, producer = [hold for hold in now if hold.closed_at is None], await place.producer()
    came = await acting.answer_all(
        place.engine, producer, open_, given.answer, by=given.by, comment=given.comment, seconds=given.wait
    )
    told: list[tuple[Hold, AnswerOutcome | None]] = []
    for hold in now:
        gone = hold.closed_at is not None
        ended = AnswerOutcome(closed=True, under_way=False, ordered=False, vouchers=(), again=None, ended=hold)
        told.append((hold, ended if gone else came[hold.hold_id] if given.wait > 0 else None))
    if given.as_json:
        print_json([_json(hold, given, one) for hold, one in told])
    else:
        print_lines([views.became(hold, given.answer, one, place.settings.language) for hold, one in told])
    wrong = []
    for hold, one in told:
        try:
            if one is not None:
                _whole(hold, given.answer, one, given.wait)
        except Failed as error:
            wrong.append(str(error))
    if wrong:
        raise Failed("\n".join(wrong))


def _alike(found: Sequence[Hold], answer: str) -> None:
    """Raise WrongUsage where one answer cannot be given to all of these, Failed where one of them waits no longer."""
    from connectors.desk import acting

    if gone := [hold for hold in found if hold.closed_at is not None]:
        raise Failed("\n".join(f"{hold.key} waits no longer ({hold.how}); nothing was answered" for hold in gone))
    if len({hold.tenant for hold in found}) > 1:
        raise WrongUsage("several are answered at once of one company only: --tenant")
    if len({acting.kind(hold) for hold in found}) > 1:
        reasons = sorted({hold.order.data.reason for hold in found})
        raise WrongUsage(f"only what waits for the same reason is answered at once; these: {', '.join(reasons)}")
    choices = [choice.answer for choice in acting.alike(found)]
    if answer not in choices:
        offered = f"it can be: {', '.join(choices)}" if choices else "they have none in common"
        raise WrongUsage(f"{answer!r} is no answer to all of these; {offered}")


def _says_why(found: Hold, given: _Given) -> None:
    """Raise WrongUsage where an answer lacks the reason that it counts with, or that is longer than is kept."""
    from connectors.desk import acting

    if not given.comment and acting.must_say_why(found, given.answer):
        raise WrongUsage(f"what is given up is never booked, so say why: --comment; {found.key} is not answered")
    if len(given.comment) > _LONGEST:
        raise WrongUsage(
            f"--comment has {len(given.comment)} characters; {_LONGEST} are kept at most, nothing is answered"
        )


def _json(found: Hold, given: _Given, came: AnswerOutcome | None) -> dict[str, Any]:
    told = {"hold_id": str(found.hold_id), "key": found.key, "answer": given.answer}
    return told | views.became_json(came, given.answer)


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
