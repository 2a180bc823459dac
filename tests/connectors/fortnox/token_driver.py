"""Processes that renew one company's tokens at once, and a token endpoint that rotates, and loses answers."""

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any
from urllib.parse import parse_qs

from prometheus_client import generate_latest
from pydantic import SecretStr

from connectors.fortnox import tokens
from connectors.fortnox.settings import FortnoxSettings
from infra import clock, store, telemetry
from infra.access.connections import Connections
from infra.access.vault import open_vault
from infra.environment import whole
from infra.plugin import Host
from infra.postgres import Engine, text
from infra.settings import Settings
from infra.verdicts import RetryLater

ROOT = Path(__file__).parents[3]
TENANT, NUMBER = "acme", 5
SECRET = "client-secret-of-the-test"
KEY = "key-of-the-test"
ADD = text("insert into tenants (tenant, database_number, created_at) values (:tenant, :number, clock_timestamp())")


@dataclass
class Endpoint:
    """Gives a pair for the refresh token of the last one, once. ``faults`` is the share of calls that go wrong.

    Attributes:
        given: every token that it gave out.
        exchanged: how many pairs it gave for a refresh token.
        lost: when it exchanged a token and the answer certainly never left, since the last consent.
        at_once: the most requests that were under way at one moment.
    """

    seed: int = 0
    faults: float = 0.0
    given: list[str] = field(default_factory=list)
    exchanged: int = 0
    lost: list[float] = field(default_factory=list)
    at_once: int = 0
    _busy: int = 0
    _works: str = ""

    def __post_init__(self) -> None:
        self._random = Random(self.seed)

    def pair(self) -> tuple[str, str]:
        """Make a new pair; only its refresh token works from now on."""
        number = f"{self._random.getrandbits(128):032x}"
        access, self._works = f"access-{number}", f"refresh-{number}"
        self.given += [access, self._works]
        return access, self._works

    @asynccontextmanager
    async def running(self) -> AsyncIterator[str]:
        """Serve on a free port while entered; give the URL."""
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        try:
            yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        finally:
            server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._busy += 1
        self.at_once = max(self.at_once, self._busy)
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
            length = int(head.split("content-length:")[1].split("\r\n")[0])
            form = parse_qs((await reader.readexactly(length)).decode())
            if (answer := await self._answer(form["refresh_token"][0])) is not None:
                writer.write(answer)
                await writer.drain()
                writer.close()
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            self._busy -= 1
            writer.transport.abort() if not writer.is_closing() else None

    async def _answer(self, refresh: str) -> bytes | None:
        fault = None
        if self._random.random() < self.faults:
            fault = self._random.choice(["reset", "html", "lost", "html after", "slow"])
        if fault in ("reset", "html"):
            return None if fault == "reset" else _http(502, "<html>bad gateway")
        if fault == "slow":
            await asyncio.sleep(0.3)
        if refresh != self._works:
            return _http(400, json.dumps({"error": "invalid_grant", "error_description": "Invalid refresh token"}))
        access, fresh = self.pair()
        self.exchanged += 1
        if fault in ("lost", "html after"):
            self.lost.append(clock.monotonic())
            return None if fault == "lost" else _http(502, "<html>bad gateway")
        content = {"access_token": access, "refresh_token": fresh, "expires_in": 3600, "scope": "bookkeeping"}
        return _http(200, json.dumps(content))


def _http(status: int, body: str) -> bytes:
    head = f"HTTP/1.1 {status} X\r\nContent-Type: text/html\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    return (head + body).encode()


def settings(auth_url: str, patience: float = 1.0) -> Settings:
    """Return the settings of a process that renews; an answer keeps others away for so long (seconds)."""
    secret = SecretStr(SECRET)
    fortnox = FortnoxSettings(auth_url=auth_url, client_id="id", client_secret=secret, request_timeout=patience)
    return whole()(fortnox=fortnox, secret_key=SecretStr(KEY), _env_file=None)


async def consent(connections: Connections, endpoint: Endpoint) -> None:
    """Let the company connect, as a person does."""
    access, refresh = endpoint.pair()
    endpoint.lost.clear()
    await connections.consented(
        TENANT,
        tokens.SYSTEM,
        grant_type="authorization_code",
        access=access,
        access_seconds=3600.0,
        refresh=refresh,
        refresh_seconds=45 * 86_400.0,
        database_number=NUMBER,
    )


async def connected(engine: Engine, endpoint: Endpoint, url: str) -> Connections:
    """Add the company, connect it, and return this process's connections."""
    async with engine.begin() as database:
        await database.execute(ADD, {"tenant": TENANT, "number": NUMBER})
    connections = Connections(engine, await open_vault(engine, settings(url)))
    await consent(connections, endpoint)
    return connections


