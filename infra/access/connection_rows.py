"""The table of connections: every change is compared with what was read, and on record in the same transaction."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any, Final

import psycopg

from infra import clock, registry, store, telemetry, words
from infra.access.connection import Connection, ConnectionRow, Consent, Taken, Tokens, told
from infra.postgres import DatabaseConnection, Engine, text
from infra.trail import Entry, put_on_record
from schemas import envelope as envelopes
from schemas import ids
from schemas.audit import Outcome
from schemas.events import ConnectionChanged
from schemas.words import Text, Wording, heard

_TROUBLED: Final = ("needs_consent", "licence_missing")


# A company that has a number in the ledger (``tenants.database_number``) has consented to our service account there.
_ASSUME = text(
    """insert into connections (tenant, system, grant_type, state, changed_at)
        select tenant, cast(:system as text), 'client_credentials', 'connected', clock_timestamp() from tenants
        where tenant = :tenant and cast(:system as text) = :ledger and database_number is not null
        on conflict do nothing"""
)
_READ = text(
    """select c.*, t.database_number,
           extract(epoch from c.access_until - clock_timestamp())::float8 as good_for,
           extract(epoch from c.renew_at - clock_timestamp())::float8 as fresh_for,
           extract(epoch from clock_timestamp() - c.changed_at)::float8 as unchanged_for,
           extract(epoch from c.renewing_until - clock_timestamp())::float8 as busy_for
       from connections c join tenants t using (tenant) where tenant = :tenant and system = :system"""
)
_ALL = text(
    """with known as (
           select c.tenant, c.system, c.grant_type, c.state, c.reason, c.wording, c.generation, c.access_until,
               c.refresh_until, c.scopes, c.company_name, c.consented_by, c.consented_at, c.opened,
               case when c.system = :ledger then t.database_number end as database_number
           from connections c join tenants t using (tenant)
           union all
           select t.tenant, cast(:ledger as text), 'client_credentials', 'connected', '', null, 0, null, null, '', '',
               '', null, null, t.database_number
           from tenants t where t.database_number is not null and not exists
               (select from connections c where c.tenant = t.tenant and c.system = :ledger))
       select * from known where system = coalesce(cast(:system as text), system) order by tenant, system"""
)
_CLAIM = text(
    """update connections set renewer = :claim,
           renewing_until = clock_timestamp() + make_interval(secs => :seconds),
           asked_at = case when grant_type = 'authorization_code' then coalesce(asked_at, clock_timestamp()) end
       where tenant = :tenant and system = :system and generation = :generation
         and renewing_until is not distinct from cast(:renewing_until as timestamptz)"""
)
_LOCK = text(
    """select c.*, t.database_number from connections c join tenants t using (tenant)
       where tenant = :tenant and system = :system for update of c"""
)
_GRANTED = text(
    """update connections set access = :access, generation = generation + 1, state = cast(:state as text),
           reason = case when cast(:state as text) = 'connected' then '' else reason end,
           wording = case when cast(:state as text) = 'connected' then null else wording end,
           access_until = clock_timestamp() + make_interval(secs => :access_seconds),
           renew_at = clock_timestamp() + make_interval(secs => :renew_seconds),
           refresh = coalesce(cast(:refresh as bytea), refresh),
           refresh_until = case when cast(:refresh as bytea) is null then refresh_until
               else clock_timestamp() + make_interval(secs => :refresh_seconds) end,
           scopes = coalesce(nullif(:scopes, ''), scopes), renewer = '', renewing_until = null, asked_at = null,
           changed_at = case when state = cast(:state as text) then changed_at else clock_timestamp() end
       where tenant = :tenant and system = :system"""
)
_STATE = text(
    """update connections set state = :state, reason = :reason, wording = cast(:wording as jsonb),
           changed_at = clock_timestamp(),
           opened = coalesce(cast(:opened as bigint), opened)
       where tenant = :tenant and system = :system"""
)
_FREE = text(
    """update connections set renewer = '', reason = case when state = 'connected' then :reason else reason end,
           wording = case when state = 'connected' then cast(:wording as jsonb) else wording end,
           renewing_until = clock_timestamp() + make_interval(secs => :seconds),
           asked_at = case when :asked then asked_at end
       where tenant = :tenant and system = :system and generation = :generation and renewer = :claim"""
)
_DROP_ACCESS = text(
    """update connections set access = null, access_until = null, renew_at = null
       where tenant = :tenant and system = :system and generation = :generation"""
)
_CONSENTED = text(
    """insert into connections as c (tenant, system, grant_type, state, generation, access, access_until, renew_at,
           refresh, refresh_until, scopes, company_name, consented_by, consented_at, changed_at)
       values (:tenant, :system, :grant_type, 'connected', 1, cast(:access as bytea),
           clock_timestamp() + make_interval(secs => :access_seconds),
           clock_timestamp() + make_interval(secs => :renew_seconds), :refresh,
           clock_timestamp() + make_interval(secs => :refresh_seconds), :scopes, :company_name, :consented_by,
           clock_timestamp(), clock_timestamp())
       on conflict (tenant, system) do update set grant_type = excluded.grant_type, state = excluded.state,
           reason = '', wording = null, opened = null, generation = c.generation + 1, access = excluded.access,
           access_until = excluded.access_until, renew_at = excluded.renew_at, refresh = excluded.refresh,
           refresh_until = excluded.refresh_until, renewer = '', renewing_until = null, asked_at = null,
           scopes = excluded.scopes, company_name = excluded.company_name, consented_by = excluded.consented_by,
           consented_at = excluded.consented_at, changed_at = excluded.changed_at"""
)
_ANOTHER = text(
    """update connections c set grant_type = 'client_credentials', state = 'connected', reason = '', wording = null,
            opened = null, generation = generation + 1, access = null, access_until = null, renew_at = null,
            refresh = null, refresh_until = null, renewer = '', renewing_until = null, asked_at = null, scopes = '',
            company_name = '', changed_at = clock_timestamp()
        from tenants t where t.tenant = c.tenant and c.tenant = :tenant and c.system = :ledger
            and t.database_number is distinct from :number"""
)
# What was read of the other company's set-up, and found to be right with it, says nothing of this one's.
_FORGET_SET_UP = tuple(
    text(
        f"""delete from {table} r using tenants t
            where t.tenant = r.tenant and r.tenant = :tenant and r.system = :ledger
              and t.database_number is distinct from :number"""  # noqa: S608 - our own names
    )
    for table in ("reference_data", "checks")
)
_NUMBER = text("update tenants set database_number = :number where tenant = :tenant")
_PIN = text("update tenants set database_number = :number where tenant = :tenant and database_number is null")
_PINNED = text("select database_number from tenants where tenant = :tenant")
_HOLDER = text("select tenant from tenants where database_number = :number and tenant <> :tenant")
_WIPE = text(
    """update connections set state = 'disconnected', reason = :reason, wording = cast(:wording as jsonb),
           generation = generation + 1, access = null, access_until = null, renew_at = null, refresh = null,
           refresh_until = null, renewer = '', renewing_until = null, asked_at = null, changed_at = clock_timestamp()
       where tenant = :tenant and system = :system"""
)


async def forget_another_company(connection: DatabaseConnection, tenant: str, number: int) -> None:
    """Forget the tokens of a company that is about to get another number: they would open the other one's books."""
    await connection.execute(_ANOTHER, {"tenant": tenant, "number": number, "ledger": registry.ledger()})
    await _forget_set_up(connection, tenant, number)


