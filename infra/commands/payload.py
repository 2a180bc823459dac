"""The verbs ``publish`` and ``backfill``: a payload is accepted from a file, or those of some days are, unhurried."""

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from infra.commanding import (
    By,
    Failed,
    Json,
    WrongUsage,
    asker,
    one_of,
    print_json,
    print_lines,
    print_out,
    read_file,
    regular,
)
from infra.office import Office, in_office


def publish(
    system: Annotated[str, typer.Argument(help="whose payload it is")],
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False)],
    tenant: Annotated[str, typer.Option(help="the company")],
    by: By = None,
    as_json: Json = False,
) -> None:
    """Accept a payload from a file."""
    from infra import registry
    from infra.intake.accepting import Acceptor
    from infra.plugin import Malformed

    source = registry.sources()[one_of(system, registry.sources(), "system")]

    async def work(place: Office) -> None:
        host = await place.host()
        acceptor = Acceptor(
            engine=place.engine, producer=await place.producer(), vault=host.vault, settings=host.settings
        )
        try:
            if source.files is None:
                payload = read_file(file, place.settings.max_body, "BOKBUSS_MAX_BODY says how large one may be")
                accepted = await acceptor.accept(tenant=tenant, source=source, payload=payload)
            else:
                with regular(file).open("rb") as opened:
                    accepted = await acceptor.accept_file(
                        tenant=tenant, source=source, file=opened, requested_by=asker(by)
                    )
        except Malformed as error:
            raise Failed(f"{file} was not accepted:\n  " + "\n  ".join(error.problems)) from None
        if as_json:
            print_json({"event_ids": accepted.event_ids, "problems": accepted.unused})
        else:
            print_lines(f"accepted {event_id}" for event_id in accepted.event_ids)
            print_lines(f"but {problem}" for problem in accepted.unused)

    in_office(work, tenant)


def backfill(
    system: Annotated[str, typer.Argument(help="whose payloads they are")],
    paths: Annotated[list[Path], typer.Argument(help="files, or folders of files")],
    tenant: Annotated[str, typer.Option(help="the company")],
    first: Annotated[datetime, typer.Option("--from", formats=["%Y-%m-%d"], help="the first day that is wanted")],
    last: Annotated[datetime, typer.Option("--to", formats=["%Y-%m-%d"], help="the last one")],
    wait: Annotated[float, typer.Option(help="seconds without progress after which it is left")] = 600.0,
    as_json: Json = False,
) -> None:
    """Accept what happened on some days, in their order and a little at a time: what comes in live hardly waits for it.

    What was decided before is passed over, so the same command goes on where it was left.
    """
    from infra import registry
    from infra.intake.accepting import Acceptor
    from infra.intake.filling import Filling

    source = registry.sources()[one_of(system, registry.sources(), "system")]
    if first > last:
        raise WrongUsage(f"--to {last.date()} is before --from {first.date()}")

    async def work(place: Office) -> None:
        if missing := [str(path) for path in paths if not path.exists()]:
            raise WrongUsage(f"there is no {', '.join(missing)}")
        host = await place.host()
        acceptor = Acceptor(
            engine=place.engine, producer=await place.producer(), vault=host.vault, settings=host.settings
        )
        filling = Filling(place.engine, acceptor, source, tenant, first.date(), last.date(), place.settings.max_body)
        await filling.look(paths)
        say = (lambda _text: None) if as_json else typer.echo
        if not await filling.run(wait, say):
            left = f"{filling.left} files are left; the same command goes on there"
            raise Failed(f"nothing moved for {wait:.0f} s: do flows and sinks run (bokbuss up)? {left}")
        print_out(filling.to_json(), filling.lines(), as_json=as_json)
        if filling.refused:
            raise typer.Exit(1)

    in_office(work, tenant)
