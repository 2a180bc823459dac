"""The verbs for what cannot be handled: a company's records, which wait in order until new code or a person acts."""

from collections.abc import Sequence
from typing import Annotated, Any

import typer

from connectors.desk import words
from connectors.desk.running import Wait, told_in_part, until
from infra.commanding import By, Failed, Json, OfCompany, WrongUsage, asker, print_json, print_out
from infra.kafka import parking
from infra.kafka.parking import Parked
from infra.office import Office, in_office

parked = typer.Typer(no_args_is_help=True, help="What cannot be decided, and waits with what comes later.")

Place = Annotated[str, typer.Argument(metavar="PLACE", help="topic/partition/offset, as parked list shows it.")]
ReadBy = Annotated[str | None, typer.Option("--reader", help="Whose it is, if several have parked it.")]
Reason = Annotated[str, typer.Option("--reason", help="Why; it stays on record.")]


@parked.command("list")
def parked_list(tenant: OfCompany = None, as_json: Json = False) -> None:
    """List what is parked, each company's in its order."""

    async def work(place: Office) -> None:
        found = await parking.listed(place.engine, tenant)
        print_out([_json(p) for p in found], _lines(found), as_json=as_json)
        if len(found) >= parking.MOST:
            told_in_part(len(found), sum((await parking.numbers(place.engine, tenant)).values()))

    in_office(work, tenant, reads=True)


@parked.command("show")
def parked_show(record: Place, reader: ReadBy = None, as_json: Json = False) -> None:
    """Show what is parked, and why."""

    async def work(place: Office) -> None:
        found = await _at(place, record, reader)
        print_out(
            _json(found) | {"record_value": (found.record.value or b"").decode()},
            _shown(found, _of(reader)),
            as_json=as_json,
        )

    in_office(work)


@parked.command("retry")
def parked_retry(
    what: Annotated[str, typer.Argument(metavar="TENANT|PLACE", help="A company, or a record that was set aside.")],
    reader: ReadBy = None,
    by: By = None,
    reason: Reason = "tried again",
    wait: Wait = 0.0,
    as_json: Json = False,
) -> None:
    """Let a company's records be tried again, from the first on, in their order."""
    if reader is not None and "/" not in what:
        raise WrongUsage("--reader is for one record: name its place (bokbuss parked list)")

    async def work(place: Office) -> None:
        tenant = await _released(place, what, reader, asker(by), reason)

        async def left() -> list[Parked]:
            return [p for p in await parking.listed(place.engine, tenant) if p.state == "waiting"]

        async def settled() -> bool:
            waits = await left()
            return not waits or bool(waits[0].tried)

        done = wait > 0 and await until(settled, wait)
        waits, numbers = await left(), await parking.numbers(place.engine, tenant)
        number, aside = numbers.get("waiting", 0), numbers.get("set_aside", 0)
        if as_json:
            print_json({"tenant": tenant, "waiting": number, "first": _json(waits[0]) if waits else None})
        elif not waits:
            still = f"Nothing of {tenant} waits; {aside} set aside: bokbuss parked list --tenant {tenant}"
            typer.echo(still if aside else f"Nothing of {tenant} is parked.")
        elif not done:
            typer.echo(f"{number} of {tenant} wait. They are tried again when their readers run.")
        if wait > 0 and waits:
            why = (
                f"it raised again: {waits[0].reason}" if done else f"it was not tried in {wait:g} s: does bokbuss run?"
            )
            raise Failed(f"{waits[0].place} of {tenant} still waits, and {number - 1} behind it; {why}")

    in_office(work, None if "/" in what else what, reads=True)


async def _released(place: Office, what: str, reader: str | None, by: str, reason: str) -> str:
    """Let a company's records, or one that was set aside, be tried; return the company."""
    if "/" not in what:
        await parking.retry(place.engine, what, by, reason)
        return what
    one = await _at(place, what, reader)
    if not await parking.turn(place.engine, one, "waiting", by, reason):
        raise _gone(what)
    return one.tenant


