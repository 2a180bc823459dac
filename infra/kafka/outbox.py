"""The outbox: what was decided is written down with the decision, sent after the commit, and kept until it arrives.

Whoever it is for takes it out, a sink or the desk, as it writes it down. What only Kafka has would be lost with the
broker, and awaited for ever. What was not sent, because a process died or Kafka was away, is sent before anything new
of the same company, or by the sweep. Sending twice does no harm: ids are the same (DECISIONS 10).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from aiokafka import AIOKafkaProducer

from infra import clock, faultpoints, telemetry, tracing
from infra.kafka.lives import Now, name_in
from infra.postgres import DatabaseConnection, text
from infra.store import Asked, lines, together

_log = telemetry.log(__name__)

_LEFT_PAGE = 500
_LEFT_SECONDS = 5.0
"""Age at which an order that was not sent has no living sender, most likely."""
_LOOK_THROUGH = 60.0
"""Seconds between two looks at all that has not arrived: it may be much, while what it is for does not run."""

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
_UNSENT = text(
    """select id, tenant, topic, value from outbox
       where written_at < clock_timestamp() - make_interval(secs => :age) and id != all(cast(:sent as bigint[]))
         and sent_as is null
       order by tenant, id limit :page"""
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


ToSend = tuple[str, str, str, bytes, str]
"""A message to be written down: company, topic, id, bytes and hop."""


@dataclass(frozen=True, slots=True)
class Opening:
    """What a transaction begins with: the rows that it marks as sent, and what does so and asks for the others."""

    marked: Sequence[int]
    asked: Sequence[Asked]

    @property
    def left(self) -> Left:
        """What is left to do once the transaction is committed."""
        return Left(self.marked, [Outgoing(*row) for row in self.asked[-1].rows])


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
        self._looked: tuple[Now, float] | None = None
        """What each topic was when all rows were looked through last, and when that was (monotonic)."""

    def opening(self, tenants: Sequence[str]) -> Opening:
        """Return what marks in a transaction what is sent, and asks for what of these companies is not."""
        sent = dict(self._sent)
        marking = [Asked(_MARK_SENT, {"ids": list(sent), "names": list(sent.values())})] if sent else []
        return Opening(list(sent), [*marking, Asked(_LEFT, {"tenants": list(tenants), "sent": list(sent)})])

    async def left_behind(self, connection: DatabaseConnection) -> Left:
        """Return what nobody came for, and what this transaction marks."""
        opening = self.opening([])
        now, at = self.now, clock.monotonic()
        old = {"age": _LEFT_SECONDS, "sent": list(opening.marked), "page": _LEFT_PAGE}
        if all_of_it := self._looked is None or self._looked[0] != now or at - self._looked[1] >= _LOOK_THROUGH:
            old |= {"topics": list(now), "names": [one.name for one in now.values()]}
        behind = Asked(_LEFT_BEHIND if all_of_it else _UNSENT, old)
        await together(connection, [*opening.asked, behind])
        left = [Outgoing(*row) for row in behind.rows]
        if all_of_it and len(left) < _LEFT_PAGE:
            self._looked = now, at
        if left:
            _log.warning("orders were left behind", orders=len(left))
        return Left(opening.marked, left)

    @staticmethod
    def writing(messages: Sequence[ToSend]) -> list[Asked]:
        """Return what writes messages down in a transaction; nothing where there are none."""
        if not messages:
            return []
        tenants, topics, names, values, _ = zip(*messages, strict=True)
        written = {"tenants": list(tenants), "topics": list(topics), "messages": list(names)}
        return [Asked(_WRITE, written | {"values": b"\n".join(values).decode()})]

    @staticmethod
    def written(messages: Sequence[ToSend], asked: Sequence[Asked]) -> list[Outgoing]:
        """Return messages that are written down, as they are to be sent."""
        ids = [number for each in asked for (number,) in each.rows]
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


def arrived(messages: Iterable[str]) -> Asked:
    """Return what removes messages that have arrived: in its transaction they are written down to be carried out."""
    return Asked(_ARRIVED, {"messages": list(messages)})
