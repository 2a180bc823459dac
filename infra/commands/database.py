"""The verbs that keep the database: its tables brought up to date, a backup made, a backup restored."""

import asyncio
import tempfile
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer
from psycopg.conninfo import make_conninfo

from infra import clock
from infra.commanding import Failed, Json, WrongUsage, print_json, print_lines, print_out, regular
from infra.environment import of_host
from infra.folders import private
from infra.settings import Settings

_PEOPLE = "0024"
"""The revision from which on people have keys."""
_NAMED = (
    "The database is named (BOKBUSS_DATABASE__URL): its own tools back it up and restore it, as docs/backup.md says. "
    "However it was restored, the next start looks first for what was sent since."
)


def migrate(as_json: Json = False) -> None:
    """Bring the tables up to date, and say from which revision to which. Roles do it by themselves when they start."""
    from infra import store, telemetry
    from infra.access.vault import prove
    from infra.office import bare

    telemetry.configure_for_a_command()
    settings = of_host()

    async def work() -> tuple[str, str]:
        async with bare(settings) as engine:
            return await store.prepare(engine, proof=partial(prove, settings))

    before, after = asyncio.run(work())
    said = f"The tables are of revision {after}" + (f", and were of {before}." if before not in {"", after} else ".")
    print_out({"before": before, "after": after}, [said], as_json=as_json)


def backup(
    file: Annotated[Path, typer.Argument(dir_okay=False, help="where to; it must not be there yet")],
    as_json: Json = False,
) -> None:
    """Write the embedded database and its documents into one file, also while everything runs. The key is not in it."""
    from infra import installation, store, telemetry
    from infra.access.vault import KEY_FILE
    from infra.embedded import copying
    from infra.office import bare

    settings = _embedded()
    if file.exists():
        raise WrongUsage(f"{file} is there already")
    telemetry.configure_for_a_command()

    async def work() -> int:
        async with bare(settings) as engine:
            async with engine.connect() as connection:
                revision = await store.revision(connection)
                known = await installation.read(connection)
            head: dict[str, Any] = {
                "made_at": clock.now().isoformat(),
                "revision": revision,
                "installation": known and str(known.installation),
            }
            url = make_conninfo(**engine.parameters)
            documents, keys = settings.data / "documents", revision >= _PEOPLE
            try:
                return await asyncio.to_thread(copying.make, file, url, documents, head, keys=keys)
            except copying.NotRestored as error:
                raise Failed(str(error)) from error
            except OSError as error:
                raise _full(error, f"there is no backup: {file} could not be written") from error

    size = asyncio.run(work())
    key = settings.data / KEY_FILE
    where = (
        f"the key is not in it: keep {key} too, elsewhere" if settings.secret_key is None else "the key is not in it"
    )
    people = copying.keys_beside(file)
    elsewhere = settings.documents.url
    if as_json:
        print_json({"file": str(file), "bytes": size, "keys": str(people), "documents_elsewhere": elsewhere})
    else:
        where += f"; nor are the documents: keep {elsewhere}, too" if elsewhere else ""
        newest = f"{people}: the keys of people. Keep the newest alone, elsewhere: it opens every backup of before"
        print_lines([f"{file}: {size} bytes; {where}", newest])


def restore(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="what bokbuss backup wrote")],
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    keys: Annotated[
        Path | None,
        typer.Option("--keys", exists=True, dir_okay=False, help="the newest keys of people; else those beside FILE"),
    ] = None,
    as_json: Json = False,
) -> None:
    """Put a backup in the place of the embedded database, which is kept beside. The next start looks first."""
    from infra import installation, store, telemetry
    from infra.embedded import copying, found
    from infra.embedded.database import EmbeddedPostgres

    settings = _embedded()
    if keys:
        regular(keys)
    try:
        head = copying.head_of(regular(file))
    except copying.NotRestored as error:
        raise WrongUsage(str(error)) from error
    if head["revision"] > store.newest():
        raise WrongUsage(
            f"{file} is of revision {head['revision']}, and this version knows {store.newest()}: upgrade first"
        )
    if found.running(settings) is not None:
        raise WrongUsage("bokbuss runs: end it first (whoever runs would know what the database then does not)")
    if not yes:
        typer.confirm(f"The database becomes what it was at {head['made_at']}. Go on?", abort=True)
    telemetry.configure_for_a_command()

    async def same(url: str) -> None:
        engine = store.engine(url, 2)
        try:
            async with engine.connect() as connection:
                known = await installation.read(connection) if await store.revision(connection) >= "0011" else None
        finally:
            await engine.dispose()
        if known is not None and head["installation"] not in {None, str(known.installation)}:
            raise WrongUsage(
                f"{file} is of another installation than the database in {settings.data}: restore it into an empty "
                "folder (BOKBUSS_DATA)"
            )

    with EmbeddedPostgres(settings.data) as server:
        url = server.url
        try:
            asyncio.run(same(url))
            loaded = copying.load(file, url)
            beside = copying.keys_beside(file)
            asyncio.run(_check(loaded, settings, url, keys or (beside if beside.exists() else None)))
            # Before: where there is no room for them, or this is cut off, the database is as it was.
            documents = copying.load_documents(file, private(settings.data, "documents"))
            kept = copying.put_in_place(url, clock.now())
            copying.forget_keys(url)
        except copying.NotRestored as error:
            raise Failed(str(error)) from error
        except OSError as error:
            raise _full(error, f"nothing is restored: no room in {tempfile.gettempdir()} or {settings.data}") from error
    print_out(
        {"made_at": head["made_at"], "documents": documents, "kept": kept},
        [
            f"Restored to {head['made_at']}, with {documents} documents that were not there any more.",
            f"The database before is kept as {kept}, until the next restore.",
            "When roles start they write nothing until what happened since is taken in: bokbuss fence show",
        ],
        as_json=as_json,
    )


async def _check(url: str, settings: Settings, before: str, keys: Path | None) -> None:
    """Prove that it can be worked with: the key opens its secrets, each of them, and its tables become today's.

    Args:
        before: the database in whose place it is put; its keys of people are brought along, and those of a file.
    """
    from infra import store
    from infra.access import rotation
    from infra.access.vault import open_vault, prove
    from infra.embedded import copying

    engine = store.engine(url, 2)
    try:
        await store.prepare(engine, proof=partial(prove, settings))
        await asyncio.to_thread(copying.bring_keys, url, before, keys)
        await rotation.everything_opens(engine, await open_vault(engine, settings))
    finally:
        await engine.dispose()


def _full(error: OSError, what: str) -> Exception:
    """Return what to say where a disk is full: then the error names no file, as others do."""
    return error if error.filename is not None else Failed(f"{what} ({error.strerror})")


def _embedded() -> Settings:
    settings = of_host()
    if settings.database.url:
        raise WrongUsage(_NAMED)
    return settings
