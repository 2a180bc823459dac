"""Decide: one transaction locks, reads, decides, writes states, lines and orders together; then the orders are sent.

A crash anywhere repeats orders with the same ids, and no order is ever given on a state that does not know the ones
before it (DECISIONS 10). A message that cannot be decided is parked, and with it what comes later of its company.
"""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Iterable, Sequence
from dataclasses import replace
from typing import Any

from aiokafka import AIOKafkaProducer

from infra import faultpoints, store, telemetry, tracing
from infra.access import people
from infra.deciding.batch import Batch, DecidedLine, StateKey, asking, states_of
from infra.deciding.decision import Decision, deciding, reading
from infra.deciding.terms import KnownTerms
from infra.failing import FlowFailed
from infra.incarnations import asking_former, former, formers
from infra.kafka.lives import Now, Rewound
from infra.kafka.outbox import Left, Outbox
from infra.kafka.parking import FLOWS, OF_NOBODY, Failure, Parked, Parking, fault_of
from infra.kafka.records import AT_ONCE, Record, letter_of, read, tenant_of
from infra.plugin import Flow, Terms
from infra.postgres import DatabaseConnection, Engine, text
from infra.store import Asked
from schemas import envelope as envelopes
from schemas.audit import AuditRecord
from schemas.base import Message
from schemas.envelope import Envelope, NotYetReadable, Unreadable
from schemas.events import ChecksPassed, Fact, PlanApplied, ReviewAnswered
from schemas.plans import FIRST_PLAN
from schemas.settings import SettingsApplied
from schemas.topics import LARGEST, carrying

_log = telemetry.log(__name__)

_WORTH_HALVING = 100
"""Messages of a batch from which on two transactions side by side cost less than they save."""
_WAITING_PAGE = 200
_PARKED_PAGE = 200
_TOLD = SettingsApplied | ChecksPassed | PlanApplied
"""What is told to what waits for it."""
_LARGEST_ORDER = LARGEST - 1024
"""Bytes of an order: what Kafka counts besides is less than the rest."""

_LOCK = text("select pg_advisory_xact_lock(hashtextextended(t, 20)) from unnest(cast(:tenants as text[])) as t")
_ALREADY = text(
    """with r(t, p, o) as
         (select * from unnest(cast(:topics as text[]), cast(:partitions as int[]), cast(:offsets as bigint[])))
       select d.topic, d.partition, d."offset", d.fact_id from decided d
       join r on d.topic = r.t and d.partition = r.p and d."offset" = r.o
       union all
       select k.topic, k.partition, k."offset", k.fact_id from parked k
       join r on k.reader = :reader and k.topic = r.t and k.partition = r.p and k."offset" = r.o
       union all
       select r.t, r.p, r.o, null from r join audited a on a.topic = r.t and a.partition = r.p and r.o < a.forgotten"""
)
_WAITING = text(
    """select key, cast(state as text) as state from flow_state
       where flow = :flow and tenant = :tenant and waiting is not null and key > :after
         and (cast(:reasons as text[]) is null or waiting = any(cast(:reasons as text[])))
       order by key limit :page"""
)
_WRITE_SETTINGS = text(
    """with new as (
         insert into settings (tenant, version, body, applied_by, applied_at)
         values (:tenant, :version, cast(:body as jsonb), :applied_by, :at)
         on conflict (tenant) do update set version = excluded.version, body = excluded.body,
             applied_by = excluded.applied_by, applied_at = excluded.applied_at
         where excluded.version > settings.version
         returning *)
       insert into settings_history (tenant, version, body, applied_by, applied_at)
       select tenant, version, body, applied_by, applied_at from new on conflict do nothing"""
)


def topics_of(flows: Iterable[Flow]) -> tuple[str, ...]:
    """Return every topic that these flows read: their facts, answers, outcomes and settings."""
    facts: list[type[Message]] = [fact for flow in flows for fact in flow.facts]
    return carrying([*facts, ReviewAnswered, AuditRecord, SettingsApplied, ChecksPassed])


def _accepted(record: Record) -> Envelope[Any]:
    """Return the message that a record holds, with when Kafka had it."""
    return read(record).model_copy(update={"acceptedtime": record.timestamp})


_Read = tuple[Record, Envelope[Any]]


def _halves(messages: Sequence[_Read]) -> list[list[_Read]]:
    """Return messages in two parts, each company's in one of them, in their order."""
    sizes = Counter(message.tenant for _, message in messages)
    first, room = set[str](), len(messages) // 2
    for tenant, size in sizes.most_common():
        if size <= room:
            first.add(tenant)
            room -= size
    return [[one for one in messages if (one[1].tenant in first) is mine] for mine in (True, False)]


