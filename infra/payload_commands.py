"""The verb ``publish``: a payload is accepted from a file."""

from pathlib import Path
from typing import Annotated

import typer

from infra.commanding import By, Failed, Json, asker, one_of, print_json
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
    from infra.intake.accepting import Acceptor, read_payload
    from infra.plugin import Malformed

    source = registry.sources()[one_of(system, registry.sources(), "system")]

    async def work(place: Office) -> None:
        host = await place.host()
        acceptor = Acceptor(
            engine=place.engine, producer=await place.producer(), vault=host.vault, settings=host.settings
        )
        try:
            with file.open("rb") as opened:
                if source.files is None:
                    payload = read_payload(opened, place.settings.max_body)
                    accepted = await acceptor.accept(tenant=tenant, source=source, payload=payload)
                else:
                    accepted = await acceptor.accept_file(
                        tenant=tenant, source=source, file=opened, requested_by=asker(by)
                    )
        except Malformed as error:
            raise Failed(f"{file} was not accepted:\n  " + "\n  ".join(error.problems)) from None
        if as_json:
            print_json({"event_ids": accepted.event_ids})
        else:
            for event_id in accepted.event_ids:
                typer.echo(f"accepted {event_id}")

    in_office(work, tenant)
