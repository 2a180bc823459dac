"""Connections in memory, as strict as the table: for the simulation, and checked by the same contract."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from infra import clock, words
from infra.access.connection import Connection, ConnectionRow, Consent, Taken, Tokens, told
from schemas.words import Text, heard

TROUBLED = ("needs_consent", "licence_missing")
Step = Callable[[str], Awaitable[None]]


async def _nothing(_step: str) -> None: ...


@dataclass(slots=True)
class Stored:
    """A row of the table, with its times on the loop's clock."""

    held: Connection
    access: bytes | None = None
    access_until: float = 0.0
    renew_at: float = 0.0
    refresh: bytes | None = None
    renewer: str = ""
    renewing_until: float | None = None
    asked: bool = False
    changed_at: float = 0.0


@dataclass(slots=True)
class Table:
    """What survives a process: rows, and what went on record."""

    rows: dict[tuple[str, str], Stored] = field(default_factory=dict)
    record: list[tuple[str, str, str]] = field(default_factory=list)
    """Tenant, state, reason."""

    def change(self, stored: Stored, state: str, reason: Text | str) -> bool:
        """Change a state; put it on record when it is another one."""
        other = stored.held.state != state
        stored.held = replace(stored.held, state=state, **told("" if state == "connected" else reason))
        stored.changed_at = clock.monotonic()
        if other:
            self.record.append((stored.held.tenant, state, str(reason)))
        return other


