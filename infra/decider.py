"""Decide: one transaction locks, reads, decides, writes states, lines and orders together; then the orders are sent.

What was written down and not sent, because a process died or Kafka was away, is sent before anything new of the same
company, or by the sweep. A crash anywhere repeats orders with the same ids, and no order is ever given on a state that
does not know the ones before it (DECISIONS 10).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from aiokafka import AIOKafkaProducer
from pydantic import BaseModel
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from infra import clock, faultpoints, telemetry
from infra.decision import Decision, Kept, deciding, reading
from infra.plugin import Flow, Terms
from infra.records import Record, bury, letter_of, read, tenant_of
from infra.store import lines
from schemas import envelope as envelopes
from schemas.audit import AuditRecord, DeadLetter
from schemas.base import Message
from schemas.envelope import Envelope, Unreadable
from schemas.events import ChecksPassed, Fact, ReviewAnswered
from schemas.settings import SettingsApplied, TenantSettings
from schemas.topics import carrying

_log = telemetry.log(__name__)

_WAITING_PAGE = 200
_LEFT_PAGE = 500
_LEFT_SECONDS = 5.0
"""Age at which an order that was not sent has no living sender, most likely. Sending it twice would do no harm."""
_NO_TERMS = Terms()

_LOCK = text("select pg_advisory_xact_lock(hashtextextended(t, 20)) from unnest(cast(:tenants as text[])) as t")
_ALREADY = text(
    """select d.topic, d.partition, d."offset" from decided d
       join unnest(cast(:topics as text[]), cast(:partitions as int[]), cast(:offsets as bigint[])) as r(t, p, o)
       on d.topic = r.t and d.partition = r.p and d."offset" = r.o"""
)
_VERSIONS = text(
    """select n.tenant, coalesce(s.version, 0), t.organisation_number
       from unnest(cast(:tenants as text[])) as n(tenant)
       left join settings s using (tenant) left join tenants t using (tenant)"""
)
_SETTINGS = text("select tenant, version, body from settings where tenant = any(cast(:tenants as text[]))")
_STATES = text(
    """select s.flow, s.tenant, s.key, s.state from flow_state s
       join unnest(cast(:flows as text[]), cast(:tenants as text[]), cast(:keys as text[])) as r(f, t, k)
       on s.flow = r.f and s.tenant = r.t and s.key = r.k"""
)
_WAITING = text(
    """select key, state from flow_state
       where flow = :flow and tenant = :tenant and waiting is not null and key > :after
         and (cast(:reasons as text[]) is null or waiting = any(cast(:reasons as text[])))
       order by key limit :page"""
)
_WRITE_STATES = text(
    f"""insert into flow_state (flow, tenant, key, state, waiting)
       select * from unnest(cast(:flows as text[]), cast(:tenants as text[]), cast(:keys as text[]),
                            cast({lines(":states")} as jsonb[]), cast(:waiting as text[]))
       on conflict (flow, tenant, key) do update set state = excluded.state, waiting = excluded.waiting"""  # noqa: S608 - no values in it
)
_WRITE_LINES = text(
    """insert into decided (topic, partition, "offset", tenant, fact_id, key, rules, accepted_at, decided_at)
       select t, p, o, n, f, k, r, a, :now
       from unnest(cast(:topics as text[]), cast(:partitions as int[]), cast(:offsets as bigint[]),
                   cast(:tenants as text[]), cast(:facts as text[]), cast(:keys as text[]), cast(:rules as text[]),
                   cast(:accepted as timestamptz[])) as x(t, p, o, n, f, k, r, a)
       on conflict do nothing"""
)
_WRITE_ORDERS = text(
    f"""insert into outbox (tenant, topic, value, written_at)
       select t, p, convert_to(v, 'UTF8'), clock_timestamp()
       from unnest(cast(:tenants as text[]), cast(:topics as text[]), {lines(":values")}) as x(t, p, v)
       returning id"""  # noqa: S608 - no values in it
)
_LEFT = text(
    """select id, tenant, topic, value from outbox
       where tenant = any(cast(:tenants as text[])) and id != all(cast(:sent as bigint[])) order by id"""
)
_LEFT_BEHIND = text(
    """select id, tenant, topic, value from outbox
       where written_at < clock_timestamp() - make_interval(secs => :age) and id != all(cast(:sent as bigint[]))
       order by id limit :page"""
)
_FORGET_SENT = text("delete from outbox where id = any(cast(:sent as bigint[]))")
_WRITE_SETTINGS = text(
    """insert into settings (tenant, version, body, applied_by, applied_at)
       values (:tenant, :version, cast(:body as jsonb), :applied_by, :at)
       on conflict (tenant) do update set version = excluded.version, body = excluded.body,
           applied_by = excluded.applied_by, applied_at = excluded.applied_at
       where excluded.version > settings.version"""
)


def topics_of(flows: Iterable[Flow]) -> tuple[str, ...]:
    """Return every topic that these flows read: their facts, answers, outcomes and settings."""
    facts: list[type[Message]] = [fact for flow in flows for fact in flow.facts]
    return carrying([*facts, ReviewAnswered, AuditRecord, SettingsApplied, ChecksPassed])


@dataclass(slots=True)
class _Line:
    record: Record
    tenant: str
    fact_id: str
    key: str
    rules: str = ""


_Key = tuple[str, str, str]


@dataclass(frozen=True, slots=True)
class _Outgoing:
    """A message of the outbox."""

    id: int
    tenant: str
    topic: str
    value: bytes


class _Batch:
    """What one transaction decides: states as they were read and changed, orders to send, lines to write."""

    def __init__(self) -> None:
        self.states: dict[_Key, BaseModel] = {}
        self.changed: dict[_Key, Kept] = {}
        self.orders: list[Envelope[Any]] = []
        self.letters: list[Envelope[DeadLetter]] = []
        self.lines: list[_Line] = []


class Decider:
    """Runs every flow's rules over records, whoever brings them: the Faust worker or the auditor."""

    def __init__(self, engine: AsyncEngine, producer: AIOKafkaProducer, flows: Sequence[Flow]) -> None:
        self._engine = engine
        self._producer = producer
        self._flows = tuple(flows)
        self._facts = {flow.name: frozenset(flow.facts) for flow in self._flows}
        self._known: dict[str, Terms] = {}
        """Each company's terms as they were read last."""
        self._sent: set[int] = set()
        """Outbox rows that Kafka has acknowledged; the next transaction deletes them."""

    async def decide(self, records: Sequence[Record]) -> None:
        """Decide records in their order; when this returns, their orders are in Kafka and their lines are written.

        Settings cut the sequence: what stands before them is decided with the old ones, what follows with the new ones.
        So do checks that passed: they too are told to everything that waits.
        """
        plain: list[tuple[Record, Envelope[Any]]] = []
        unreadable: list[tuple[Record, str]] = []
        for record in records:
            try:
                message = read(record)
            except Unreadable as error:
                unreadable.append((record, str(error)))
                continue
            if isinstance(message.data, SettingsApplied | ChecksPassed):
                await self._decide_plain(plain, unreadable)
                plain, unreadable = [], []
                await self._tell_waiting(record, message)
            else:
                plain.append((record, message))
        await self._decide_plain(plain, unreadable)

    def _wanting(self, message: Envelope[Any]) -> Iterable[tuple[Flow, tuple[str, ...]]]:
        data = message.data
        for flow in self._flows:
            if (
                isinstance(data, Fact)
                and not isinstance(data, ReviewAnswered)
                and type(data) not in self._facts[flow.name]
            ):
                continue
            if keys := reading(flow, data):
                yield flow, keys

    async def _decide_plain(
        self, messages: Sequence[tuple[Record, Envelope[Any]]], unreadable: Sequence[tuple[Record, str]]
    ) -> None:
        if not messages and not unreadable:
            return
        async with self._engine.begin() as connection:
            tenants = sorted({m.tenant for _, m in messages} | {tenant_of(r) for r, _ in unreadable})
            sent, outgoing = await self._open(connection, tenants)
            done = await self._already(connection, [r for r, _ in messages] + [r for r, _ in unreadable])
            todo = [(r, m) for r, m in messages if r.place not in done]
            batch = _Batch()
            for record, reason in unreadable:
                if record.place not in done:
                    _bury(batch, record, reason)
            wanted = [(record, message, tuple(self._wanting(message))) for record, message in todo]
            await self._read_states(
                connection,
                batch,
                {(f.name, m.tenant, key): f for _, m, pairs in wanted for f, keys in pairs for key in keys},
            )
            terms = await self._terms(connection, tenants)
            for record, message, pairs in wanted:
                line = _Line(record, message.tenant, message.causationid or message.id, message.subject)
                batch.lines.append(line)
                for flow, keys in pairs:
                    await self._decide_one(connection, batch, flow, keys, message, terms[message.tenant], line)
            outgoing += await self._remember(connection, batch)
        await self._emit(sent, outgoing)

    async def _tell_waiting(self, record: Record, message: Envelope[Any]) -> None:
        """Let what waits be reconsidered, a page at a time: under new settings, or now that checks passed."""
        told = message.data
        async with self._engine.begin() as connection:
            await connection.execute(_LOCK, {"tenants": [message.tenant]})
            if await self._already(connection, [record]):
                return
            if isinstance(told, SettingsApplied):
                await connection.execute(
                    _WRITE_SETTINGS,
                    {
                        "tenant": message.tenant,
                        "version": told.version,
                        "body": told.settings.model_dump_json(),
                        "applied_by": told.applied_by,
                        "at": message.time,
                    },
                )
        reasons = list(told.codes) if isinstance(told, ChecksPassed) else None
        for flow in self._flows:
            after: str | None = ""
            while after is not None:
                after = await self._reconsider(flow, record, message, after, reasons)
        async with self._engine.begin() as connection:
            sent, outgoing = await self._open(connection, [message.tenant])
            batch = _Batch()
            rule = "settings_take_effect" if reasons is None else "what_waits_for_a_check_is_decided_again"
            batch.lines.append(_Line(record, message.tenant, message.id, message.subject, rule))
            outgoing += await self._remember(connection, batch)
        await self._emit(sent, outgoing)

    async def _reconsider(
        self, flow: Flow, record: Record, message: Envelope[Any], after: str, reasons: list[str] | None
    ) -> str | None:
        """Decide a page of what waits in a flow, from the key after ``after``; return its last key, None at the end."""
        async with self._engine.begin() as connection:
            sent, outgoing = await self._open(connection, [message.tenant])
            page = {"flow": flow.name, "tenant": message.tenant, "after": after, "page": _WAITING_PAGE}
            rows = (await connection.execute(_WAITING, page | {"reasons": reasons})).all()
            terms = (await self._terms(connection, [message.tenant]))[message.tenant]
            batch = _Batch()
            for key, state in rows:
                place = (flow.name, message.tenant, key)
                batch.states.setdefault(place, flow.state.model_validate(state, strict=False))
                line = _Line(record, message.tenant, message.id, key)
                await self._decide_one(connection, batch, flow, (key,), message, terms, line)
            outgoing += await self._remember(connection, batch)
        await self._emit(sent, outgoing)
        return rows[-1].key if rows else None

    async def sweep(self) -> None:
        """Send what was written down and left behind by a process that died; forget what is known to be sent."""
        async with self._engine.begin() as connection:
            sent, _ = await self._open(connection, [])
            rows = await connection.execute(_LEFT_BEHIND, {"age": _LEFT_SECONDS, "sent": sent, "page": _LEFT_PAGE})
            left = [_Outgoing(*row) for row in rows]
        if left:
            _log.warning("orders were left behind", orders=len(left))
        await self._emit(sent, left)

    async def _open(self, connection: AsyncConnection, tenants: Sequence[str]) -> tuple[list[int], list[_Outgoing]]:
        """Lock companies for this transaction.

        Return the outbox rows that this transaction deletes, as they are sent, and what of these companies is not.
        """
        await connection.execute(_LOCK, {"tenants": list(tenants)})
        sent = list(self._sent)
        if sent:
            await connection.execute(_FORGET_SENT, {"sent": sent})
        rows = await connection.execute(_LEFT, {"tenants": list(tenants), "sent": sent})
        return sent, [_Outgoing(*row) for row in rows]

    async def _emit(self, forgotten: Iterable[int], outgoing: Sequence[_Outgoing]) -> None:
        """Send what the transaction left to send, now that it is committed, and wait until Kafka has it all."""
        self._sent.difference_update(forgotten)
        faultpoints.reach("decide.remembered")
        acknowledged = [await self._producer.send(o.topic, o.value, key=o.tenant.encode()) for o in outgoing]
        for future in acknowledged:
            await future
        faultpoints.reach("decide.emitted")
        self._sent.update(o.id for o in outgoing)

    @staticmethod
    async def _already(connection: AsyncConnection, records: Sequence[Record]) -> set[tuple[str, int, int]]:
        rows = await connection.execute(
            _ALREADY,
            {
                "topics": [r.topic for r in records],
                "partitions": [r.partition for r in records],
                "offsets": [r.offset for r in records],
            },
        )
        return {(topic, partition, offset) for topic, partition, offset in rows}

    async def _terms(self, connection: AsyncConnection, tenants: Sequence[str]) -> dict[str, Terms]:
        """Return what companies' decisions are made with; settings that were read before are not read again."""
        rows = (await connection.execute(_VERSIONS, {"tenants": list(tenants)})).all()
        if new := [t for t, version, _ in rows if version and self._known.get(t, _NO_TERMS).version != version]:
            for tenant, version, body in await connection.execute(_SETTINGS, {"tenants": new}):
                self._known[tenant] = Terms(TenantSettings.model_validate(body, strict=False), version)
        return {
            tenant: replace(self._known.get(tenant, _NO_TERMS) if version else _NO_TERMS, organisation_number=number)
            for tenant, version, number in rows
        }

    @staticmethod
    async def _read_states(connection: AsyncConnection, batch: _Batch, wanted: Mapping[_Key, Flow]) -> None:
        if not wanted:
            return
        names, tenants, keys = zip(*wanted, strict=True)
        rows = await connection.execute(_STATES, {"flows": list(names), "tenants": list(tenants), "keys": list(keys)})
        for name, tenant, key, state in rows:
            batch.states[name, tenant, key] = wanted[name, tenant, key].state.model_validate(state, strict=False)
        for place, flow in wanted.items():
            batch.states.setdefault(place, flow.state())

    async def _decide_one(
        self,
        connection: AsyncConnection,
        batch: _Batch,
        flow: Flow,
        keys: tuple[str, ...],
        message: Envelope[Any],
        terms: Terms,
        line: _Line,
    ) -> None:
        """Let a flow decide a message, reading what it asks for."""
        steps = deciding(flow, keys, message, terms)
        decision = next(steps)
        while not isinstance(decision, Decision):
            places = {key: (flow.name, message.tenant, key) for key in decision}
            await self._read_states(connection, batch, {p: flow for p in places.values() if p not in batch.states})
            decision = steps.send({key: batch.states[place] for key, place in places.items()})
        for key, kept in decision.kept.items():
            place = (flow.name, message.tenant, key)
            batch.states[place] = kept.state
            batch.changed[place] = kept
        batch.orders.extend(envelopes.order(o, cause=message, accepted=line.record.timestamp) for o in decision.orders)
        rules = dict.fromkeys(o.rule for o in decision.orders)
        line.rules = " ".join(filter(None, (line.rules, *rules)))
        for rule in rules or ("nothing_to_do",):
            telemetry.DECISIONS.labels(flow.name, rule).inc()

    async def _remember(self, connection: AsyncConnection, batch: _Batch) -> list[_Outgoing]:
        """Write states, lines and orders in this transaction; return the orders, to be sent once it is committed."""
        if batch.changed:
            await connection.execute(
                _WRITE_STATES,
                {
                    "flows": [flow for flow, _, _ in batch.changed],
                    "tenants": [tenant for _, tenant, _ in batch.changed],
                    "keys": [key for _, _, key in batch.changed],
                    "states": "\n".join(kept.written for kept in batch.changed.values()),
                    "waiting": [kept.waiting for kept in batch.changed.values()],
                },
            )
        if batch.lines:
            await connection.execute(
                _WRITE_LINES,
                {
                    "topics": [line.record.topic for line in batch.lines],
                    "partitions": [line.record.partition for line in batch.lines],
                    "offsets": [line.record.offset for line in batch.lines],
                    "tenants": [line.tenant for line in batch.lines],
                    "facts": [line.fact_id for line in batch.lines],
                    "keys": [line.key for line in batch.lines],
                    "rules": [line.rules for line in batch.lines],
                    "accepted": [line.record.timestamp for line in batch.lines],
                    "now": clock.now(),
                },
            )
        messages = [(o.tenant, o.data.TOPIC, o.to_bytes()) for o in (*batch.orders, *batch.letters)]
        if not messages:
            return []
        tenants, topics, values = zip(*messages, strict=True)
        ids = await connection.scalars(
            _WRITE_ORDERS,
            {"tenants": list(tenants), "topics": list(topics), "values": b"\n".join(values).decode()},
        )
        for order in batch.orders:
            _log.info(
                "decided",
                tenant=order.tenant,
                flow=order.data.flow,
                rule=order.data.rule,
                order_id=order.id,
                fact_id=order.causationid,
                trace_id=order.trace_id,
            )
        return [_Outgoing(number, *message) for number, message in zip(ids, messages, strict=True)]


def _bury(batch: _Batch, record: Record, reason: str) -> None:
    letter, tenant = letter_of(record, "flows", reason), tenant_of(record)
    batch.letters.append(bury(letter, tenant))
    batch.lines.append(_Line(record, tenant, letter.place, letter.place, "unreadable_is_a_dead_letter"))
    _log.warning("dead letter", place=letter.place, reason=reason)
