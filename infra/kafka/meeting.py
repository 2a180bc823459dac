"""What each topic is now, as this database knows it. What a new life of it lacks is given again, or named."""

from collections.abc import Mapping
from math import inf

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from infra import clock, postgres, registry, store, telemetry
from infra.failing import named
from infra.kafka.cluster import BrokerUnavailable, ensure_topics
from infra.kafka.lives import Life, Now, ask
from infra.postgres import DatabaseConnection, Engine, text
from infra.settings import KafkaSettings
from schemas.audit import AuditRecord
from schemas.settings import SettingsApplied
from schemas.topics import TOPICS

_log = telemetry.log(__name__)

AWAY = (*postgres.AWAY, KafkaError, BrokerUnavailable, OSError)
"""What is raised while the broker or the database is away: the same again will do. Everything else is a bug.

A database that can only be read, as a standby after a failover, or that ends transactions by itself, says so by an
``InternalError``.
"""
LOOK_SECONDS = 3.0
"""Between two looks whether the topics are still the same."""
_LOCK = text("select pg_advisory_xact_lock(7208552)")
_KNOWN = text("select topic, topic_id, max(number) from topic_lives group by topic, topic_id")
_MEET = text(
    """insert into topic_lives (topic, number, topic_id, cluster_id, met_at)
       select cast(:topic as text), coalesce(max(number), 0) + 1, :topic_id, :cluster_id, clock_timestamp()
       from topic_lives where topic = :topic returning number"""
)
_MOST_NAMED = 20
# An older copy of a broker lacks the orders' newest, too, and none of their offsets is known.
_SEND_AGAIN = text("update outbox set sent_as = null where id in (select id from outbox order by id for update)")
# The relay publishes them again. What stands before what the auditor proved is decided; clocks may differ by an hour.
_AUDIT_AGAIN = text(
    """with decided_upto as (
         select d.tenant, max(d.accepted_at) as at from decided d
         join audited a on a.topic = d.topic and a.partition = d.partition and d."offset" < a.upto
         where d.topic = :topic or starts_with(d.topic, cast(:topic as text) || '@') group by d.tenant)
       update audit set published_at = null
       where published_at is not null
         and published_at >= coalesce((select at from decided_upto u where u.tenant = audit.tenant), '-infinity')
                             - interval '1 hour'"""
)
# What was told of a system's records, or of an outbox's rows, and not decided is told again by a reading in full.
_TELL_AGAIN = (
    text("delete from sightings"),
    text("delete from readings"),
    text("delete from outbox_positions"),
)
_UNDECIDED = text(
    """delete from deliveries d
       where system = any(cast(:systems as text[])) and exists (
         select from jsonb_array_elements_text(d.event_ids) as e(id)
         where not exists (select from decided x where x.tenant = d.tenant and x.fact_id = e.id))
       returning tenant, system, delivery_id"""
)
_SETTINGS_NOT_TAKEN = text(
    """select t.tenant, t.settings_version from tenants t left join settings s using (tenant)
       where t.settings_version > coalesce(s.version, 0)"""
)


class Lives:
    """Asks the broker what its topics are, and remembers what was met."""

    def __init__(self, engine: Engine, producer: AIOKafkaProducer, kafka: KafkaSettings) -> None:
        self._engine = engine
        self._client = producer.client
        self._kafka = kafka
        self._looked: tuple[float, Now] = (-inf, {})

    async def look(self) -> Now:
        """Return what each topic is now. A new one is written down, and what it lacks is given again.

        Raises:
            What AWAY names: the broker or the database is away.
        """
        cluster, ids = await ask(self._client)
        if any(topic.name not in ids for topic in TOPICS):
            _log.warning("topics are missing, and are made", topics=[t.name for t in TOPICS if t.name not in ids])
            await ensure_topics(self._kafka)
            cluster, ids = await ask(self._client)
        async with store.alone(self._engine) as connection:
            known = await _known(connection)
        if any(place not in known for place in ids.items()):
            async with self._engine.begin() as connection:
                await connection.execute(_LOCK)
                known = await _known(connection)
                await self._meet(connection, cluster, {t: i for t, i in ids.items() if (t, i) not in known})
                known = await _known(connection)
        now = {topic: Life(topic, known[topic, topic_id], topic_id) for topic, topic_id in ids.items()}
        self._looked = clock.monotonic(), now
        return now

    async def changed(self, now: Now) -> None:
        """Return once a topic is another one than now. Who waits for that at the same time looks together."""
        while True:
            await clock.sleep(LOOK_SECONDS)
            at, seen = self._looked
            try:
                if (seen if clock.monotonic() - at < LOOK_SECONDS / 2 else await self.look()) != now:
                    return
            except AWAY as error:
                _log.warning("topics are looked at again", error=named(error))

    async def rewound(self, life: Life) -> None:
        """Begin another life of a topic that ended before what was read of it: its broker was restored from a copy."""
        async with self._engine.begin() as connection:
            await connection.execute(_LOCK)
            known = await _known(connection)
            if known[life.topic, life.topic_id] == life.number:
                await self._meet(connection, "", {life.topic: life.topic_id})
                await connection.execute(_SEND_AGAIN)

    @staticmethod
    async def _meet(connection: DatabaseConnection, cluster: str, ids: Mapping[str, str]) -> None:
        met = [
            Life(
                topic,
                int(await connection.scalar(_MEET, {"topic": topic, "topic_id": topic_id, "cluster_id": cluster}) or 1),
                topic_id,
            )
            for topic, topic_id in ids.items()
        ]
        if again := [one for one in met if one.number > 1]:
            telemetry.TOPICS_ANEW.inc(len(again))
            _log.error("topics were made anew: everything in them is read", topics=[one.name for one in again])
            await _give_again(connection, {one.topic: one.number for one in again})


async def _known(connection: DatabaseConnection) -> dict[tuple[str, str], int]:
    return {(topic, topic_id): number for topic, topic_id, number in await connection.execute(_KNOWN)}


async def _give_again(connection: DatabaseConnection, numbers: Mapping[str, int]) -> None:
    """Give again what may have stood in the lives before of these topics and was not taken in.

    Orders stay in the outbox until they have arrived, and are sent again by whoever sweeps it. Systems' records and
    tills' outboxes are read again. Other facts cannot be given again: their senders have them. A delivery of which a
    fact is not decided is forgotten, so that it is accepted when it comes again, and named.
    """
    if AuditRecord.TOPIC in numbers:
        await connection.execute(_AUDIT_AGAIN, {"topic": AuditRecord.TOPIC})
    if any(topic.startswith("facts.") for topic in numbers):
        for statement in _TELL_AGAIN:
            await connection.execute(statement)
    systems = [s.system for s in registry.sources().values() if {f.TOPIC for f in s.facts} & set(numbers)]
    lost = (await connection.execute(_UNDECIDED, {"systems": systems})).all()
    if lost:
        names = ["/".join(row) for row in lost[:_MOST_NAMED]]
        _log.error("deliveries were accepted and not decided: let them be sent again", number=len(lost), first=names)
    if SettingsApplied.TOPIC in numbers:
        for tenant, version in await connection.execute(_SETTINGS_NOT_TAKEN):
            _log.error("settings were not taken in: apply them again", tenant=tenant, version=version)