async def _forget_set_up(connection: DatabaseConnection, tenant: str, number: int) -> None:
    for statement in _FORGET_SET_UP:
        await connection.execute(statement, {"tenant": tenant, "number": number, "ledger": registry.ledger()})


async def holder(connection: DatabaseConnection, tenant: str, number: int | None) -> str | None:
    """Return which other company of ours has a number in the ledger; None: nobody."""
    found: str | None = await connection.scalar(_HOLDER, {"tenant": tenant, "number": number})
    return found


class PostgresRows:
    """The table, by the database's own clock."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    async def all(self, system: str | None) -> tuple[Connection, ...]:
        """Return what is held of every connection, and of companies that only have a number."""
        values = {"system": system, "ledger": registry.ledger()}
        async with self._engine.connect() as connection:
            return tuple(_held(row) for row in (await connection.execute(_ALL, values)).mappings())

    async def read(self, tenant: str, system: str) -> ConnectionRow | None:
        """Return a connection; that of a company that only has a number is made now."""
        place = {"tenant": tenant, "system": system}
        async with self._engine.connect() as connection:
            found = (await connection.execute(_READ, place)).mapping()
            if found is None:
                await connection.execute(_ASSUME, {**place, "ledger": registry.ledger()})
                await connection.commit()
                found = (await connection.execute(_READ, place)).mapping()
        return _row(found) if found else None

    async def claim(self, row: ConnectionRow, claim: str, seconds: float) -> bool:
        """Let nobody else renew for so long; tell whether nothing had changed since the row was read."""
        values = {**_place(row), "claim": claim, "seconds": seconds, "renewing_until": row.renewing_until}
        return await store.write(self._engine, _CLAIM, values) == 1

    async def granted(self, row: ConnectionRow, tokens: Tokens, scopes: tuple[str, ...]) -> bool:
        """Write new tokens down, whoever renews now, unless there are newer ones; a lost connection lives again."""
        async with self._engine.begin() as connection:
            now = await _locked(connection, row)
            if now is None or now.generation != row.generation:
                return False
            state = "connected" if now.state in _TROUBLED and now.opened is None else now.state
            values = {**_place(row), **_written(tokens), "scopes": " ".join(scopes), "state": state}
            await connection.execute(_GRANTED, values)
            if state != now.state:
                await _on_record(connection, replace(now, state=state, **told(words.NEW_TOKENS())))
            return True

    async def refused(self, row: ConnectionRow, claim: str, state: str, why: Text) -> bool:
        """Write a refusal down, unless somebody else renews by now; tell whether the state is another one now."""
        async with self._engine.begin() as connection:
            now = await _locked(connection, row, claim)
            if now is None or now.generation != row.generation:
                return False
            free = {**_place(row), "claim": claim, "seconds": 0.0, **_stored(""), "asked": row.asked}
            await connection.execute(_FREE, free)
            if now.state != "connected" and now.state not in _TROUBLED:
                return False  # paused meanwhile
            return await _change(connection, now, state, why)

    async def later(self, row: ConnectionRow, claim: str, seconds: float, why: Text | str, *, asked: bool) -> None:
        """Let nobody renew for so long; ``asked``: a refresh token may be used up."""
        values = {**_place(row), "claim": claim, "seconds": seconds, **_stored(why), "asked": asked}
        await store.write(self._engine, _FREE, values)

    async def drop_access(self, row: ConnectionRow) -> None:
        """Forget the access token of this generation."""
        await store.write(self._engine, _DROP_ACCESS, _place(row))

    async def consented(self, tenant: str, system: str, consent: Consent, tokens: Tokens) -> None:
        """Write a consent down, and the company's number, over whatever was there but a pause. Raises Taken."""
        values = {
            "tenant": tenant,
            "system": system,
            **_written(tokens),
            "grant_type": consent.grant_type,
            "scopes": " ".join(consent.scopes),
            "company_name": consent.company_name,
            "consented_by": consent.consented_by,
        }
        held = Connection(
            tenant,
            system,
            scopes=consent.scopes,
            company_name=consent.company_name,
            database_number=consent.database_number,
        )
        number = consent.database_number
        try:
            async with self._engine.begin() as connection:
                if number is not None:
                    await _forget_set_up(connection, tenant, number)
                    await connection.execute(_NUMBER, {"tenant": tenant, "number": number})
                before = (await connection.execute(_LOCK, values)).mapping()
                await connection.execute(_CONSENTED, values)
                await _on_record(connection, held, consent.consented_by, consent.terms)
                if before is not None and before["state"] == "paused":  # whoever consents is not who paused it
                    paused = _held(before)
                    await _change(connection, held, "paused", heard(paused.wording, paused.reason))
        except psycopg.IntegrityError as error:  # of two consents at once the first one has it
            async with self._engine.connect() as connection:
                if (taken_by := await holder(connection, tenant, number)) is None:
                    raise
            raise Taken(taken_by) from error

    async def pin(self, tenant: str, number: int) -> int | None:
        """Make this a company's number unless it has one, or somebody else has this one; return the one it has now."""
        with suppress(psycopg.IntegrityError):
            await store.write(self._engine, _PIN, {"tenant": tenant, "number": number})
        pinned: int | None = await store.scalar(self._engine, _PINNED, {"tenant": tenant})
        return pinned

    async def disconnect(self, row: ConnectionRow, by: str) -> bool:
        """Forget everything secret; tell whether nothing had changed since the row was read."""
        async with self._engine.begin() as connection:
            now = await _locked(connection, row)
            if now is None or now.generation != row.generation:
                return False
            reason = words.DISCONNECTED_BY(by=by)
            await connection.execute(_WIPE, {**_place(row), **_stored(reason)})
            await _on_record(connection, replace(now, state="disconnected", **told(reason)), by)
            return True

    async def become(
        self,
        tenant: str,
        system: str,
        state: str,
        reason: Text,
        *,
        by: str = "",
        only: Sequence[str] = ("connected", *_TROUBLED),
        opened: int | None = None,
    ) -> bool:
        """Change the state from one of these; tell whether it could be."""
        if (row := await self.read(tenant, system)) is None:
            return False
        async with self._engine.begin() as connection:
            now = await _locked(connection, row)
            if now is None or now.state not in only:
                return False
            await _change(connection, now, state, reason, by, opened)
            return True


