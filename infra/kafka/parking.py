"""Where a company's records wait that a reader cannot handle: in order, durable, and in nobody else's way.

The first one is what raised; whatever comes later of the same company joins it, so that nothing overtakes. Its reader
(the flows, a sink's journal, the desk) tries the first one again when it runs code that has not tried it yet, when the
company that it names is added, or when a person says so, which forgets who has tried; then come the ones behind it,
which nobody has tried. A person can also set the first one aside, or have it never handled.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal

import psycopg
from aiokafka.errors import KafkaError

from infra import clock, registry, store, telemetry
from infra.failing import FlowFailed, raised_in
from infra.kafka.lives import Rewound
from infra.kafka.outbox import arrived
from infra.kafka.records import Record
from infra.postgres import DatabaseConnection, Engine, Row, text
from infra.store import Asked
from infra.trail import Entry, put_on_record
from schemas import envelope as envelopes
from schemas.audit import DISCARDED, AuditRecord, Outcome
from schemas.commands import Order
from schemas.envelope import Envelope, NotYetReadable

_log = telemetry.log(__name__)

FLOWS = "flows"
"""The reader that decides; its records have lines."""
SINKS = "sinks-"
"""How the readers of sinks begin: what they park are orders, and a flow waits for the end of each."""

OF_NOBODY: Final = "UnknownCompany"
"""The code of what names a company that is none; once it is added, the same code tries again."""

MOST: Final = 1000
"""Of one list."""
_OF_VALUES = frozenset({"22", "23", "54"})
"""Classes of SQLSTATE that blame what is written: data exception, constraint violation, limit exceeded."""

_COLUMNS = """number, reader, tenant, topic, partition, "offset", recorded_at, record_key, record_value,
    about, fact_id, state, code, rule, reason, attempts, tried, parked_at"""
_MET = text(
    """select null, p.topic, p.partition, p."offset" from parked p
       join unnest(cast(:topics as text[]), cast(:partitions as int[]), cast(:offsets as bigint[])) as r(t, p, o)
       on p.reader = :reader and p.topic = r.t and p.partition = r.p and p."offset" = r.o
       union all
       select distinct tenant, null, 0, 0 from parked
       where reader = :reader and tenant = any(cast(:tenants as text[])) and state = 'waiting'"""
)
_ADD = text(
    """insert into parked (reader, tenant, topic, partition, "offset", recorded_at, record_key, record_value, about,
                           fact_id, state, code, rule, reason, attempts, tried, parked_at)
       values (:reader, :tenant, :topic, :partition, :offset, :recorded_at, :key, :value, :about, :fact_id, 'waiting',
               :code, :rule, :reason, :attempts, cast(:tried as text[]), clock_timestamp())
       on conflict (reader, topic, partition, "offset") do nothing"""
)
_KEPT = "(cast(:tenant as text) is null or tenant = :tenant) and state <> 'discarded'"
_LIST = text(
    f"""select {_COLUMNS} from parked join (
            select number, row_number() over (partition by tenant order by state <> 'waiting', reader, number) as turn
            from parked where {_KEPT}) as each using (number)
        order by turn, tenant limit :most"""  # noqa: S608 - no values in it
)
_NUMBERS = text(f"select state, count(*) as number from parked where {_KEPT} group by state")  # noqa: S608 - as above
_STANDS = text("select exists (select from parked where reader = :reader and tenant = :tenant and state = 'waiting')")
_AT = text(
    f"""select {_COLUMNS} from parked where topic || '/' || partition || '/' || "offset" = :place
        and (cast(:reader as text) is null or reader = :reader) and state <> 'discarded'
        order by number for update"""  # noqa: S608 - as above
)
_FORGET_TRIED = text(
    f"""update parked set tried = '{{}}' where tenant = :tenant and state = 'waiting' and tried <> '{{}}'
        returning {_COLUMNS}"""  # noqa: S608 - as above
)
_TURN = text("update parked set state = :state, tried = '{}' where number = :number")
_DISCARD = text("update parked set state = 'discarded', record_value = null where number = :number")
_LINE = text(
    """insert into decided (topic, partition, "offset", tenant, fact_id, key, rules, accepted_at, decided_at)
       values (:topic, :partition, :offset, :tenant, :fact_id, :about, 'a_person_discarded_it', :at, :now)
       on conflict do nothing"""
)
_JOURNALED = text("select exists (select from journal where order_id::text = :id and tenant = :tenant)")
_MAY_GO_ON = f"""(not :code = any(first.tried)
    or first.code = '{OF_NOBODY}' and exists (select from tenants where tenants.tenant = first.tenant))"""
_READY = text(
    f"""select tenant from (select distinct on (tenant) tenant, tried, code from parked
                            where reader = :reader and state = 'waiting' order by tenant, number) as first
        where {_MAY_GO_ON}"""  # noqa: S608 - no values in it
)
_FIRST = text(
    f"""select * from (select {_COLUMNS} from parked where reader = :reader and tenant = :tenant and state = 'waiting'
                       order by number limit 1) as first
        where {_MAY_GO_ON}"""  # noqa: S608 - no values in it
)
# What a reader tries is handled in a transaction of its handler's own: this one keeps people's words away meanwhile.
_TRY = text(
    "select pg_try_advisory_xact_lock(hashtextextended(cast(:reader as text) || '/' || cast(:tenant as text), 21))"
)
_TAKE = text("delete from parked where number = :number and state = 'waiting' returning number")
_AGAIN = text(
    """update parked set attempts = attempts + 1, tried = array_append(tried, :by), code = :code, rule = :rule,
           reason = :reason
       where number = :number"""
)


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a record cannot be handled: a bounded code, the function that raised, and words that hold no values."""

    code: str
    rule: str
    reason: str


