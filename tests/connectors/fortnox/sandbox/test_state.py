"""The books on disk: what a sandbox knew it knows again, however it ended."""

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import fields
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from connectors.fortnox.sandbox import CLIENT_ID, Books, Company, CostCentre, Fault, Faults, app, running, state
from connectors.fortnox.sandbox.records import Attached, File, Record
from infra import clock, folders
from infra.http import Client, NoAnswer

Fortnox = Any  # of conftest.py, which a test cannot import

SECRET = "Basic c2FuZGJveDpzYW5kYm94LXNlY3JldA=="  # sandbox:sandbox-secret
VOUCHER = {
    "Voucher": {
        "Description": "Dagsavslut",
        "VoucherSeries": "F",
        "TransactionDate": "2026-03-01",
        "VoucherRows": [{"Account": 1910, "Debit": 12.5, "Credit": 0}, {"Account": 3001, "Debit": 0, "Credit": 12.5}],
    }
}


class Caller:
    """Calls a sandbox at an address for company 1001."""

    def __init__(self, url: str, client: Client) -> None:
        self.url, self.client = url, client
        self.headers: dict[str, str] = {}

    async def log_in(self) -> None:
        """Take a token."""
        headers = {"Authorization": SECRET, "TenantId": "1001"}
        form = {"grant_type": "client_credentials"}
        answer = await self.client.send("POST", f"{self.url}/oauth-v1/token", headers=headers, form=form)
        self.headers = {"Authorization": f"Bearer {json.loads(answer.body)['access_token']}"}

    async def book(self) -> int:
        """Book a voucher and return the status."""
        url = f"{self.url}/3/vouchers?financialyear=4"
        return (await self.client.send("POST", url, headers=self.headers, json=VOUCHER)).status

    async def numbers(self) -> list[int]:
        """Return the numbers of the vouchers that stand in the books."""
        answer = await self.client.send("GET", f"{self.url}/_sandbox/books")
        return [one["number"] for each in json.loads(answer.body)["companies"] for one in each["vouchers"]]


async def test_everything_that_is_kept_comes_back_equal(tmp_path: Path) -> None:
    """Companies with vouchers, integrations, users, consents and tokens: field by field."""
    before = Books()
    before.add(Company(1001, "Blåbär AB", cost_centres={"10": CostCentre("10", "Söder")}, licences={"integration"}))
    other = before.add(Company(1002, locked_until=date(2026, 1, 31), consented=False, unpaid=True))
    now = clock.now()
    other.register("employees")["7"] = Record(
        {"Pay": "1.50", "Leave": 1, "Old": True, "Dated": [{"x": None}]}, now, now
    )
    other.files["f"] = File("f", "a", "z.pdf", "inbox_v", b"%PDF\xff\x00")
    other.attached["f"] = Attached("f", 4, "F", 1)
    async with running(before, folder=tmp_path) as url, Client(timeout=60) as client:
        caller = Caller(url, client)
        back = f"redirect_uri=http://localhost/&client_id={CLIENT_ID}&scope=bookkeeping&state=s&response_type=code"
        before.companies[1001].licences.add("bookkeeping")
        await client.send(
            "POST", f"{url}/_sandbox/approve", json={"url": f"x?{back}&access_type=offline", "company": 1001}
        )
        (code,) = before.authorization_codes
        form = {"grant_type": "authorization_code", "code": code, "redirect_uri": "http://localhost/"}
        await client.send("POST", f"{url}/oauth-v1/token", headers={"Authorization": SECRET}, form=form)
        await caller.log_in()
        assert await caller.book() == 201
    after = Books()
    with state.keeping(after, tmp_path):
        assert state.shown(after) == state.shown(before)
        assert after.signing_key == before.signing_key
        assert after.tokens == before.tokens
        assert after.refresh_tokens.keys() == before.refresh_tokens.keys() != set()
        for number, company in before.companies.items():
            restored = after.companies[number]
            kept = [field.name for field in fields(company) if field.name not in {"faults", "calls", "_late"}]
            assert {name: getattr(restored, name) for name in kept} == {name: getattr(company, name) for name in kept}


async def test_a_write_is_on_disk_when_its_answer_goes_out(tmp_path: Path) -> None:
    """Small books are written before the answer; reading writes nothing."""
    books = Books()
    books.add(Company(1001))
    place = tmp_path / "companies" / "1001.json"
    async with running(books, folder=tmp_path) as url, Client(timeout=60) as client:
        caller = Caller(url, client)
        await caller.log_in()
        assert await caller.book() == 201
        kept = json.loads(place.read_bytes())
        assert [*kept["years"]["4"]["series"]["F"]["vouchers"]] == ["1"]
        written = place.stat().st_mtime_ns
        await client.send("GET", f"{url}/3/vouchers?financialyear=4", headers=caller.headers)
        await caller.numbers()
        assert place.stat().st_mtime_ns == written