async def _locked(connection: DatabaseConnection, row: ConnectionRow, claim: str | None = None) -> Connection | None:
    """Lock the row as it stands now, if it is still claimed so; every change begins with it."""
    found = (await connection.execute(_LOCK, _place(row))).mapping()
    if found is None or (claim is not None and found["renewer"] != claim):
        return None
    return _held(found)


async def _change(
    connection: DatabaseConnection,
    now: Connection,
    state: str,
    reason: Text | str,
    by: str = "",
    opened: int | None = None,
) -> bool:
    new = {"state": state, **_stored("" if state == "connected" else reason), "opened": opened}
    await connection.execute(_STATE, {"tenant": now.tenant, "system": now.system, **new})
    if state == now.state:
        return False
    await _on_record(connection, replace(now, state=state, **told(reason)), by)
    return True


async def _on_record(connection: DatabaseConnection, held: Connection, by: str = "", terms: str = "") -> None:
    fact = _changed(held, by, terms)
    outcome: Outcome = "connected" if held.state == "connected" else "disconnected"
    message = envelopes.wrap(
        fact,
        message_id=ids.fact_id(fact.key, ids.revision(fact)),
        source=f"/connectors/{held.system}",
        time=fact.changed_at,
        tenant=held.tenant,
        trace=telemetry.new_trace(),
    )
    consented = (f"consented by {by}" if by else "", f"to {' '.join(held.scopes)}" if held.scopes else "")
    why = fact.reason or ", ".join(filter(None, (*consented, f"terms of {terms}" if terms else "")))
    code = "" if held.state == "connected" else held.state
    company = str(held.database_number or "") if held.state == "connected" else ""
    await put_on_record(connection, [Entry(message, outcome, code=code, why=why, wording=held.wording, record=company)])