def fault_of(error: Exception) -> Failure | None:
    """Return what is wrong with a record; None when it is Kafka or the database that is away or at fault."""
    if isinstance(error, FlowFailed):
        return Failure(error.code, error.rule, str(error))
    if isinstance(error, NotYetReadable):
        return Failure(error.code, "", str(error))
    code = type(error).__name__
    if isinstance(error, psycopg.Error):
        state = error.sqlstate or ""
        blamed = state[:2] in _OF_VALUES or isinstance(error, psycopg.DataError)
        return Failure(code, "", f"the database refuses the values: {code} {state}".rstrip()) if blamed else None
    if isinstance(error, KafkaError | OSError | MemoryError | Rewound):
        return None
    rule, where = raised_in(error)
    return Failure(code, rule, f"{code} in {rule} ({where})")


@dataclass(frozen=True, slots=True)
class Parked:
    """A record that waits.

    Attributes:
        about: the business key; ``fact_id``: the fact that it goes back to.
        state: ``waiting`` in its company's order, or ``set_aside`` by a person.
        code, rule, reason: what happened when it was tried last; empty when it only waits behind another.
        tried: the code, in versions of bokbuss, that has tried it.
    """

    number: int
    reader: str
    tenant: str
    record: Record
    about: str
    fact_id: str
    state: str
    code: str
    rule: str
    reason: str
    attempts: int
    tried: tuple[str, ...]
    parked_at: datetime

    @property
    def place(self) -> str:
        """Where the record stands: ``topic/partition/offset``."""
        return "/".join(map(str, self.record.place))


def parked(row: Row) -> Parked:
    """Return a row of the table as a value."""
    record = Record(row.topic, row.partition, row.offset, row.recorded_at, row.record_key, row.record_value)
    return Parked(
        row.number,
        row.reader,
        row.tenant,
        record,
        row.about,
        row.fact_id,
        row.state,
        row.code,
        row.rule,
        row.reason,
        row.attempts,
        tuple(row.tried),
        row.parked_at,
    )