async def test_a_late_commit_is_written_when_it_is_seen(tmp_path: Path) -> None:
    """What a look makes true is kept as well."""
    books = Books()
    books.add(Company(1001))
    async with running(books, folder=tmp_path) as url, Client(timeout=60) as client:
        caller = Caller(url, client)
        await caller.log_in()
        books.companies[1001].faults = Faults(script=[Fault.LATE_COMMIT], seconds={Fault.LATE_COMMIT: 0})
        with pytest.raises(NoAnswer):
            await caller.book()
        assert await caller.numbers() == [1]
        assert '"vouchers":{"1":' in (tmp_path / "companies" / "1001.json").read_text()


async def test_books_that_are_slow_to_write_are_written_after_the_answer(tmp_path: Path) -> None:
    """At most once a second, and at the end."""
    books = Books()
    books.add(Company(1001))
    with state.keeping(books, tmp_path) as keeper:
        keeper._size = 10**9
        keeper.changed(1001)
        assert not (tmp_path / "books.json").exists()
    assert (tmp_path / "books.json").exists()


async def test_a_folder_has_one_sandbox(tmp_path: Path) -> None:
    """Two would overwrite each other's books."""
    async with running(Books(), folder=tmp_path):
        with pytest.raises(folders.InUse):
            async with running(Books(), folder=tmp_path):
                pass


@pytest.mark.parametrize("content", ["", "{}", '{"name": 1}', '{"database_number": 7, "nosuch": 1}'])
async def test_a_file_that_is_something_else_is_not_begun_with(tmp_path: Path, content: str) -> None:
    """The message names the file and what to do; the file stays as it is."""
    place = tmp_path / "companies" / "7.json"
    place.parent.mkdir()
    place.write_text(content)
    with pytest.raises(state.UnreadableFile, match=r"7\.json.*move the folder away"):
        async with running(Books(), folder=tmp_path):
            pass
    assert place.read_text() == content


def test_without_a_folder_nothing_is_written() -> None:
    """Tests and the demo leave nothing behind."""
    state.Keeper(Books()).changed(1)
    assert app(Books())


@asynccontextmanager
async def command(*options: str, data: Path) -> AsyncIterator[asyncio.subprocess.Process]:
    """Run ``bokbuss sandbox`` on a free port, and end it."""
    environment = {**os.environ, "BOKBUSS_DATA": str(data), "BOKBUSS_HOST": "127.0.0.1"}
    program = (sys.executable, "-c", "from infra.cli import main; main()", "sandbox", "--port", "0", *options)
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(*program, env=environment, stdout=pipe, stderr=pipe)
    try:
        yield process
    finally:
        if process.returncode is None:
            process.terminate()
        await process.communicate()


async def address(process: asyncio.subprocess.Process) -> str:
    """Return where a sandbox is, which is what it says first."""
    assert process.stdout
    return (await process.stdout.readline()).decode().split()[-1]


async def test_no_answered_write_is_lost_by_a_kill(tmp_path: Path) -> None:
    """The command, killed with SIGKILL and started again, has every voucher, and the token is good."""
    headers: dict[str, str] = {}
    for start in range(3):
        async with command(data=tmp_path) as process, Client(timeout=60) as client:
            caller = Caller(await address(process), client)
            caller.headers = headers
            if start == 0:
                await client.send("POST", f"{caller.url}/_sandbox/companies", json={"database_number": 1001})
                await caller.log_in()
                headers = caller.headers
            assert [await caller.book() for _ in range(5)] == [201] * 5
            assert await caller.numbers() == [*range(1, 5 * (start + 1) + 1)]
            process.kill()
    assert (tmp_path / "sandbox" / "companies" / "1001.json").exists()


async def test_the_command_can_keep_nothing_and_let_things_go_wrong(tmp_path: Path) -> None:
    """With ``--memory`` no file is written; ``--faults`` begins where ``--faults-at`` says."""
    options = ("--memory", "--faults", "1", "--seed", "7", "--faults-at", "GET /3/accounts")
    async with command(*options, data=tmp_path) as process, Client(timeout=60) as client:
        caller = Caller(await address(process), client)
        await client.send("POST", f"{caller.url}/_sandbox/companies", json={"database_number": 1001})
        await caller.log_in()
        assert await caller.book() == 201
        with suppress(NoAnswer):
            await client.send("GET", f"{caller.url}/3/accounts", headers=caller.headers)
        (calls,) = json.loads((await client.send("GET", f"{caller.url}/_sandbox/calls")).body)["companies"]
        assert sum(calls["faults"].values()) == 1
    assert not (tmp_path / "sandbox").exists()


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--memory", "--data", "x"), "leave out --data"),
        (("--faults", "1.5"), "--faults"),
        ((), "move the folder away"),
    ],
)
async def test_the_command_refuses_what_cannot_be(tmp_path: Path, options: tuple[str, ...], said: str) -> None:
    """Wrong usage and unreadable books end with 2 and a sentence, not with a trace."""
    (tmp_path / "sandbox").mkdir()
    (tmp_path / "sandbox" / "books.json").write_text("[]")
    async with command(*options, data=tmp_path) as process:
        _, error = await process.communicate()
    assert process.returncode == 2
    assert said in error.decode()
    assert "Traceback" not in error.decode()