_Wanted = tuple[tuple[Flow, tuple[str, ...]], ...] | FlowFailed
"""The flows that decide a message, with the keys that it names; or what a flow raised."""
_Unread = tuple[Record, Unreadable, int]  # how often it was tried


class Decider:
    """Runs every flow's rules over records, whoever brings them: the Faust worker or the auditor.

    ``code`` names the code that decides: what another one has parked is tried again.
    """

    def __init__(self, engine: Engine, producer: AIOKafkaProducer, flows: Sequence[Flow], code: str = "") -> None:
        self._engine = engine
        self._outbox = Outbox(producer)
        self._flows = tuple(flows)
        self._facts = {flow.name: frozenset(flow.facts) for flow in self._flows}
        self._parking = Parking(FLOWS, code)
        self._terms = KnownTerms()

    def met(self, now: Now) -> None:
        """Take note of what each topic is now."""
        self._outbox.now = now

    async def decide(self, records: Sequence[Record]) -> None:
        """Decide records in their order; when this returns, their orders are in Kafka and their lines are written.

        Settings cut the sequence: what stands before them is decided with the old ones, what follows with the new ones.
        So do checks that passed, and plans that were applied: they too are told to what waits for them. And so do large
        records: parts of a ledger are a megabyte each, and hundreds of them may have waited.

        Raises:
            Rewound: other records than these were decided at their places.
            What ``AWAY`` names (``infra.kafka.meeting``).
        """
        plain: list[_Read] = []
        unreadable: list[_Unread] = []
        held = 0
        for record, value in zip(records, await self._opened(records), strict=True):
            size = len(value or b"")
            if held and held + size > AT_ONCE:
                await self._decide_plain(plain, unreadable)
                plain, unreadable, held = [], [], 0
            held += size
            try:
                message = _accepted(record if value is record.value else replace(record, value=value))
            except NotYetReadable as newer:
                await self._decide_plain(plain, unreadable)
                plain, unreadable = [], []
                await self._park((record, newer.head), Failure(newer.code, "", str(newer)))
                continue
            except Unreadable as error:
                unreadable.append((record, error, 1))
                continue
            if isinstance(message.data, _TOLD):
                await self._decide_plain(plain, unreadable)
                plain, unreadable = [], []
                await self._or_park((record, message), self._tell_waiting(record, message))
            else:
                plain.append((record, message))
        await self._decide_plain(plain, unreadable)

    async def _opened(self, records: Sequence[Record]) -> list[bytes | None]:
        """Return the values of records, with those of people opened; of most there are none, and nobody is asked."""
        if not any(people.is_sealed(record.value or b"") for record in records):
            return [record.value for record in records]
        async with self._engine.connect() as connection:
            opened = await people.opened(connection, [record.value or b"" for record in records])
        return [None if record.value is None else value for record, value in zip(records, opened, strict=True)]

    async def _decide_plain(self, messages: Sequence[_Read], unreadable: Sequence[_Unread]) -> None:
        """Decide messages: of a large batch half of the companies while the database writes down the other half."""
        halves = _halves(messages) if len(messages) >= _WORTH_HALVING else [list(messages)]
        parts = [self._decide_part(half, unreadable if number == 0 else ()) for number, half in enumerate(halves)]
        for failure in await asyncio.gather(*parts, return_exceptions=True):  # each has ended, however the others did
            if failure is not None:
                raise failure

    async def _decide_part(self, messages: Sequence[_Read], unreadable: Sequence[_Unread]) -> None:
        """Decide messages together; when one of them raises, each by itself: nobody but its own company waits."""
        if not messages and not unreadable:
            return
        try:
            left = await self._decide_together(messages, unreadable)
        except Exception as error:
            if fault_of(error) is None or not messages:
                raise
            await self._decide_part([], unreadable)
            for message in messages:
                await self._or_park(message, self._decide_together([message], []))
            return
        await self._outbox.emit(left)

    async def _or_park(self, message: _Read, deciding: Awaitable[Left]) -> None:
        try:
            left = await deciding
        except Exception as error:
            if (fault := fault_of(error)) is None:
                raise
            await self._park(message, fault)
            return
        await self._outbox.emit(left)

    async def _park(self, message: _Read, fault: Failure) -> None:
        """Let a message wait that cannot be decided, unless somebody else has decided or parked it meanwhile."""
        async with self._engine.begin() as connection:
            await store.together(connection, [_locking([message[1].tenant]), already := _already([message[0]])])
            if not _done(already, [message]):
                await self._parking.add(connection, [message], fault)
        faultpoints.reach("decide.parked")

    async def _retry(self, tenant: str) -> bool:
        """Decide a company's first parked record again; tell whether the one behind it may be tried."""
        async with store.alone(self._engine) as connection:
            first = await self._parking.first(connection, tenant)
        if first is None:
            return False
        try:
            left = await self._decide_parked(first)
        except Exception as error:
            if (fault := fault_of(error)) is None:
                raise
            async with self._engine.begin() as connection:
                await self._parking.again(connection, first, fault)
            return False
        await self._outbox.emit(left)
        return True

    async def _decide_parked(self, first: Parked) -> Left:
        [value] = await self._opened([first.record])
        try:
            message = _accepted(replace(first.record, value=value))
        except NotYetReadable:
            raise
        except Unreadable as error:  # to code that is newer, or older, than what parked it
            return await self._decide_together([], [(first.record, error, first.attempts + 1)], first.number)
        if isinstance(message.data, _TOLD):
            return await self._tell_waiting(first.record, message, first.number)
        return await self._decide_together([(first.record, message)], [], first.number)

    def _wanted(self, message: Envelope[Any]) -> _Wanted:
        """Return the flows that decide a message, with the keys it names; or what a flow raised, if it is decided."""
        try:
            return tuple(self._wanting(message))
        except FlowFailed as failed:
            return failed

    def _wanting(self, message: Envelope[Any]) -> Iterable[tuple[Flow, tuple[str, ...]]]:
        data = message.data
        for flow in self._flows:
            if _is_told(data) and type(data) not in self._facts[flow.name]:
                continue
            if keys := reading(flow, data):
                yield flow, keys

    async def _decide_together(
        self, messages: Sequence[_Read], unreadable: Sequence[_Unread], parked: int | None = None
    ) -> Left:
        """Decide messages in one transaction; return what is to be sent. ``parked``: it is this one, taken out."""
        wanting = [(record, message, self._wanted(message)) for record, message in messages]
        tenants = sorted({m.tenant for _, m in messages} | {tenant_of(r) for r, *_ in unreadable})
        removed, versions = asking_former(tenants), self._terms.asking(tenants)
        taking = [self._parking.taking(parked)] if parked is not None else []
        already = _already([r for r, _ in messages] + [r for r, *_ in unreadable])
        parking, reading_states = self._parking.asking(messages), asking(_states(wanting))
        async with self._engine.begin() as connection:
            left = await self._open(connection, tenants, *taking, already, removed, parking, versions, *reading_states)
            if taking and not taking[0].rows:
                return left
            done, gone = _done(already, messages), formers(removed)
            batch = Batch()
            todo = [
                (r, m) for r, m in messages if r.place not in done and not batch.is_of_a_removed_company(r, m, gone)
            ]
            if parked is None:
                todo = await self._parking.join(connection, todo, parking)
            for record, error, attempt in unreadable:
                if record.place not in done:
                    batch.bury(record, letter_of(record, FLOWS, error, attempt))
            still = {record.place for record, _ in todo}
            wanting = [one for one in wanting if one[0].place in still]
            await batch.take_in(connection, _states(wanting), reading_states)
            terms, strangers = await self._terms.read(connection, versions), self._terms.strangers(versions)
            for record, message, pairs in wanting:
                if isinstance(pairs, FlowFailed):
                    raise pairs
                if message.tenant in strangers and _is_told(message.data):
                    raise _of_nobody(message.tenant)
                line = DecidedLine(record, message.tenant, message.causationid or message.id, message.subject)
                line.span = _begin(record, message)
                batch.lines.append(line)
                for flow, keys in pairs:
                    await self._decide_one(connection, batch, flow, keys, message, terms[message.tenant], line)
            return await self._remember(connection, batch, left)

    async def _tell_waiting(self, record: Record, message: Envelope[Any], parked: int | None = None) -> Left:
        """Let what waits be reconsidered, a page at a time: under new settings, or after checks or a plan.

        What a message changes by itself counts before it is told, so that nothing begins to wait behind it.
        """
        told = message.data
        async with self._engine.begin() as connection:
            asked = self._parking.asking([(record, message)])
            await store.together(connection, [_locking([message.tenant]), already := _already([record]), asked])
            if parked is None and _done(already, [(record, message)]):
                return Left([], [])
            batch = Batch()
            if batch.is_of_a_removed_company(record, message, await former(connection, [message.tenant])):
                return await self._remember(connection, batch, Left([], []))
            if parked is None and not await self._parking.join(connection, [(record, message)], asked):
                return Left([], [])
            await self._take_effect(connection, batch, record, message)
            begun = await self._remember(connection, batch, Left([], [])) if batch.changed else Left([], [])
        if begun.outgoing:
            await self._outbox.emit(begun)
        rule, reasons = _telling(told)
        for flow in self._flows:
            if isinstance(told, PlanApplied) and told.flow != flow.name:
                continue
            after: str | None = ""
            while after is not None:
                after = await self._reconsider(flow, record, message, after, reasons)
        async with self._engine.begin() as connection:
            taking = [self._parking.taking(parked)] if parked is not None else []
            left = await self._open(connection, [message.tenant], removed := asking_former([message.tenant]), *taking)
            if taking and not taking[0].rows:
                return left
            batch = Batch()
            if not batch.is_of_a_removed_company(record, message, formers(removed)):  # nor since it was looked last
                batch.lines.append(DecidedLine(record, message.tenant, message.id, message.subject, rule))
            return await self._remember(connection, batch, left)

    async def _take_effect(
        self, connection: DatabaseConnection, batch: Batch, record: Record, message: Envelope[Any]
    ) -> None:
        """Write settings down, or let flows decide that a plan was applied; its line is written when all were told."""
        told = message.data
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
        if isinstance(told, PlanApplied):
            terms = (await self._terms.of(connection, [message.tenant]))[message.tenant]
            for flow, keys in self._wanting(message):
                line = DecidedLine(record, message.tenant, message.id, message.subject)
                await self._decide_one(connection, batch, flow, keys, message, terms, line)

    async def _reconsider(
        self, flow: Flow, record: Record, message: Envelope[Any], after: str, reasons: list[str] | None
    ) -> str | None:
        """Decide a page of what waits in a flow, from the key after ``after``; return its last key, None at the end."""
        async with self._engine.begin() as connection:
            left = await self._open(connection, [message.tenant])
            page = {"flow": flow.name, "tenant": message.tenant, "after": after, "page": _WAITING_PAGE}
            rows = (await connection.execute(_WAITING, page | {"reasons": reasons})).all()
            terms = (await self._terms.of(connection, [message.tenant]))[message.tenant]
            batch = Batch()
            states = await states_of(connection, [(flow, state) for _, state in rows])
            for (key, _), state in zip(rows, states, strict=True):
                place = (flow.name, message.tenant, key)
                batch.states.setdefault(place, state)
                line = DecidedLine(record, message.tenant, message.id, key)
                await self._decide_one(connection, batch, flow, (key,), message, terms, line)
            left = await self._remember(connection, batch, left)
        await self._outbox.emit(left)
        return rows[-1].key if rows else None

    async def sweep(self) -> None:
        """Send what a process left behind that died, forget what is sent, and decide what is parked and may go on."""
        async with self._engine.begin() as connection:
            left = await self._outbox.left_behind(connection)
        await self._outbox.emit(left)
        async with store.alone(self._engine) as connection:
            ready = await self._parking.ready(connection)
        for tenant in ready:
            for _ in range(_PARKED_PAGE):
                if not await self._retry(tenant):
                    break

    async def _open(self, connection: DatabaseConnection, tenants: Sequence[str], *asked: Asked) -> Left:
        """Lock companies for this transaction, and ask more; return what is left to send of them, and to forget."""
        opening = self._outbox.opening(tenants)
        await store.together(connection, [_locking(tenants), *opening.asked, *asked])
        return opening.left

    async def _decide_one(
        self,
        connection: DatabaseConnection,
        batch: Batch,
        flow: Flow,
        keys: tuple[str, ...],
        message: Envelope[Any],
        terms: Terms,
        line: DecidedLine,
    ) -> None:
        """Let a flow decide a message, reading what it asks for."""
        steps = deciding(flow, keys, message, terms)
        decision = next(steps)
        while not isinstance(decision, Decision):
            places = {key: (flow.name, message.tenant, key) for key in decision}
            if missing := {p: flow for p in places.values() if p not in batch.states}:
                await batch.read(connection, missing)
            decision = steps.send({key: batch.states[place] for key, place in places.items()})
        for key, kept in decision.kept.items():
            place = (flow.name, message.tenant, key)
            batch.keep(place, kept)
        for order in decision.orders:
            sent = envelopes.order(order, cause=message, accepted=line.record.timestamp)
            batch.orders.append((sent, line.span.traceparent))
        rules = dict.fromkeys(o.rule for o in decision.orders)
        line.rules = " ".join(filter(None, (line.rules, *rules)))
        batch.decisions.update((flow.name, rule) for rule in rules or ("nothing_to_do",))

    async def _remember(self, connection: DatabaseConnection, batch: Batch, left: Left) -> Left:
        """Write states, lines and orders in this transaction; return the orders with what was left to send before."""
        writing = await batch.writing(connection)
        sealed = await people.seal(connection, [((o.tenant, o.subject), o.data) for o, *_ in batch.orders])
        messages = [
            (o.tenant, o.data.TOPIC, o.id, _written(o if data is o.data else o.model_copy(update={"data": data})), hop)
            for (o, hop), data in zip(batch.orders, sealed, strict=True)
        ]
        messages += [(o.tenant, o.data.TOPIC, o.id, o.to_bytes(), "") for o in batch.letters]
        sending = self._outbox.writing(messages)
        await store.together(connection, [*writing, *sending])
        for labels, number in batch.decisions.items():
            telemetry.DECISIONS.labels(*labels).inc(number)
        for line in batch.lines:
            line.span.set(bokbuss__rules=line.rules)
            line.span.end()
        for order, *_ in batch.orders:
            _log.info(
                "decided",
                tenant=order.tenant,
                flow=order.data.flow,
                rule=order.data.rule,
                order_id=order.id,
                fact_id=order.causationid,
                trace_id=order.trace_id,
            )
        return Left(left.marked, [*left.outgoing, *self._outbox.written(messages, sending)])