class Parking:
    """What one reader has parked. Each method works in the transaction that it is given."""

    def __init__(self, reader: str, code: str = "") -> None:
        self.reader = reader
        self.code = code or registry.code()

    def asking(self, messages: Sequence[tuple[Record, Envelope[Any]]]) -> Asked:
        """Return what asks which of these records are parked, and of which of their companies something waits."""
        places = [record.place for record, _ in messages]
        values = {
            "reader": self.reader,
            "topics": [topic for topic, _, _ in places],
            "partitions": [partition for _, partition, _ in places],
            "offsets": [offset for _, _, offset in places],
            "tenants": sorted({message.tenant for _, message in messages}),
        }
        return Asked(_MET, values)

    async def join(
        self, connection: DatabaseConnection, messages: Sequence[tuple[Record, Envelope[Any]]], asked: Asked
    ) -> list[tuple[Record, Envelope[Any]]]:
        """Park what comes of companies of which something waits, behind it; return what comes of the others.

        What is parked already is left out: Kafka may bring it again.
        """
        waits = {tenant for tenant, *_ in asked.rows}
        known = {tuple(place) for _, *place in asked.rows}
        new = [one for one in messages if one[0].place not in known]
        await self.add(connection, [one for one in new if one[1].tenant in waits])
        return [one for one in new if one[1].tenant not in waits]

    async def add(
        self,
        connection: DatabaseConnection,
        messages: Sequence[tuple[Record, Envelope[Any]]],
        fault: Failure | None = None,
    ) -> None:
        """Park records that raised, or that wait behind one that did. One that is parked already stays as it is."""
        rows = [
            {
                "reader": self.reader,
                "tenant": message.tenant,
                "topic": record.topic,
                "partition": record.partition,
                "offset": record.offset,
                "recorded_at": record.timestamp,
                "key": record.key,
                "value": record.value,
                "about": message.subject,
                "fact_id": message.causationid or message.id,
                "code": fault.code if fault else "",
                "rule": fault.rule if fault else "",
                "reason": fault.reason if fault else "",
                "attempts": 1 if fault else 0,
                "tried": [self.code] if fault else [],
            }
            for record, message in messages
        ]
        if rows:
            await connection.execute_many(_ADD, rows)
        if fault:
            self.tell(messages[0][1].tenant, messages[0][0], fault)

    def tell(self, tenant: str, record: Record, fault: Failure) -> None:
        """Log that a company's records wait from this one on."""
        place = "/".join(map(str, record.place))
        _log.error("parked", reader=self.reader, tenant=tenant, place=place, code=fault.code, reason=fault.reason)

    async def ready(self, connection: DatabaseConnection) -> list[str]:
        """Return the companies whose first parked record this code may try: it has not, or the company is there now."""
        return list(await connection.scalars(_READY, {"reader": self.reader, "code": self.code}))

    async def first(self, connection: DatabaseConnection, tenant: str) -> Parked | None:
        """Return a company's first parked record, if this code may try it."""
        values = {"reader": self.reader, "tenant": tenant, "code": self.code}
        row = (await connection.execute(_FIRST, values)).one_or_none()
        return None if row is None else parked(row)

    async def begins(self, connection: DatabaseConnection, tenant: str) -> bool:
        """Let no person set aside or discard what is tried in this transaction; False: one does so, or it is tried."""
        return bool(await connection.scalar(_TRY, {"reader": self.reader, "tenant": tenant}))

    @staticmethod
    def taking(number: int) -> Asked:
        """Return what takes a record out, as it is handled in this transaction; no row: somebody has dealt with it."""
        return Asked(_TAKE, {"number": number})

    async def again(self, connection: DatabaseConnection, first: Parked, fault: Failure) -> None:
        """Write down that a record raised again."""
        told = {"code": fault.code, "rule": fault.rule, "reason": fault.reason}
        await connection.execute(_AGAIN, {"number": first.number, "by": self.code} | told)
        self.tell(first.tenant, first.record, fault)


# --- What people say --------------------------------------------------------------------------------------------------


async def listed(engine: Engine, tenant: str | None = None, most: int = MOST) -> list[Parked]:
    """Return what is parked, each company's in its order.

    Of more than ``most`` each company's first are returned, and what waits before what is set aside: none hides others.
    """
    found = [parked(row) for row in await store.rows(engine, _LIST, {"tenant": tenant, "most": most})]
    return sorted(found, key=lambda one: (one.tenant, one.reader, one.number))