def _changed(held: Connection, by: str = "", terms: str = "") -> ConnectionChanged:
    """Return what goes on record about a connection."""
    return ConnectionChanged.model_validate(
        {
            "system": held.system,
            "state": held.state,
            "reason": held.reason[:400],
            "by": by[:200],
            "scopes": held.scopes,
            "company_name": held.company_name[:200],
            "database_number": held.database_number,
            "terms": terms,
            "changed_at": clock.now(),
        }
    )


def _stored(reason: Text | str) -> dict[str, Any]:
    found = told(reason)
    return found | {"wording": found["wording"].model_dump_json() if found["wording"] else None}


def _place(row: ConnectionRow) -> dict[str, Any]:
    return {"tenant": row.held.tenant, "system": row.held.system, "generation": row.generation}


def _written(tokens: Tokens) -> dict[str, Any]:
    return {
        "access": tokens.access,
        "access_seconds": tokens.access_seconds,
        "renew_seconds": tokens.renew_seconds,
        "refresh": tokens.refresh,
        "refresh_seconds": tokens.refresh_seconds,
    }


def _held(row: Any) -> Connection:
    known = {name: row[name] for name in Connection.__slots__ if name not in {"scopes", "wording"}}
    return Connection(**known, scopes=tuple(row["scopes"].split()), wording=Wording.kept(row["wording"]))


def _row(row: Any) -> ConnectionRow:
    return ConnectionRow(
        held=_held(row),
        access=row["access"],
        refresh=row["refresh"],
        good_for=row["good_for"] or 0.0,
        fresh_for=row["fresh_for"] or 0.0,
        unchanged_for=row["unchanged_for"],
        renewer=row["renewer"],
        busy_for=row["busy_for"] or 0.0,
        renewing_until=row["renewing_until"],
        asked=row["asked_at"] is not None,
    )
