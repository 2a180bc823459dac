"""The verbs of a company's ledger: its years' books proved against what was posted, and what people accept of it."""

import shutil
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from connectors.desk import ledger_words, year_commands
from connectors.desk.words import when
from connectors.desk.year_commands import FinancialYear
from infra import clock
from infra.commanding import By, Company, Failed, Json, WrongUsage, asker, print_out
from infra.delivery.reading import NotRead
from infra.office import Office, in_office
from infra.proving import comparing, records

ledger = typer.Typer(no_args_is_help=True, help="A company's ledger, year by year.")

ledger.command("years")(year_commands.years)
ledger.command("sync")(year_commands.sync)
ledger.command("source")(year_commands.source)
ledger.command("open")(year_commands.open_invoices)


@ledger.command("prove")
def prove(tenant: Company, year: FinancialYear, by: By = None, as_json: Json = False) -> None:
    """Read a year fresh and compare it with what was posted, to the öre; 1: they differ, or it could not be read."""

    async def work(place: Office) -> None:
        try:
            proved = await comparing.compare(await place.host(), tenant, year_commands.named(year), asked_by=asker(by))
        except NotRead as error:
            raise Failed(f"{tenant}'s books of {year} were not read, so nothing is proved: {error}") from error
        print_out(proved.to_json() | {"green": proved.green}, ledger_words.proof(tenant, proved), as_json=as_json)
        if not proved.green:
            raise typer.Exit(1)

    in_office(work, tenant)


@ledger.command("package")
def package(
    tenant: Company,
    year: FinancialYear,
    out: Annotated[Path, typer.Option("--out", dir_okay=False, help="The ZIP file to write.")],
    by: By = None,
    as_json: Json = False,
) -> None:
    """Write a year's package for an auditor: the ledger as a SIE file, the documents, and an index with hashes."""
    from infra.packages import storing

    async def work(place: Office) -> None:
        settings = (await place.host()).settings
        try:
            found = await storing.package(place.engine, settings, tenant, year_commands.named(year))
        except (storing.NoSuchYear, storing.NotBuilt) as error:
            raise Failed(f"no package: {error}") from error
        try:
            shutil.copyfile(found.path, out)
        except OSError as error:
            raise WrongUsage(f"{out} cannot be written: {error.strerror}") from error
        await storing.fetched(place.engine, tenant, found, system="desk", by=asker(by))
        print_out(
            {"file": str(out), "bytes": found.size, "sha256": found.sha256, "year_to": found.last},
            [f"{out}: {found.size:,} bytes, sha256 {found.sha256}"],
            as_json=as_json,
        )

    in_office(work, tenant)


key = typer.Typer(no_args_is_help=True, help="The keys with which auditors' programs fetch packages.")
ledger.add_typer(key, name="key")


@key.command("make")
def key_make(
    tenant: Company,
    holder: Annotated[str, typer.Option("--for", help="Whom it is given to: the auditor's name.")],
    days: Annotated[int, typer.Option(min=1, max=3660, help="For how long it is good.")] = 400,
    by: By = None,
    as_json: Json = False,
) -> None:
    """Make a key that opens this company's packages; it is shown once, and kept nowhere."""
    from infra.packages import keys

    async def work(place: Office) -> None:
        made, ends = await keys.make(place.engine, tenant, ledger_words.AUDITOR, holder, by=asker(by), days=days)
        how = f"GET /v1/{tenant}/{ledger_words.AUDITOR}/years with it"
        lines = [made, f"good until {when(ends)}; shown only now. {how}"]
        print_out({"key": made, "expires_at": ends}, lines, as_json=as_json)

    in_office(work, tenant)


@key.command("list")
def key_list(tenant: Company, as_json: Json = False) -> None:
    """List a company's keys: whose each is, and whether it still opens anything."""
    from infra.packages import keys

    async def work(place: Office) -> None:
        found = await keys.listed(place.engine, tenant)
        print_out([asdict(each) for each in found], ledger_words.keys(found, clock.now()), as_json=as_json)

    in_office(work, tenant)


@key.command("revoke")
def key_revoke(
    tenant: Company,
    key_id: Annotated[str, typer.Argument(help="Its ID, as ledger key list shows it.")],
    by: By = None,
    as_json: Json = False,
) -> None:
    """End a key at once."""
    from infra.packages import keys

    async def work(place: Office) -> None:
        if not await keys.revoke(place.engine, tenant, key_id, asker(by)):
            raise WrongUsage(f"{tenant} has no key {key_id} that is good: bokbuss ledger key list {tenant}")
        print_out({"revoked": key_id}, [f"revoked: {key_id}"], as_json=as_json)

    in_office(work, tenant)


@ledger.command("accept")
def accept(
    tenant: Company,
    difference: Annotated[str, typer.Argument(help="Its ID, as ledger prove shows it.")] = "",
    series: Annotated[str, typer.Option("--series", help="Instead: others book in this series as well.")] = "",
    by: By = None,
    comment: Annotated[str, typer.Option("--comment", help="Why; it stays on record.")] = "",
    as_json: Json = False,
) -> None:
    """Say that a difference between books and postings is as it should be: it is not told again."""

    async def work(place: Office) -> None:
        known = {each.id: each for proof in await records.kept(place.engine, tenant) for each in proof.differences}
        if bool(difference) == bool(series):
            raise WrongUsage("name a difference by its ID, or a series with --series")
        if difference and difference not in known:
            raise WrongUsage(f"no proof of {tenant} shows a difference {difference}: bokbuss ledger prove {tenant}")
        accepted = difference or records.shared(series)
        await comparing.accept(await place.host(), tenant, accepted, asker(by), comment)
        told = f"others book in series {series} as well; no proof tells their vouchers in it any more"
        if difference:
            found = known[difference]
            told = f"accepted: {found.voucher} {found.kind.replace('_', ' ')}; no proof tells it any more"
        print_out({"accepted": difference or series}, [told], as_json=as_json)

    in_office(work, tenant)
