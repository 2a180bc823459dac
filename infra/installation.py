"""Which installation a database is of, and whether it is the one that we left: a backup that was restored is noticed.

A row says where it was written (server, timeline, database, table) and by which transaction. Whatever copies rows gets
another transaction, whatever copies servers and goes on from an older point another timeline. What copies the files of
a server that stood still changes neither: its pulse is behind the one that Kafka and living processes know.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from urllib.parse import urlsplit
from uuid import UUID

import psycopg

from infra import registry
from infra.postgres import DatabaseConnection, Engine, text
from infra.settings import Settings

PULSE_SECONDS: Final = 3.0
"""Between two pulses."""

_PLACE = """(select system_identifier from pg_control_system()) || '/'
    || substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8) || '/'
    || (select oid from pg_database where datname = current_database()) || '/'
    || cast(cast('installation' as regclass) as oid)"""
_WRITTEN = "pg_current_xact_id()::xid::text"
_LOCK = text("select pg_advisory_xact_lock(7208553)")
_READ = text(
    f"""select installation, epoch, pulse, pulsed_at, targets, writing, since, noticed,
               place = {_PLACE} and written_by = xmin::text as ours
        from installation"""  # noqa: S608 - no values in it
)
# Tables of a version before this one was restored may hold companies: nothing is known of how they came here.
_BEGIN = text(
    f"""insert into installation (id, installation, epoch, place, written_by, pulse, pulsed_at, targets, writing,
                                  fenced_at)
        select 1, gen_random_uuid(), 0, {_PLACE}, {_WRITTEN}, 0, clock_timestamp(), cast(:targets as jsonb), true,
               case when exists (select from tenants) then null else clock_timestamp() end
        on conflict do nothing"""  # noqa: S608 - the same
)
_SEEN = text("select epoch, pulse from installation")
_PULSE = text(
    f"""update installation set pulse = pulse + 1, pulsed_at = clock_timestamp(), written_by = {_WRITTEN}
        where pulse = :pulse and pulsed_at < clock_timestamp() - make_interval(secs => :seconds) returning pulse"""  # noqa: S608 - the same
)
_TARGETS = text(
    f"update installation set targets = cast(:targets as jsonb), written_by = {_WRITTEN}"  # noqa: S608 - the same
)
_WRITTEN_TO = text(
    "select distinct sink from journal where state in ('delivered', 'sending', 'unknown') or attempt > 0"
)
_CLOSE = (
    text(
        f"""update installation set epoch = epoch + 1, writing = false, place = {_PLACE}, written_by = {_WRITTEN},
                   fenced_at = clock_timestamp(), noticed = :why,
                   since = least(case when not writing then since end, cast(:since as timestamptz)),
                   pulse = greatest(pulse, :pulse) + 1, pulsed_at = clock_timestamp()"""  # noqa: S608 - the same
    ),
    # What is known of the books stands in their last proof now: the next one names what a restore makes, too. What was
    # found of a company that nobody has opened since a restore before this one is still true of it.
    text(
        """insert into fenced (tenant, state, closed_at, found)
           select c.tenant, 'closed', now(), jsonb_build_object('known', array(
               select d ->> 'id' from proofs p cross join jsonb_array_elements(p.body -> 'differences') d
               where p.tenant = c.tenant))
           from (select tenant from tenants
                 union select tenant from journal where state in ('queued', 'sending', 'unknown')) as c
           on conflict (tenant) do update set state = 'closed', closed_at = excluded.closed_at,
               found = case when fenced.opened_at is null then fenced.found - 'unclear' else excluded.found end,
               opened_at = null, opened_by = ''"""
    ),
    # Each may have been sent since the backup, or be on its way this very moment.
    text(
        """update journal set state = 'unknown', sent_at = clock_timestamp(), due_at = clock_timestamp(), looks = 0
           where state in ('queued', 'sending', 'unknown')"""
    ),
    text("update outbox set sent_as = null"),
    text("update leases set owner = '', epoch = epoch + 1, deadline = clock_timestamp()"),
)
_GO_ON = (
    # A version that was given out since the backup must not be given out again.
    text(
        """update tenants t set settings_version = s.version from settings s
           where s.tenant = t.tenant and s.version > t.settings_version"""
    ),
    text(f"update installation set writing = true, written_by = {_WRITTEN}"),  # noqa: S608 - the same
)


_REPLACED: Final = (
    "The database was restored, or moved, while this process ran. It ends, since it knows what the database does not: "
    "start it again, and what happened since the backup is looked for first."
)


class Restored(RuntimeError):
    """The database is another one than before, or an older one; the message says what to do."""


class WrongInstallation(RuntimeError):
    """The database belongs to another environment; the message says which, and what to do."""


@dataclass(frozen=True, slots=True)
class Installation:
    """What the row says.

    Attributes:
        pulse: how often it was written, about.
        pulsed_at: when that was last, by the database's clock: when a backup was made, at the latest.
        writing: False until what happened after the backup is taken in.
        since: when the backup was made that was restored last.
        ours: the row lies where it was written, and nothing has copied it.
    """

    installation: UUID
    epoch: int
    pulse: int
    pulsed_at: datetime
    targets: Mapping[str, str]
    writing: bool
    since: datetime | None
    noticed: str
    ours: bool


async def lock(connection: DatabaseConnection) -> None:
    """Let one process at a time look whether the database was restored, for as long as this transaction lasts."""
    await connection.execute(_LOCK)


async def read(connection: DatabaseConnection) -> Installation | None:
    """Return what the row says; None before the first role has started."""
    row = (await connection.execute(_READ)).one_or_none()
    return None if row is None else Installation(*row)


async def begin(connection: DatabaseConnection, targets: Mapping[str, str]) -> None:
    """Write the row of a new installation.

    What Kafka had before such a database began may have been carried out for another one: it is looked for.
    """
    await connection.execute(_BEGIN, {"targets": json.dumps(dict(targets))})


async def close(connection: DatabaseConnection, *, why: str, since: datetime, pulse: int = 0) -> None:
    """Fence a restored database off: nothing is written anywhere until each company is opened.

    Whatever has not ended, or comes of what Kafka has already, is looked for before it is sent.

    Args:
        since: when the backup was made. What a restore before this one has not taken in yet is still to be taken in.
        pulse: the highest one that anybody knows.
    """
    values = {"why": why[:1000], "since": since, "pulse": pulse}
    for statement in _CLOSE:
        await connection.execute(statement, values if statement is _CLOSE[0] else {})


async def go_on(connection: DatabaseConnection) -> None:
    """Say that what happened after the backup is taken in."""
    for statement in _GO_ON:
        await connection.execute(statement)


def targets(settings: Settings) -> dict[str, str]:
    """Return where each system is that orders are carried out in. On this machine, a port is no other place."""
    found: dict[str, str] = {}
    for name in {sink.system for sink in registry.sinks()}:
        url = urlsplit(str(getattr(getattr(settings, name, None), "api_url", "")))
        here = url.hostname in {"127.0.0.1", "localhost", "::1"}
        found[name] = "an imitation on this machine" if here else url.geturl()
    return found


async def must_be_ours(connection: DatabaseConnection, known: Installation, now: Mapping[str, str]) -> None:
    """Refuse a database that has written somewhere else; where it has not written yet is free to be changed.

    Raises:
        WrongInstallation: a company's orders would go to books that know nothing of the ones before.
    """
    moved = {name for name, where in now.items() if known.targets.get(name, where) != where}
    systems = {sink.name: sink.system for sink in registry.sinks()}
    written = {systems.get(sink, sink) for sink in await connection.scalars(_WRITTEN_TO)} if moved else set()
    for name in sorted(moved & written):
        raise WrongInstallation(
            f"This database has written to {known.targets[name]} and would now write to {now[name]} ({name}): it "
            f"belongs to another environment. Name the right database (BOKBUSS_DATABASE__URL, BOKBUSS_DATA) or the "
            f"right address (BOKBUSS_{name.upper()}__API_URL); if the move is meant: bokbuss fence move."
        )
    if dict(known.targets) != dict(now):
        await move(connection, now)


async def move(connection: DatabaseConnection, now: Mapping[str, str]) -> None:
    """Write down where systems are from now on."""
    await connection.execute(_TARGETS, {"targets": json.dumps(dict(now))})


class Pulse:
    """What this process has seen of the database: it must never become less.

    Args:
        epoch: how often the database had been restored when this process began.
        seen: the highest pulse by then.
    """

    def __init__(self, engine: Engine, epoch: int = 0, seen: int = 0) -> None:
        self._engine = engine
        self._epoch = epoch
        self._seen = seen
        self._replaced = False
        # Whoever replaces a database cuts its connections: a new one that finds another state is not given to anybody.
        engine.greetings.append(self._must_be_the_same)

    @property
    def seen(self) -> tuple[int, int]:
        """Epoch and pulse: nothing is sent on the word of a database with another epoch, or a lower pulse."""
        return self._epoch, self._seen

    async def _must_be_the_same(self, connection: DatabaseConnection) -> None:
        """To everybody else such a database is away. Raises psycopg.OperationalError."""
        known = self.seen  # before it is asked: what is known when the answer arrives may be younger than the answer
        row = (await connection.execute(_SEEN)).one_or_none()
        if row is None or row[0] != known[0] or row[1] < known[1]:
            self._replaced = True
            raise psycopg.OperationalError(_REPLACED)

    def must_not_be_replaced(self) -> None:
        """Raise Restored when a connection to another database was met."""
        if self._replaced:
            raise Restored(_REPLACED)

    async def beat(self) -> int | None:
        """Look at the row and, when it is time, write it; return the new pulse when this process did.

        Raises:
            Restored: under this process the database became another one.
        """
        try:
            async with self._engine.begin() as connection:
                now = await read(connection)
                if now is None or not now.ours or now.epoch != self._epoch or now.pulse < self._seen:
                    raise Restored(_REPLACED)
                self._seen = now.pulse
                seconds: dict[str, Any] = {"pulse": now.pulse, "seconds": PULSE_SECONDS * 0.9}
                written: int | None = await connection.scalar(_PULSE, seconds)
        except psycopg.Error:
            self.must_not_be_replaced()
            raise
        self._seen = max(self._seen, written or 0)
        return written
