"""Fortnox's events as hints: a voucher was booked, so a company's year is dirty; after a pause it is read anew.

One connection of one process carries all companies that once asked for a ledger. What it misses (the process ends, the
connection breaks, an event is lost) the next night finds: nothing is kept of it. Facts: ``fortnox.md`` §3.13 and §8.
"""

import asyncio
import json
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Final

from websockets.asyncio.client import ClientConnection
from websockets.asyncio.client import connect as dial
from websockets.exceptions import WebSocketException

from connectors.fortnox.ledger.hints import Hint, Hints, read
from connectors.fortnox.ledger.nightly import read_open_years
from connectors.fortnox.ledger.years import LEDGER
from connectors.fortnox.settings import FortnoxSettings
from connectors.fortnox.tokens import SYSTEM, AccessTokens
from infra import clock, telemetry, tenants
from infra.delivery.following import connected
from infra.delivery.reading import NotRead
from infra.failing import named
from infra.http import proxy_to
from infra.intake.sightings import read_before
from infra.leases import Lease, lead
from infra.plugin import Host

_LEASE: Final = "fortnox-topics"
_LOOK: Final = 5.0
_LASTS: Final = 2400.0
"""Seconds after which it connects anew, with new tokens: what happens when one ends is not documented."""
_ANSWER: Final = 10.0
_LARGEST: Final = 64 * 1024
_AT_ONCE: Final = 10
"""Companies that are added by one command: its answer repeats their tokens, of some thousand characters each."""
_log = telemetry.log(__name__)


async def run(host: Host, stop: asyncio.Event) -> None:
    """Take hints until asked to stop, whenever this process is the one that does."""
    await lead(host.leases, _LEASE, stop, lambda lease: _Topics(host).run(lease, stop))


@dataclass(slots=True)
class _Topics:
    """The connection, the companies on it by their number at Fortnox, and what is dirty."""

    host: Host
    companies: dict[int, str] = field(default_factory=dict)
    hints: Hints = field(init=False)

    def __post_init__(self) -> None:
        self.hints = Hints(self.host.settings.of(FortnoxSettings).events_pause)

    async def run(self, lease: Lease, stop: asyncio.Event) -> None:
        refreshing = asyncio.create_task(self._refresh(stop))
        try:
            while not stop.is_set():
                lease.check()
                try:
                    if await self._wanted():
                        await self._listen(lease, stop)
                except (OSError, TimeoutError, WebSocketException) as error:
                    _log.warning("no hints", error=named(error))
                await clock.wait(stop, _LOOK)
        finally:
            refreshing.cancel()
            await asyncio.gather(refreshing, return_exceptions=True)

    async def _wanted(self) -> list[str]:
        """Return the companies that once asked for a ledger and are connected."""
        asked = await read_before(self.host.engine, SYSTEM, LEDGER)
        return [tenant for tenant in await connected(self.host, SYSTEM) if tenant in asked]

    async def _listen(self, lease: Lease, stop: asyncio.Event) -> None:
        """Hold a connection for a while, and take what comes."""
        until = clock.monotonic() + _LASTS
        self.companies.clear()
        url = str(self.host.settings.of(FortnoxSettings).events_url)
        async with dial(url, open_timeout=_ANSWER, max_size=_LARGEST, proxy=proxy_to(url)) as socket:
            await self._add(socket, await self._wanted())
            await self._ask(socket, command="add-topics-v1", topics=[{"topic": "vouchers"}])
            await self._ask(socket, command="subscribe-v1")
            looked = clock.monotonic()
            while not stop.is_set() and clock.monotonic() < until:
                lease.check()
                with suppress(TimeoutError):
                    self._take(await asyncio.wait_for(socket.recv(), 1.0))
                if clock.monotonic() > looked + _LOOK:
                    looked = clock.monotonic()
                    await self._add(socket, [t for t in await self._wanted() if t not in self.companies.values()])

    async def _add(self, socket: ClientConnection, names: Iterable[str]) -> None:
        """Let companies be told of; one without a token is tried again later."""
        found = {}
        for name in names:
            company = await tenants.find(self.host.engine, name)
            token = await AccessTokens(company, self.host).current() if company else None
            if company is not None and company.database_number is not None and isinstance(token, str):
                found[f"Bearer {token}"] = company
        secret, texts = self.host.settings.of(FortnoxSettings).client_secret.get_secret_value(), list(found)
        for first in range(0, len(texts), _AT_ONCE):
            part = texts[first : first + _AT_ONCE]
            answer = await self._ask(socket, command="add-tenants-v1", clientSecret=secret, accessTokens=part)
            wrong = set(map(str, answer.get("invalidTokens") or ()))
            self.companies |= {
                found[text].database_number or 0: found[text].tenant for text in part if text not in wrong
            }

    async def _ask(self, socket: ClientConnection, **command: Any) -> dict[str, Any]:
        """Send a command and return its answer; events that come before it are taken."""
        await socket.send(json.dumps(command))
        async with asyncio.timeout(_ANSWER):
            while True:
                message = await socket.recv()
                answer = read(message)
                if answer.get("response") == command["command"]:
                    return answer
                self._take(message)

    def _take(self, message: str | bytes) -> None:
        hint = Hint.of(read(message), self.companies)
        if hint is not None:
            self.hints.take(hint, clock.monotonic())

    async def _refresh(self, stop: asyncio.Event) -> None:
        """Read what is dirty once it is quiet, each company by itself: none waits for another one's Fortnox."""
        under_way: dict[str, asyncio.Task[None]] = {}
        try:
            while not stop.is_set():
                under_way = {tenant: task for tenant, task in under_way.items() if not task.done()}
                for tenant in self.hints.due(clock.monotonic()):
                    if tenant not in under_way:
                        under_way[tenant] = asyncio.create_task(self._read(tenant, self.hints.done(tenant)))
                await clock.wait(stop, 1.0)
        finally:
            for task in under_way.values():
                task.cancel()
            await asyncio.gather(*under_way.values(), return_exceptions=True)

    async def _read(self, tenant: str, years: frozenset[int] | None) -> None:
        """Read a company's years; what fails is found the next night."""
        try:
            await read_open_years(self.host, tenant, only=years)
        except NotRead as error:
            _log.warning("hint not followed", tenant=tenant, code=error.verdict.code)
        except Exception as error:  # noqa: BLE001 - the database is away, or a bug of ours: the night finds it
            _log.warning("hint not followed", tenant=tenant, error=named(error))