def _is_told(data: Message) -> bool:
    """Tell whether it is what a source tells, and nobody's answer."""
    return isinstance(data, Fact) and not isinstance(data, ReviewAnswered)


def _of_nobody(tenant: str) -> FlowFailed:
    """Return why nothing is decided for a name that no company has: a hold there would be seen by nobody."""
    add = f"bokbuss tenant add {tenant}, and it goes on by itself"
    correct = "or its sender corrects the name and tells it anew, and this is discarded"
    return FlowFailed(f"no company is called {tenant}: {add}; {correct}", OF_NOBODY, "")


def _written(order: Envelope[Any]) -> bytes:
    """Return an order as it is sent, sealed. Raises FlowFailed where Kafka would never take it."""
    if len(value := order.to_bytes()) > _LARGEST_ORDER:
        kind, data = type(order.data).__name__, order.data
        said = f"flow {data.flow} gives a {kind} of {len(value)} bytes: no message may be as large"
        raise FlowFailed(said, "TooLarge", data.rule)
    return value


def _telling(told: Message) -> tuple[str, list[str] | None]:
    """Return the rule that the line of a message names, and the reasons of what it is told to; None: whatever waits."""
    match told:
        case ChecksPassed(codes=codes):
            return "what_waits_for_a_check_is_decided_again", list(codes)
        case PlanApplied():
            return "", [FIRST_PLAN]
        case _:
            return "settings_take_effect", None


