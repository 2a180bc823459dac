"""The outbox: what was decided is written down with the decision, sent once that is committed, and then forgotten.

What was written down and not sent, because a process died or Kafka was away, is sent before anything new of the same
company, or by the sweep. Sending twice does no harm: ids are the same (DECISIONS 10).
"""

from collections.abc import Sequence
from dataclasses import dataclass

from aiokafka import AIOKafkaProducer
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from infra import faultpoints, telemetry
from infra.store import lines

_log = telemetry.log(__name__)

_LEFT_PAGE = 500
_LEFT_SECONDS = 5.0
"""Age at which an order that was not sent has no living sender, most likely."""

_WRITE = text(
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


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A message of the outbox."""

    id: int
    tenant: str
    topic: str
    value: bytes


@dataclass(frozen=True, slots=True)
class Left:
    """What is left to do once a transaction is committed: rows that it deleted, and messages to send."""

    forgotten: Sequence[int]
    outgoing: Sequence[Outgoing]


class Outbox:
    """What this process has sent, and what is to be sent."""

    def __init__(self, producer: AIOKafkaProducer) -> None:
        self._producer = producer
        self._sent: set[int] = set()
        """Rows that Kafka has acknowledged; the next transaction deletes them."""

    async def open(self, connection: AsyncConnection, tenants: Sequence[str]) -> Left:
        """Forget in this transaction what is sent; return it, with what of these companies is not."""
        sent = list(self._sent)
        if sent:
            await connection.execute(_FORGET_SENT, {"sent": sent})
        rows = await connection.execute(_LEFT, {"tenants": list(tenants), "sent": sent})
        return Left(sent, [Outgoing(*row) for row in rows])

    async def left_behind(self, connection: AsyncConnection) -> Left:
        """Return what nobody came for, and what this transaction forgets."""
        forgotten = (await self.open(connection, [])).forgotten
        old = {"age": _LEFT_SECONDS, "sent": list(forgotten), "page": _LEFT_PAGE}
        left = [Outgoing(*row) for row in await connection.execute(_LEFT_BEHIND, old)]
        if left:
            _log.warning("orders were left behind", orders=len(left))
        return Left(forgotten, left)

    @staticmethod
    async def write(connection: AsyncConnection, messages: Sequence[tuple[str, str, bytes]]) -> list[Outgoing]:
        """Write messages (company, topic, bytes) down in this transaction."""
        if not messages:
            return []
        tenants, topics, values = zip(*messages, strict=True)
        written = {"tenants": list(tenants), "topics": list(topics), "values": b"\n".join(values).decode()}
        ids = await connection.scalars(_WRITE, written)
        return [Outgoing(number, *message) for number, message in zip(ids, messages, strict=True)]

    async def emit(self, left: Left) -> None:
        """Send what a transaction left to send, now that it is committed, and wait until Kafka has it all."""
        self._sent.difference_update(left.forgotten)
        faultpoints.reach("decide.remembered")
        acknowledged = [await self._producer.send(o.topic, o.value, key=o.tenant.encode()) for o in left.outgoing]
        for future in acknowledged:
            await future
        faultpoints.reach("decide.emitted")
        self._sent.update(o.id for o in left.outgoing)
