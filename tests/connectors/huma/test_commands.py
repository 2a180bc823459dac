"""Connecting a company: client id and secret are tried, kept where nobody reads them, and shown nowhere."""

import asyncio
from pathlib import Path

import pytest

from connectors.huma import sandbox
from connectors.huma.client import kept
from connectors.huma.sandbox import Company
from infra.access.connections import Connections
from infra.access.vault import open_vault
from infra.environment import whole
from infra.intake.sightings import EMPLOYEE, Sightings
from infra.postgres import Engine, text
from tests.connectors.fake_acceptor import VAULT
from tests.loaded import bokbuss

OTHER = "00000000-0000-4000-8000-000000000000"


async def connect(
    company: Company, kafka: str, url: str, folder: Path, said: str, tenant: str = "acme", more: tuple[str, ...] = ()
) -> tuple[int, str, str]:
    """Run the command as a process; return its exit code and what it says."""
    pipe, program = asyncio.subprocess.PIPE, await asyncio.to_thread(bokbuss)
    async with sandbox.running(company) as address:
        environment = {
            "BOKBUSS_DATA": str(folder),
            "BOKBUSS_KAFKA__BOOTSTRAP": kafka,
            "BOKBUSS_DATABASE__URL": url,
            "BOKBUSS_SECRET_KEY": "a test",
            "BOKBUSS_HUMA__API_URL": address,
        }
        process = await asyncio.create_subprocess_exec(
            *(program, "huma", "connect", tenant, "--by", "Anna", *more),
            env=environment,
            cwd=folder,
            stdin=pipe,
            stdout=pipe,
            stderr=pipe,
        )
        out, err = await process.communicate(said.encode())
    return process.returncode or 0, out.decode(), err.decode()


@pytest.fixture
async def acme(engine: Engine) -> None:
    """Add a company."""
    async with engine.begin() as connection:
        await connection.execute(text("insert into tenants (tenant, created_at) values ('acme', clock_timestamp())"))


@pytest.mark.usefixtures("acme")
async def test_they_are_tried_by_two_calls_and_kept(
    engine: Engine, kafka: str, prepared_url: str, tmp_path: Path
) -> None:
    """The secret is in no row as it is, and in nothing that is said; what is left to do in Huma is."""
    company = sandbox.made_up()
    code, out, err = await connect(
        company, kafka, prepared_url, tmp_path, f"{company.client_id}\n{company.client_secret}\n"
    )
    assert (code, err) == (0, "")
    assert "acme is connected to Huma (4 people)" in out
    assert "https://<this host>/v1/acme/huma" in out
    assert "bokbuss tenant add acme" in out
    assert (len(company.calls), company.tokens_given) == (1, 1)
    settings = whole()(secret_key="a test", _env_file=None)  # type: ignore[arg-type] # read as a SecretStr
    connections = Connections(engine, await open_vault(engine, settings))
    held = await connections.held("acme", "huma")
    assert held is not None
    assert (held.grant_type, held.state, held.consented_by) == ("client_credentials", "connected", "Anna")
    assert await connections.secret("acme", "huma") == kept(company.client_id, company.client_secret)
    async with engine.connect() as connection:
        rows = str((await connection.execute(text("select * from connections"))).all())
    assert company.client_secret not in rows + out


@pytest.mark.usefixtures("acme")
@pytest.mark.parametrize(
    ("said", "tenant", "code", "answer"),
    [
        (f"{{id}}\n{OTHER}\n", "acme", 1, "Huma refuses the client id and secret (401)"),
        ("{id}\n", "acme", 2, "two lines are expected"),
        ("{id}\nnot-a-uuid\n", "acme", 2, "two lines are expected"),
        ("{id}\n{secret}\n", "nobody", 2, "no company is called 'nobody'"),
    ],
)
async def test_what_is_not_taken_is_said_and_nothing_is_kept(
    engine: Engine, kafka: str, prepared_url: str, tmp_path: Path, said: str, tenant: str, code: int, answer: str
) -> None:
    """The exit code tells what kind of trouble it is."""
    company = Company()
    given = said.format(id=company.client_id, secret=company.client_secret)
    found, _, err = await connect(company, kafka, prepared_url, tmp_path, given, tenant)
    assert (found, answer in " ".join(err.split())) == (code, True)
    assert OTHER not in err
    async with engine.connect() as connection:
        assert await connection.scalar(text("select count(*) from connections")) == 0


@pytest.mark.usefixtures("acme")
async def test_credentials_that_show_nobody_of_before_are_not_kept_unless_they_are_meant(
    engine: Engine, kafka: str, prepared_url: str, tmp_path: Path
) -> None:
    """They are another company's: its people would be made in these books, and ours be told as deleted."""
    ours, theirs = sandbox.made_up(), sandbox.Company()
    theirs.add_person(givenName="Someone", email="else@y.se")
    held = f"2026-04-10T20:04:11.000000+00:00 {0:016x}"
    await Sightings(engine, "acme", "huma").remember(EMPLOYEE, dict.fromkeys(ours.people, held))

    async def connected(company: Company, *more: str) -> tuple[int, str]:
        said = f"{company.client_id}\n{company.client_secret}\n"
        code, _, err = await connect(company, kafka, prepared_url, tmp_path, said, more=more)
        return code, " ".join(err.split())

    code, err = await connected(theirs)
    assert code == 1
    assert "another company's: none of the people who were read before is there" in err
    assert "--another" in err
    assert await Connections(engine, VAULT).held("acme", "huma") is None
    assert await connected(ours) == (0, "")
    assert await connected(theirs, "--another") == (0, "")
