"""The outbox: what was decided is written down with the decision, sent after the commit, and kept until it arrives.

Whoever it is for takes it out, a sink or the desk, as it writes it down. What only Kafka has would be lost with the
broker, and awaited for ever. What was not sent, because a process died or Kafka was away, is sent before anything new
of the same company, or by the sweep. Sending twice does no harm: ids are the same (DECISIONS 10).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from aiokafka import AIOKafkaProducer
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from infra import faultpoints, telemetry, tracing
from infra.kafka.lives import Now, name_in
from infra.store import lines

_log = telemetry.log(__name__)

_LEFT_PAGE = 500
_LEFT_SECONDS = 5.0
"""Age at which an order that was not sent has no living sender, most likely."""

_WRITE = text(
    f"""insert into outbox (tenant, topic, message_id, value, written_at)
       select t, p, m, convert_to(v, 'UTF8'), clock_timestamp()
       from unnest(cast(:tenants as text[]), cast(:topics as text[]), cast(:messages as text[]), {lines(":values")})
            as x(t, p, m, v)
       returning id"""  # noqa: S608 - no values in it
)
_LEFT = text(
    """select id, tenant, topic, value from outbox
       where tenant = any(cast(:tenants as text[])) and sent_as is null and id != all(cast(:sent as bigint[]))
       order by id"""
)
# What another life of the topic has, as far as it had not arrived, is not in this one.
_LEFT_BEHIND = text(
    """select id, tenant, topic, value from outbox o
       where written_at < clock_timestamp() - make_interval(secs => :age) and id != all(cast(:sent as bigint[]))
         and sent_as is distinct from coalesce((select n from unnest(cast(:topics as text[]), cast(:names as text[]))
                                                  as x(t, n) where t = o.topic), o.topic)
       order by id limit :page"""
)
# A row that is locked is being removed.
_MARK_SENT = text(
    """update outbox o set sent_as = x.n
       from (select id from outbox where id = any(cast(:ids as bigint[])) order by id for update skip locked) as mine
       join unnest(cast(:ids as bigint[]), cast(:names as text[])) as x(i, n) on x.i = mine.id
       where o.id = mine.id"""
)
_ARRIVED = text(
    """delete from outbox where id in
         (select id from outbox where message_id = any(cast(:messages as text[])) order by id for update)"""
)


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A message of the outbox."""

    id: int
    tenant: str
    topic: str
    value: bytes
    hop: str = ""
    """The traceparent of the step that wrote it; of what was left behind nobody knows."""


@dataclass(frozen=True, slots=True)
class Left:
    """What is left to do once a transaction is committed: rows that it marked as sent, and messages to send."""

    marked: Sequence[int]
    outgoing: Sequence[Outgoing]


class Outbox:
    """What this process has sent, and what is to be sent.

    Attributes:
        now: what each topic is; what another life of it has is sent again.
    """

    def __init__(self, producer: AIOKafkaProducer) -> None:
        self._producer = producer
        self.now: Now = {}
        self._sent: dict[int, str] = {}
        """Rows that Kafka has acknowledged, and which life of their topic; the next transaction marks them."""

    async def open(self, connection: AsyncConnection, tenants: Sequence[str]) -> Left:
        """Mark in this transaction what is sent; return it, with what of these companies is not."""
        sent = dict(self._sent)
        if sent:
            await connection.execute(_MARK_SENT, {"ids": list(sent), "names": list(sent.values())})
        rows = await connection.execute(_LEFT, {"tenants": list(tenants), "sent": list(sent)})
        return Left(list(sent), [Outgoing(*row) for row in rows])

    async def left_behind(self, connection: AsyncConnection) -> Left:
        """Return what nobody came for, and what this transaction marks."""
        marked = (await self.open(connection, [])).marked
        names = {"topics": list(self.now), "names": [one.name for one in self.now.values()]}
        old = {"age": _LEFT_SECONDS, "sent": list(marked), "page": _LEFT_PAGE}
        left = [Outgoing(*row) for row in await connection.execute(_LEFT_BEHIND, old | names)]
        if left:
            _log.warning("orders were left behind", orders=len(left))
        return Left(marked, left)

    @staticmethod
    async def write(
        connection: AsyncConnection, messages: Sequence[tuple[str, str, str, bytes, str]]
    ) -> list[Outgoing]:
        """Write messages (company, topic, id, bytes, hop) down in this transaction."""
        if not messages:
            return []
        tenants, topics, names, values, _ = zip(*messages, strict=True)
        written = {"tenants": list(tenants), "topics": list(topics), "messages": list(names)}
        ids = await connection.scalars(_WRITE, written | {"values": b"\n".join(values).decode()})
        return [Outgoing(number, t, p, v, hop) for number, (t, p, _, v, hop) in zip(ids, messages, strict=True)]

    async def emit(self, left: Left) -> None:
        """Send what a transaction left to send, now that it is committed, and wait until Kafka has it all."""
        for marked in left.marked:
            self._sent.pop(marked, None)
        faultpoints.reach("decide.remembered")
        now = self.now
        acknowledged = [
            await self._producer.send(o.topic, o.value, key=o.tenant.encode(), headers=tracing.headers(o.hop))
            for o in left.outgoing
        ]
        for future in acknowledged:
            await future
        faultpoints.reach("decide.emitted")
        self._sent.update((o.id, name_in(now, o.topic)) for o in left.outgoing)


async def arrived(connection: AsyncConnection, messages: Iterable[str]) -> None:
    """Remove messages that have arrived: in this transaction they are written down where they are carried out."""
    await connection.execute(_ARRIVED, {"messages": list(messages)})
