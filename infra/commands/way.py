"""The verbs of ways in: what opens one is given, and all are tried."""

import asyncio
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from infra.commanding import (
    By,
    Company,
    Failed,
    Json,
    WrongUsage,
    asked,
    asker,
    print_json,
    print_lines,
    print_out,
    read_file,
)
from infra.office import Office, in_office
from schemas.base import Language

ways_app = typer.Typer(no_args_is_help=True, help="Ways in by which payloads are fetched.")


@ways_app.command("check")
def ways_check(
    tenant: Company,
    lang: Annotated[Language | None, typer.Option(help="Of what it says; yours by default.")] = None,
    as_json: Json = False,
) -> None:
    """Try every way in of a company, and say what stands in its way; nothing is read. 1: not all work."""
    from infra import way_words
    from infra.intake import collecting

    async def work(place: Office) -> None:
        host = await place.host()
        found = await collecting.check(host, tenant)
        language = lang or host.settings.language
        if as_json:
            print_json([{**asdict(one), "said": way_words.in_words(one, language)} for one in found])
        else:
            print_lines(way_words.in_words(one, language) for one in found)
            if not found:
                print_lines([way_words.NONE.to(language, tenant=tenant)])
        if any(one.code for one in found):
            raise typer.Exit(1)

    in_office(work, tenant)


@ways_app.command("secret")
def ways_secret(
    tenant: Company,
    way: Annotated[str, typer.Argument(help="Its name in the settings.")],
    file: Annotated[Path | None, typer.Option("--file", exists=True, dir_okay=False, help="A private key.")] = None,
    by: By = None,
    as_json: Json = False,
) -> None:
    """Take what opens a way in (from the prompt, standard input, or a file), keep it encrypted, and try it.

    Of an outbox: the database's URL, of a user who may only read. Of an SFTP folder: the password, or --file with a
    private key without a passphrase; it is sent where the settings say now, and nowhere else.
    """
    from infra import way_words
    from infra.intake import collecting, ways

    of_file = _text(file) if file else ""

    async def work(place: Office) -> None:
        host = await place.host()
        if (found := await ways.find(host.engine, tenant, way)) is None:
            settings = await ways.names(host.engine, tenant)
            raise WrongUsage(
                f"the settings of {tenant} have no way in called {way!r}; they have: {', '.join(settings) or 'none'}"
            )
        sent = f", for {found.destination}" if found.destination else ""
        secret = of_file if file else asked(f"secret of {way}{sent}", secret=True)
        if not secret.strip():
            raise WrongUsage("standard input: a line with the secret is expected")
        await ways.keep_secret(host.engine, host.vault, found, secret, by=asker(by))
        tried = await collecting.checked(host, found)
        said = way_words.in_words(tried, host.settings.language)
        print_out(
            {"tenant": tenant, "way": way, "kept": True, "code": tried.code, "said": said},
            [f"It is kept, encrypted{sent}{' and nowhere else' if sent else ''}.", said],
            as_json=as_json,
        )
        if tried.code:
            raise Failed("it was kept, and does not open this way in yet") if not as_json else typer.Exit(1)

    in_office(work, tenant)


def _text(file: Path) -> str:
    try:
        return read_file(file).decode().replace("\r\n", "\n")
    except UnicodeDecodeError:
        raise WrongUsage(f"{file} is no text: a private key is in PEM or OpenSSH's form") from None


@ways_app.command("hostkey")
def ways_hostkey(
    host: Annotated[str, typer.Argument(help="The SFTP server.")],
    port: Annotated[int, typer.Option(min=1, max=65_535)] = 22,
    as_json: Json = False,
) -> None:
    """Show the key that an SFTP server shows now, to be compared with what whoever runs it says, and then pinned."""
    from infra import way_words
    from infra.intake import sftp
    from infra.intake.ways import Trouble
    from infra.rows import WayFound

    try:
        key, fingerprint = asyncio.run(sftp.host_key(host, port))
    except Trouble as trouble:
        raise Failed(way_words.said(WayFound(host, trouble.code, trouble.detail))) from None
    print_out(
        {"host_key": key, "fingerprint": fingerprint},
        [key, f"Its fingerprint: {fingerprint}. Compare it first; then it belongs among host_keys."],
        as_json=as_json,
    )