class Refresher:
    """A process that forces renewals until it is ended; it writes a line for each."""

    def __init__(self, database_url: str, auth_url: str, folder: Path, name: str, *, patience: float = 1.0) -> None:
        self.log = folder / f"{name}.log"
        self._count = folder / f"{name}.count"
        self._command = [sys.executable, "-m", "tests.connectors.fortnox.token_driver"]
        self._command += [database_url, auth_url, str(patience)]
        self.start()

    def start(self) -> None:
        """Start, or start again after an end."""
        with self._count.open("ab") as out, self.log.open("ab") as log:
            self.process = subprocess.Popen(self._command, cwd=ROOT, stdout=out, stderr=log)

    @property
    def forced(self) -> list[str]:
        """What each forced renewal gave: ``ok``, or why there was no new token."""
        return [line for line in self._count.read_text().splitlines() if line.startswith(("ok", "no "))]

    def written(self) -> str:
        """Return its log, and its metrics if it ended by itself."""
        return self.log.read_text() + self._count.read_text()

    async def end(self, how: int = signal.SIGKILL) -> None:
        """End or stop the process; wait for its end while the token endpoint goes on."""
        if self.process.poll() is None:
            self.process.send_signal(how)
            if how != signal.SIGSTOP:
                await asyncio.to_thread(self.process.wait, 60)


@dataclass
class Storm:
    """What came of many forced renewals, while processes were killed and stopped and answers were lost.

    Attributes:
        said: what each forced renewal gave.
        consents: for each consent that became necessary, the seconds since the last answer that was lost or process
            that was disturbed; None where there was none: then a token was lost for nothing.
        reasons: what the connection said each time.
        written: tables, logs and metrics.
    """

    said: list[str] = field(default_factory=list)
    consents: list[float | None] = field(default_factory=list)
    reasons: list[str] = field(default_factory=list)
    written: str = ""


async def storm(
    engine: Engine, database_url: str, folder: Path, endpoint: Endpoint, *, forced: int, processes: int = 4
) -> Storm:
    """Let processes force renewals, disturb one every other second, and consent again whenever that is necessary."""
    random, found = Random(endpoint.seed), Storm()
    disturbed: list[float] = []
    async with endpoint.running() as url:
        connections = await connected(engine, endpoint, url)
        refreshers = [Refresher(database_url, url, folder, f"{number}") for number in range(processes)]
        try:
            next_blow = clock.monotonic() + 3.0
            while sum(len(each.forced) for each in refreshers) < forced or len(found.consents) < 2:
                await asyncio.sleep(0.1)
                held = await connections.held(TENANT, tokens.SYSTEM)
                if held is not None and held.state == "needs_consent":
                    since = [*endpoint.lost, *disturbed]
                    found.consents.append(clock.monotonic() - max(since) if since else None)
                    found.reasons.append(held.reason)
                    disturbed.clear()
                    await consent(connections, endpoint)
                if clock.monotonic() > next_blow:
                    next_blow = clock.monotonic() + random.uniform(1.0, 3.0)
                    disturbed.append(clock.monotonic())
                    await _disturb(random.choice(refreshers), random)
            endpoint.faults = 0.0
            for each in refreshers:
                each.process.send_signal(signal.SIGCONT)
                await each.end(signal.SIGTERM)
            found.said = [line for each in refreshers for line in each.forced]
            found.written = await everything(engine) + "".join(each.written() for each in refreshers)
        finally:
            for each in refreshers:
                await each.end()
    return found


async def _disturb(victim: Refresher, random: Random) -> None:
    """Kill a process and start another one in its place, or stop it for longer than others wait."""
    if random.random() < 0.5:
        await victim.end(signal.SIGKILL)
        victim.start()
    else:
        await victim.end(signal.SIGSTOP)
        asyncio.get_running_loop().call_later(4.0, victim.process.send_signal, signal.SIGCONT)


async def _refresh(database_url: str, auth_url: str, patience: str) -> None:
    telemetry.configure("DEBUG")
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    engine = store.engine(database_url, 2)
    named = settings(auth_url, float(patience))
    host = Host(named, engine, await open_vault(engine, named), None, None)
    connections, renew = tokens.connections(host), tokens.renewing(named.of(FortnoxSettings))
    while not stop.is_set():
        answer = await connections.access(TENANT, tokens.SYSTEM, renew, anew=True)
        _say(f"no {answer.code}" if isinstance(answer, RetryLater) else "ok")
        if isinstance(answer, RetryLater):
            await clock.sleep(min(answer.after, 0.2))
    sys.stdout.write(generate_latest().decode())


def _say(line: str) -> None:
    os.write(1, f"{line}\n".encode())


async def everything(engine: Engine) -> str:
    """Return every row of every table as text."""
    tables = "select tablename from pg_tables where schemaname = 'public'"
    async with engine.connect() as database:
        names = await database.scalars(text(tables))
        rows: list[Any] = []
        for name in names:
            rows += await database.scalars(text(f"select t::text from {name} t"))  # noqa: S608 - its own names
    return "\n".join(rows)


if __name__ == "__main__":
    asyncio.run(_refresh(*sys.argv[1:]))
