"""The verb that takes a company's client id and secret to Huma."""

import re
from typing import Annotated, Final

import typer

from connectors.huma import encode
from connectors.huma.client import Huma, ask_for_token, kept
from connectors.huma.settings import HumaSettings
from connectors.huma.translate import SYSTEM
from infra.access import signing_secrets
from infra.access.connections import Connections
from infra.commanding import By, Company, Failed, WrongUsage, asked, asker, print_lines
from infra.delivery.reading import NotRead
from infra.http import Client
from infra.intake.sightings import EMPLOYEE, Sightings
from infra.office import Office, in_office
from infra.plugin import Attempt
from infra.verdicts import Granted

_UUID: Final = re.compile(r"[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}")
Another = Annotated[bool, typer.Option("--another", help="They are meant, though nobody of before is there.")]

huma = typer.Typer(no_args_is_help=True, help="Huma: a company's client id and secret.")


@huma.callback()
def _group() -> None:
    """Huma: a company's client id and secret."""


@huma.command("connect")
def connect(tenant: Company, by: By = None, another: Another = False) -> None:
    """Take a company's client id and secret (from prompts, or two lines of standard input), try them, and keep them.

    An administrator makes them in Huma. They are kept encrypted; then the webhook is to be registered in Huma. Those of
    another company than before are not kept.
    """

    async def work(place: Office) -> None:
        client_id, client_secret = asked("client id"), asked("client secret", secret=True)
        if not (_UUID.fullmatch(client_id) and _UUID.fullmatch(client_secret)):
            raise WrongUsage("standard input: two lines are expected, client id and client secret, each a UUID")
        people = await store(place, tenant, client_id, client_secret, asker(by), another=another)
        number = "" if people is None else f" ({people} people)"
        print_lines(
            [
                f"{tenant} is connected to Huma{number}; its people are read within a minute",
                await _what_to_register(place, tenant),
                f"Next: bokbuss plan employees {tenant} shows what would be done. Nothing is sent before that.",
            ]
        )

    in_office(work, tenant)


async def store(
    place: Office, tenant: str, client_id: str, client_secret: str, by: str, *, another: bool = False
) -> int | None:
    """Try client id and secret by two calls and keep them; return how many people there are, where Huma says it.

    Where people were read before, a third call looks for some of them: Huma tells no organisation number with a token.
    ``another``: also if none of them is there.

    Raises:
        Failed: Huma refuses them, does not answer, or has another company's people.
    """
    host = await place.host()
    settings, secret = host.settings.of(HumaSettings), kept(client_id, client_secret)
    granted = await ask_for_token(settings, tenant, secret)
    if not isinstance(granted, Granted):
        raise Failed(f"they were not kept: {granted.why}")
    async with Client(timeout=settings.request_timeout) as client:
        trial = Huma(tenant, host, client, token=granted.access)
        people: int | None = None
        try:
            async for page in trial.pages(encode.people(1), Attempt.of_no_lane()):
                people = page.total
                break
            is_theirs = another or await _knows_somebody(trial, place, tenant)
        except NotRead as error:
            raise Failed(f"they were not kept: {error}") from error
    if not is_theirs:
        raise Failed(
            "they were not kept, they are another company's: none of the people who were read before is there. "
            "Take those of the right company; if another Huma is meant, say --another"
        )
    await Connections(host.engine, host.vault).consented(
        tenant,
        SYSTEM,
        grant_type="client_credentials",
        access=granted.access,
        access_seconds=granted.access_seconds,
        refresh=secret,
        consented_by=by,
    )
    return people


async def _knows_somebody(trial: Huma, place: Office, tenant: str) -> bool:
    """Tell whether somebody who was read before is there, as far as anybody was. Raises NotRead."""
    known = sorted(await Sightings(place.engine, tenant, SYSTEM).every(EMPLOYEE))[: encode.MOST_IDS]
    if not known:
        return True
    found: list[object] = []
    async for page in trial.pages(encode.these(known), Attempt.of_no_lane()):
        found += page.items
    return bool(found)


async def _what_to_register(place: Office, tenant: str) -> str:
    """Return what is left to do in Huma."""
    async with place.engine.connect() as connection:
        signs = SYSTEM in await signing_secrets.systems(connection, tenant)
    secret = (
        f"the signing secret that bokbuss tenant add showed for {SYSTEM} (bokbuss tenant secret {tenant} {SYSTEM} "
        "makes a new one)"
        if signs
        else f"the signing secret that bokbuss tenant add {tenant} shows now"
    )
    return (
        f"left to do: register a webhook in Huma with the URL https://<this host>/v1/{tenant}/{SYSTEM} and, as its "
        f"client secret, {secret}"
    )