@parked.command("skip")
def parked_skip(
    record: Place, reader: ReadBy = None, by: By = None, reason: Reason = "set aside", as_json: Json = False
) -> None:
    """Set a record aside: what comes later goes on. It stays listed, and can be tried later."""

    async def work(place: Office) -> None:
        one = await _at(place, record, reader)
        if one.state != "waiting":
            raise Failed(f"{record} is set aside already")
        if not await parking.turn(place.engine, one, "set_aside", asker(by), reason):
            raise _gone(record)
        told = {"place": record, "tenant": one.tenant, "state": "set_aside"}
        said = (
            f"{record} of {one.tenant} is set aside, and what comes later goes on. "
            f"Later: bokbuss parked retry {record}{_of(reader)}"
        )
        print_out(told, [said], as_json=as_json)

    in_office(work)


@parked.command("discard")
def parked_discard(
    record: Place,
    reason: Annotated[str, typer.Option("--reason", help="Why; it stays on record.")],
    by: By = None,
    reader: ReadBy = None,
    as_json: Json = False,
) -> None:
    """Have a record never handled; what comes later goes on."""

    async def work(place: Office) -> None:
        one = await _at(place, record, reader)
        try:
            if not await parking.discard(place.engine, one, asker(by), reason):
                raise _gone(record)
        except parking.IsAwaited as error:
            raise Failed(
                f"a flow of {one.tenant} waits for {record}, and would wait for ever: it cannot be discarded. "
                f"Until it can be handled, the later ones go on with bokbuss parked skip {record}"
            ) from error
        told = {"place": record, "tenant": one.tenant, "state": "discarded"}
        print_out(told, [f"{record} of {one.tenant} is discarded, and what comes later goes on"], as_json=as_json)

    in_office(work)


async def _at(place: Office, record: str, reader: str | None) -> Parked:
    found = await parking.at(place.engine, record, reader)
    if not found:
        raise WrongUsage(f"nothing is parked at {record!r}: bokbuss parked list")
    if len(found) > 1:
        raise WrongUsage(
            f"{record} is parked by several; say which: {', '.join(f'--reader {p.reader}' for p in found)}"
        )
    return found[0]


def _of(reader: str | None) -> str:
    """Return how a command says whose a record is, where several have parked it."""
    return f" --reader {reader}" if reader else ""


def _gone(record: str) -> Failed:
    return Failed(f"{record} waits no longer: it was handled, or somebody has dealt with it")


# --- In words and as JSON ---------------------------------------------------------------------------------------


def _lines(found: Sequence[Parked]) -> tuple[str, ...]:
    if not found:
        return ("Nothing is parked.",)
    rows = [
        (p.place, words.when(p.parked_at), p.tenant, p.about, p.state.replace("_", " "), p.reason or "waits its turn")
        for p in found
    ]
    return words.columns([("PLACE", "SINCE", "COMPANY", "WHAT", "STATE", "REASON"), *rows])


def _shown(one: Parked, of: str) -> tuple[str, ...]:
    tried = f"Tried {one.attempts} times, by {', '.join(one.tried) or 'code that is forgotten'}"
    first = one.tenant if one.state == "waiting" else f"{one.place}{of}"
    return (
        f"{one.about} of {one.tenant}: {one.state.replace('_', ' ')} at {one.reader} since {words.when(one.parked_at)}",
        f"It stands at {one.place}, and goes back to {one.fact_id}",
        *((f"Reason: {one.reason}", tried) if one.attempts else ("It waits until what came before it is done.",)),
        f"  bokbuss parked retry {first}    try it again, in its order",
        *(
            (f"  bokbuss parked skip {one.place}{of}    set it aside, the later ones go on",)
            if one.state == "waiting"
            else ()
        ),
        f"  bokbuss parked discard {one.place}{of} --by NAME --reason WHY    it is never handled",
        (one.record.value or b"").decode("utf-8", "backslashreplace"),
    )


def _json(one: Parked) -> dict[str, Any]:
    return {
        "place": one.place,
        "reader": one.reader,
        "tenant": one.tenant,
        "key": one.about,
        "fact_id": one.fact_id,
        "state": one.state,
        "code": one.code,
        "rule": one.rule,
        "reason": one.reason,
        "attempts": one.attempts,
        "tried": list(one.tried),
        "parked_at": one.parked_at.isoformat(),
    }
