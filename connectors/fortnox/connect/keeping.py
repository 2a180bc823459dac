"""Keeps connections alive that nobody uses, and tells people in time, with a link, when one needs them."""

import asyncio
from typing import Final

from connectors.fortnox import tokens
from connectors.fortnox.connect import connecting
from connectors.fortnox.settings import settings_of
from infra import clock, telemetry
from infra.access.connections import Connection, days_left
from infra.leases import Lease, lead
from infra.plugin import Host
from infra.verdicts import RetryLater

_log = telemetry.log(__name__)

_LEASE: Final = "fortnox-connections"  # no lane's: those are called fortnox/<company>
_EVERY: Final = 5.0
_HOUR: Final = 3600.0
_FIRST: Final = 60.0
"""Seconds until a company is looked at for the first time: until then its lane has renewed what it uses."""
_RENEW_WITH_DAYS_LEFT: Final = 30.0
"""An unused refresh token is exchanged two weeks into its life: a month of failures is left before it ends."""
_WARN_DAYS: Final = (2, 7)


def concern(held: Connection, now: float) -> str:
    """Return what a person must know about a connection, at a time (seconds since 1970); nothing when all is well."""
    if held.state in ("needs_consent", "licence_missing"):
        return f"{held.state.replace('_', ' ')}: {held.reason}"
    left = days_left(held, now) if held.state == "connected" else None
    within = next((days for days in _WARN_DAYS if left is not None and left < days), None)
    return f"its refresh token ends within {within} days" if within else ""


def unused(held: Connection, now: float) -> bool:
    """Tell whether new tokens are to be asked for although no order needs them: to stay connected, or to see if so."""
    if held.state in ("paused", "disconnected"):
        return False
    if held.grant_type == "authorization_code":
        left = days_left(held, now)
        almost_over = left is not None and left < _RENEW_WITH_DAYS_LEFT
        return held.state == "licence_missing" or (held.state == "connected" and almost_over)
    return held.access_until is None or held.access_until.timestamp() < now


async def keep(host: Host, stop: asyncio.Event) -> None:
    """Look after every connection, in one process at a time, until asked to stop."""

    async def work(lease: Lease) -> None:
        keeper = _Keeper(host)
        while not stop.is_set():
            lease.check()
            await keeper.look()
            await clock.wait(stop, _EVERY)

    await lead(host.leases, _LEASE, stop, work)


class _Keeper:
    """Remembers what was told and when each company was last looked at."""

    def __init__(self, host: Host) -> None:
        self._host = host
        self._connections = tokens.connections(host)
        self._told: dict[str, str] = {}
        self._looked: dict[str, float] = {}

    async def look(self) -> None:
        """Look at every company: hourly at its tokens, each time at what a person must know."""
        for held in await self._connections.all(tokens.SYSTEM):
            now = clock.monotonic()
            if now >= self._looked.setdefault(held.tenant, now - _HOUR + _FIRST) + _HOUR:
                self._looked[held.tenant] = now
                await self._use(held)
            await self._tell(held)

    async def _use(self, held: Connection) -> None:
        if not unused(held, clock.now().timestamp()):
            return
        anew = held.grant_type == "authorization_code"
        renew = tokens.renewing(settings_of(self._host, held.tenant))
        answer = await self._connections.access(held.tenant, tokens.SYSTEM, renew, anew=anew)
        if isinstance(answer, RetryLater):
            _log.warning("unused connection not renewed", tenant=held.tenant, code=answer.code, why=answer.why)

    async def _tell(self, held: Connection) -> None:
        told = concern(held, clock.now().timestamp())
        if told == self._told.get(held.tenant, ""):
            return
        self._told[held.tenant] = told
        if told:
            link = await connecting.consent_link(self._host, held.tenant, "bokbuss", None)
            _log.warning(
                "a company must connect again" if held.state != "licence_missing" else "a company lacks a licence",
                tenant=held.tenant,
                why=told,
                command=f"bokbuss connect {held.tenant}",
                url=link,
            )
