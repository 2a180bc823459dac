"""Connecting a company: the token is tried, kept where nobody reads it, and shown nowhere."""

import asyncio
from pathlib import Path

import pytest

from connectors.alexishr import sandbox
from connectors.alexishr.sandbox import Company
from infra.access.connections import Connections
from infra.access.vault import open_vault
from infra.environment import whole
from infra.postgres import Engine, text
from tests.connectors.fake_acceptor import VAULT
from tests.loaded import bokbuss

TOKEN = "a-token-that-nobody-sees"


async def connect(
    company: Company, kafka: str, url: str, folder: Path, token: str, tenant: str = "acme", more: tuple[str, ...] = ()
) -> tuple[int, str, str]:
    """Run the command as a process; return its exit code and what it says."""
    pipe, program = asyncio.subprocess.PIPE, await asyncio.to_thread(bokbuss)
    async with sandbox.running(company) as address:
        environment = {
            "BOKBUSS_DATA": str(folder),
            "BOKBUSS_KAFKA__BOOTSTRAP": kafka,
            "BOKBUSS_DATABASE__URL": url,
            "BOKBUSS_SECRET_KEY": "a test",
            "BOKBUSS_ALEXISHR__API_URL": f"{address}/v1",
        }
        process = await asyncio.create_subprocess_exec(
            *(program, "alexishr", "connect", tenant, "--by", "Anna", *more),
            env=environment,
            cwd=folder,
            stdin=pipe,
            stdout=pipe,
            stderr=pipe,
        )
        out, err = await process.communicate(f"{token}\n".encode())
    return process.returncode or 0, out.decode(), err.decode()


@pytest.fixture
async def acme(engine: Engine) -> None:
    """Add a company."""
    async with engine.begin() as connection:
        await connection.execute(text("insert into tenants (tenant, created_at) values ('acme', clock_timestamp())"))


@pytest.mark.usefixtures("acme")
async def test_a_token_is_tried_by_one_call_and_kept(
    engine: Engine, kafka: str, prepared_url: str, tmp_path: Path
) -> None:
    """The company's name there is shown; the token is in no row as it is, and in nothing that is said."""
    company = Company("Krogen AB", TOKEN)
    code, out, err = await connect(company, kafka, prepared_url, tmp_path, TOKEN)
    assert (code, err) == (0, "")
    assert "acme is connected to Alexis HR (Krogen AB)" in out
    assert len(company.calls) == 1
    settings = whole()(secret_key="a test", _env_file=None)  # type: ignore[arg-type] # read as a SecretStr
    connections = Connections(engine, await open_vault(engine, settings))
    held = await connections.held("acme", "alexishr")
    assert held is not None
    assert (held.grant_type, held.state, held.consented_by) == ("token", "connected", "Anna")
    assert await connections.secret("acme", "alexishr") == TOKEN
    async with engine.connect() as connection:
        rows = str((await connection.execute(text("select * from connections"))).all())
    assert TOKEN not in rows + out


@pytest.mark.usefixtures("acme")
@pytest.mark.parametrize(
    ("token", "tenant", "code", "said"),
    [
        ("another", "acme", 1, "Alexis HR refuses the access token (401)"),
        ("", "acme", 2, "one line with the access token"),
        ("två ord", "acme", 2, "one line with the access token"),
        (TOKEN, "nobody", 2, "no company is called 'nobody'"),
    ],
)
async def test_what_is_not_taken_is_said_and_nothing_is_kept(
    engine: Engine, kafka: str, prepared_url: str, tmp_path: Path, token: str, tenant: str, code: int, said: str
) -> None:
    """The exit code tells what kind of trouble it is."""
    found, _, err = await connect(Company(token=TOKEN), kafka, prepared_url, tmp_path, token, tenant)
    assert (found, said in " ".join(err.split())) == (code, True)
    assert not token or token not in err
    async with engine.connect() as connection:
        assert await connection.scalar(text("select count(*) from connections")) == 0


@pytest.mark.usefixtures("acme")
async def test_the_token_of_another_company_is_not_kept_unless_it_is_meant(
    engine: Engine, kafka: str, prepared_url: str, tmp_path: Path
) -> None:
    """Its people would be made in these books, and ours be told as deleted; one Alexis HR of a group can be meant."""
    company = Company("Krogen AB", TOKEN)
    (record,) = company.records["company"].values()
    connections = Connections(engine, VAULT)

    async def told(number: str) -> None:
        async with engine.begin() as connection:
            await connection.execute(text("update tenants set organisation_number = :number"), {"number": number})

    await told("5560360793")
    code, out, err = await connect(company, kafka, prepared_url, tmp_path, TOKEN)
    said = " ".join(err.split())
    assert (code, out) == (1, "")
    assert "another company's: Krogen AB has 5599990016, and acme is 5560360793" in said
    assert "--another" in said
    assert await connections.held("acme", "alexishr") is None
    code, _, _ = await connect(company, kafka, prepared_url, tmp_path, TOKEN, more=("--another",))
    assert code == 0
    record["orgNumber"] = "16 556036-0793"
    code, _, err = await connect(company, kafka, prepared_url, tmp_path, TOKEN)
    assert (code, err) == (0, "")