def _states(wanting: Iterable[tuple[Record, Envelope[Any], _Wanted]]) -> dict[StateKey, Flow]:
    """Return the states that messages name, and the flow of each."""
    return {
        (flow.name, message.tenant, key): flow
        for _, message, pairs in wanting
        if not isinstance(pairs, FlowFailed)
        for flow, keys in pairs
        for key in keys
    }


def _locking(tenants: Sequence[str]) -> Asked:
    """Return what keeps everybody else from these companies until the transaction is over."""
    return Asked(_LOCK, {"tenants": list(tenants)})


def _already(records: Sequence[Record]) -> Asked:
    """Return what asks which of these records are decided or parked."""
    values = {
        "topics": [r.topic for r in records],
        "partitions": [r.partition for r in records],
        "offsets": [r.offset for r in records],
        "reader": FLOWS,
    }
    return Asked(_ALREADY, values)


def _done(already: Asked, messages: Iterable[_Read]) -> set[tuple[str, int, int]]:
    """Return the places that are decided or parked.

    Raises:
        Rewound: in one of them another fact was, as is known of all but what could not be read.
    """
    known = {(topic, partition, offset): fact_id for topic, partition, offset, fact_id in already.rows}
    for record, message in messages:
        here = (None, "/".join(map(str, record.place)), message.id, message.causationid)
        if known.get(record.place) not in here:
            raise Rewound(record.topic)
    return set(known)


def _begin(record: Record, message: Envelope[Any]) -> tracing.Span:
    return tracing.begin(
        f"decide {message.data.TOPIC}",
        "consumer",
        origin=message.traceparent,
        hop=record.hop,
        messaging__system="kafka",
        messaging__operation__type="process",
        messaging__destination__name=message.data.TOPIC,
        messaging__destination__partition__id=str(record.partition),
        messaging__kafka__offset=record.offset,
        bokbuss__tenant=message.tenant,
    )