async def numbers(engine: Engine, tenant: str | None = None) -> dict[str, int]:
    """Return how many records are parked, by state: waiting, set_aside."""
    return {row.state: row.number for row in await store.rows(engine, _NUMBERS, {"tenant": tenant})}


async def stands(engine: Engine, tenant: str, reader: str) -> bool:
    """Tell whether a reader does not get on with a company."""
    return bool(await store.scalar(engine, _STANDS, {"tenant": tenant, "reader": reader}))


async def at(engine: Engine, place: str, reader: str | None = None) -> list[Parked]:
    """Return what is parked of a record; several readers can have parked the same one."""
    return [parked(row) for row in await store.rows(engine, _AT, {"place": place, "reader": reader})]


async def retry(engine: Engine, tenant: str, by: str, why: str) -> None:
    """Let everything of a company be tried again, from the first on."""
    async with engine.begin() as connection:
        for row in await connection.execute(_FORGET_TRIED, {"tenant": tenant}):
            await _on_record(connection, parked(row), "released", f"{by}: {why}")


async def turn(engine: Engine, one: Parked, state: Literal["waiting", "set_aside"], by: str, why: str) -> bool:
    """Set a record aside, so that what comes later goes on, or let it wait again at its own place, to be tried.

    False when it is gone: it has been handled meanwhile.
    """
    async with engine.begin() as connection:
        if not await _still(connection, one):
            return False
        await connection.execute(_TURN, {"number": one.number, "state": state})
        await _on_record(connection, one, "held" if state == "set_aside" else "released", f"{by}: {why}")
        return True


class IsAwaited(Exception):
    """A flow waits for what is parked: it cannot go without it."""


async def discard(engine: Engine, one: Parked, by: str, why: str) -> bool:
    """Have a record never handled. False when it is gone: it has been handled meanwhile.

    The flow of an order that a sink has parked learns of it, and decides what comes next.

    Raises:
        IsAwaited: it asks a person something, or says what became of an order.
    """
    message = _message(one)
    question = isinstance(message.data, Order) and not one.reader.startswith(SINKS)
    if question or (isinstance(message.data, AuditRecord) and one.reader == FLOWS):
        raise IsAwaited(one.place)
    async with engine.begin() as connection:
        if not await _still(connection, one):
            return False
        if await connection.scalar(_JOURNALED, {"id": message.id, "tenant": one.tenant}):
            return False
        await connection.execute(_DISCARD, {"number": one.number})
        if one.reader.startswith(SINKS):  # or it would be sent again after a restore, and carried out
            await store.together(connection, [arrived([message.id])])
        if one.reader == FLOWS:
            topic, partition, offset = one.record.place
            line = {"topic": topic, "partition": partition, "offset": offset, "at": one.record.timestamp}
            line |= {"tenant": one.tenant, "fact_id": one.fact_id, "about": one.about, "now": clock.now()}
            await connection.execute(_LINE, line)
        await _on_record(connection, one, "discarded", f"{by}: {why}", DISCARDED)
        return True


async def _still(connection: DatabaseConnection, one: Parked) -> bool:
    """Tell whether a record waits, or is set aside, as it did; False as well while its reader tries it."""
    place = {"reader": one.reader, "tenant": one.tenant}
    if one.state == "waiting" and not await connection.scalar(_TRY, place):
        return False
    found = await connection.execute(_AT, {"place": one.place, "reader": one.reader})
    return any(row.state == one.state for row in found)


async def _on_record(
    connection: DatabaseConnection, one: Parked, outcome: Outcome, why: str, code: str = "parked"
) -> None:
    await put_on_record(connection, [Entry(_message(one), outcome, code=code, why=why, who="operator")])


def _message(one: Parked) -> Envelope[Any]:
    """Return the message that is parked; of one that only a newer version can read, its envelope."""
    try:
        return envelopes.decode(one.record.value)
    except NotYetReadable as newer:
        return newer.head
