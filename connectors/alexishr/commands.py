"""The verb that takes a company's access token to Alexis HR."""

from typing import Annotated

import typer

from connectors.alexishr import encode
from connectors.alexishr.classify import Page
from connectors.alexishr.client import AlexisHR
from connectors.alexishr.settings import AlexisHRSettings
from connectors.alexishr.translate import SYSTEM
from infra import tenants
from infra.access.connections import Connections
from infra.commanding import By, Company, Failed, WrongUsage, asked, asker, print_lines
from infra.delivery.reading import NotRead
from infra.http import Client
from infra.office import Office, in_office
from infra.plugin import Attempt
from schemas.identities import ten_digits, ten_of

Another = Annotated[
    bool, typer.Option("--another", help="The token is meant, though its company has another organisation number.")
]

alexishr = typer.Typer(no_args_is_help=True, help="Alexis HR: a company's access token.")


@alexishr.callback()
def _group() -> None:
    """Alexis HR: a company's access token."""


@alexishr.command("connect")
def connect(tenant: Company, by: By = None, another: Another = False) -> None:
    """Take a company's access token (from the prompt, or standard input), try it, and keep it encrypted.

    An Owner makes it in Alexis HR: Settings, Access tokens. It ends when that person leaves or is no Owner any more. A
    token of a company with another organisation number is not kept.
    """

    async def work(place: Office) -> None:
        token = asked("access token", secret=True)
        if not (token and token.isascii() and token.isprintable() and " " not in token):
            raise WrongUsage("standard input: one line with the access token is expected, without spaces")
        name = await store(place, tenant, token, asker(by), another=another)
        print_lines(
            [
                f"{tenant} is connected to Alexis HR{f' ({name})' if name else ''}; its people are read now",
                f"Next: bokbuss plan employees {tenant} shows what would be done. Nothing is sent before that.",
            ]
        )

    in_office(work, tenant)


async def store(place: Office, tenant: str, token: str, by: str, *, another: bool = False) -> str:
    """Try a token by one call and keep it; return the company's name there.

    ``another``: also if it is one of a company with another organisation number; what nobody says cannot differ.

    Raises:
        Failed: it is refused, or another company's.
    """
    host = await place.host()
    async with Client(timeout=host.settings.of(AlexisHRSettings).request_timeout) as client:
        try:
            page = await AlexisHR(tenant, host, client, token=token).read(encode.company(), Attempt.of_no_lane())
        except NotRead as error:
            raise Failed(f"the token was not kept: {error}") from error
    company = page.items[0] if isinstance(page, Page) and page.items else {}
    name, theirs = str(company.get("name") or ""), ten_of(str(company.get("orgNumber") or ""))
    ours = (await tenants.known(place.engine, tenant)).organisation_number
    if ours and theirs and theirs != ten_digits(ours) and not another:
        raise Failed(
            f"the token was not kept, it is another company's: {name} has {theirs}, and {tenant} is {ten_digits(ours)}."
            " Take a token of the right company; if one Alexis HR is meant to serve both, say --another"
        )
    await Connections(host.engine, host.vault).consented(
        tenant, SYSTEM, grant_type="token", refresh=token, company_name=name[:200], consented_by=by
    )
    return name