class MemoryRows:
    """One process's way to the table; ``step`` is awaited before and after each access, and can fail or freeze it."""

    def __init__(self, table: Table, step: Step = _nothing) -> None:
        self._table, self._step = table, step

    async def all(self, system: str | None) -> tuple[Connection, ...]:
        return tuple(stored.held for (_, name), stored in sorted(self._table.rows.items()) if system in (None, name))

    async def read(self, tenant: str, system: str) -> ConnectionRow | None:
        await self._step("read")
        if (stored := self._table.rows.get((tenant, system))) is None:
            return None
        now = clock.monotonic()
        row = ConnectionRow(
            held=stored.held,
            access=stored.access,
            refresh=stored.refresh,
            good_for=stored.access_until - now,
            fresh_for=stored.renew_at - now,
            unchanged_for=now - stored.changed_at,
            renewer=stored.renewer,
            busy_for=(stored.renewing_until or now) - now,
            renewing_until=stored.renewing_until,
            asked=stored.asked,
        )
        await asyncio.sleep(0.001)
        return row

    async def claim(self, row: ConnectionRow, claim: str, seconds: float) -> bool:
        await self._step("claim")
        stored = self._same(row)
        if stored is None or stored.renewing_until != row.renewing_until:
            return False
        stored.renewer, stored.renewing_until = claim, clock.monotonic() + seconds
        stored.asked = stored.asked or stored.held.grant_type == "authorization_code"
        await self._step("claimed")
        return True

    async def granted(self, row: ConnectionRow, tokens: Tokens, scopes: tuple[str, ...]) -> bool:
        await self._step("grant")
        if (stored := self._same(row)) is None:
            return False
        self._write(stored, tokens)
        stored.held = replace(stored.held, scopes=scopes or stored.held.scopes)
        if stored.held.state == "connected":
            stored.held = replace(stored.held, reason="")
        elif stored.held.state in TROUBLED and stored.held.opened is None:
            self._table.change(stored, "connected", words.NEW_TOKENS())
        await self._step("granted")
        return True

    async def refused(self, row: ConnectionRow, claim: str, state: str, why: Text) -> bool:
        await self._step("refuse")
        stored = self._same(row, claim)
        if stored is None:
            return False
        self._free(stored, 0.0, "", asked=row.asked)
        return stored.held.state in ("connected", *TROUBLED) and self._table.change(stored, state, why)

    async def later(self, row: ConnectionRow, claim: str, seconds: float, why: Text | str, *, asked: bool) -> None:
        await self._step("later")
        if (stored := self._same(row, claim)) is not None:
            self._free(stored, seconds, why, asked=asked)

    async def drop_access(self, row: ConnectionRow) -> None:
        if (stored := self._same(row)) is not None:
            stored.access, stored.access_until, stored.renew_at = None, 0.0, 0.0

    async def consented(self, tenant: str, system: str, consent: Consent, tokens: Tokens) -> None:
        if (holder := self._holder(tenant, consent.database_number)) is not None:
            raise Taken(holder)
        stored = self._table.rows.setdefault((tenant, system), Stored(Connection(tenant, system)))
        before = stored.held
        stored.held = replace(
            before,
            grant_type=consent.grant_type,
            state="connected",
            reason="",
            opened=None,
            scopes=consent.scopes,
            company_name=consent.company_name,
            database_number=consent.database_number or stored.held.database_number,
            consented_by=consent.consented_by,
            consented_at=clock.now(),
        )
        stored.refresh = None
        self._write(stored, tokens)
        self._table.record.append((tenant, "connected", ""))
        if before.state == "paused":
            self._table.change(stored, "paused", heard(before.wording, before.reason))

    async def disconnect(self, row: ConnectionRow, by: str) -> bool:
        if (stored := self._same(row)) is None:
            return False
        self._write(stored, Tokens(None, 0.0, 0.0, None, None))
        stored.refresh = None
        stored.held = replace(stored.held, access_until=None, refresh_until=None)
        self._table.change(stored, "disconnected", words.DISCONNECTED_BY(by=by))
        return True

    async def become(
        self,
        tenant: str,
        system: str,
        state: str,
        reason: Text,
        *,
        by: str = "",  # noqa: ARG002 - the table's signature
        only: Sequence[str] = ("connected", *TROUBLED),
        opened: int | None = None,
    ) -> bool:
        stored = self._table.rows.get((tenant, system))
        if stored is None or stored.held.state not in only:
            return False
        self._table.change(stored, state, reason)
        stored.held = replace(stored.held, opened=opened or stored.held.opened)
        return True

    async def pin(self, tenant: str, number: int) -> int | None:
        stored = self._table.rows.setdefault((tenant, "fortnox"), Stored(Connection(tenant, "fortnox")))
        if stored.held.database_number is None and self._holder(tenant, number) is None:
            stored.held = replace(stored.held, database_number=number)
        return stored.held.database_number

    def _holder(self, tenant: str, number: int | None) -> str | None:
        held = (stored.held for stored in self._table.rows.values())
        return next((h.tenant for h in held if number and h.database_number == number and h.tenant != tenant), None)

    def _same(self, row: ConnectionRow, claim: str | None = None) -> Stored | None:
        stored = self._table.rows.get((row.held.tenant, row.held.system))
        if stored is None or stored.held.generation != row.generation:
            return None
        return stored if claim is None or stored.renewer == claim else None

    def _write(self, stored: Stored, tokens: Tokens) -> None:
        now = clock.monotonic()
        stored.access, stored.access_until = tokens.access, now + tokens.access_seconds
        stored.renew_at = now + tokens.renew_seconds
        until: datetime | None = stored.held.refresh_until
        if tokens.refresh is not None:
            stored.refresh = tokens.refresh
            lasts = tokens.refresh_seconds
            until = None if lasts is None else clock.now() + timedelta(seconds=lasts)
        stored.held = replace(
            stored.held,
            generation=stored.held.generation + 1,
            access_until=datetime.fromtimestamp(clock.now().timestamp() + tokens.access_seconds, clock.now().tzinfo),
            refresh_until=until,
        )
        stored.renewer, stored.renewing_until, stored.asked = "", None, False

    def _free(self, stored: Stored, seconds: float, why: Text | str, *, asked: bool) -> None:
        stored.renewer, stored.renewing_until = "", clock.monotonic() + seconds
        stored.asked = stored.asked and asked
        if stored.held.state == "connected":
            stored.held = replace(stored.held, **told(why))
