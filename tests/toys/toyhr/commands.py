"""The verb that takes a company's access token to Toy HR."""

import typer

from infra.access.connections import Connections
from infra.commanding import By, Company, asked, asker
from infra.office import Office, in_office
from tests.toys.toyhr.translate import SYSTEM

toyhr = typer.Typer(no_args_is_help=True, help="Toy HR: a company's access token.")


@toyhr.callback()
def _group() -> None:
    """Toy HR: a company's access token."""


@toyhr.command("connect")
def connect(tenant: Company, by: By = None) -> None:
    """Take a company's access token (from the prompt, or standard input), and keep it encrypted."""

    async def work(place: Office) -> None:
        host, token = await place.host(), asked("access token", secret=True)
        connections = Connections(host.engine, host.vault)
        await connections.consented(tenant, SYSTEM, grant_type="token", refresh=token, consented_by=asker(by))
        typer.echo(f"{tenant} is connected to Toy HR")

    in_office(work, tenant)
