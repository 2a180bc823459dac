"""What is needed no more goes, and what a decision rests on never does."""

from datetime import timedelta

from aiokafka import AIOKafkaProducer

from infra import clock, registry, retention
from infra.deciding.decider import Decider
from infra.kafka.parking import FLOWS
from infra.postgres import Engine, text
from infra.settings import KeepSettings
from schemas.settings import SettingsApplied
from tests.infra.facts import applied, day, record

KEEP = KeepSettings()
TOPIC = SettingsApplied.TOPIC
PARK = text(
    """insert into parked (reader, tenant, topic, partition, "offset", recorded_at, about, fact_id, state, code, rule,
                           reason, attempts, tried, parked_at)
       values (:reader, 'shop', :topic, 0, :offset, now(), '', '', 'waiting', '', '', '', 0, '{}', now())"""
)


async def aged(engine: Engine, topic: str, days: int) -> None:
    """Let what is decided be so many days old."""
    async with engine.begin() as connection:
        values = {"topic": topic, "at": clock.now() - timedelta(days=days)}
        await connection.execute(text("update decided set decided_at = :at where topic = :topic"), values)


async def proved(engine: Engine, topic: str, upto: int) -> None:
    """Let the auditor have come so far."""
    async with engine.begin() as connection:
        how = text("insert into audited (topic, partition, upto) values (:topic, 0, :upto)")
        await connection.execute(how, {"topic": topic, "upto": upto})


async def offsets(engine: Engine, topic: str) -> list[int]:
    """Return the offsets that have a line."""
    async with engine.connect() as connection:
        query = text('select "offset" from decided where topic = :topic order by "offset"')
        return list(await connection.scalars(query, {"topic": topic}))


async def test_lines_of_answers_go_and_their_records_stay_decided(
    engine: Engine, producer: AIOKafkaProducer, tenant: str
) -> None:
    """A company's last line stays, and so do the lines of facts, which explain its vouchers."""
    decider = Decider(engine, producer, registry.flows())
    told = [record(tenant, applied(tenant, version)) for version in (1, 2, 3)]
    fact = record(tenant, day(1))
    await decider.decide([*told, fact])
    await aged(engine, TOPIC, 31)
    await aged(engine, fact.topic, 3_000)
    for topic, last in ((TOPIC, told[-1]), (fact.topic, fact)):
        await proved(engine, topic, last.offset + 1)
    gone = await retention.forget(engine, KEEP)
    assert {table: rows for table, rows in gone.items() if rows} == {"decided": 2}
    assert await offsets(engine, TOPIC) == [told[-1].offset]
    assert await offsets(engine, fact.topic) == [fact.offset]
    await decider.decide(told)  # Kafka's group lost its offsets, say
    assert await offsets(engine, TOPIC) == [told[-1].offset]
    assert not any((await retention.forget(engine, KEEP)).values())


async def test_no_line_goes_that_is_young_or_not_proved_or_behind_what_is_parked(
    engine: Engine, producer: AIOKafkaProducer, tenant: str
) -> None:
    """What is parked is decided later; nobody may take it for decided by where it stands."""
    decider = Decider(engine, producer, registry.flows())
    told = [record(tenant, applied(tenant, version)) for version in range(1, 6)]
    await decider.decide([one for one in told if one is not told[2]])
    async with engine.begin() as connection:
        await connection.execute(PARK, {"reader": FLOWS, "topic": TOPIC, "offset": told[2].offset})
    await retention.forget(engine, KEEP)
    assert len(await offsets(engine, TOPIC)) == 4  # nothing is proved
    await proved(engine, TOPIC, told[-1].offset + 1)
    await retention.forget(engine, KEEP)
    assert len(await offsets(engine, TOPIC)) == 4  # everything is young
    await aged(engine, TOPIC, 31)
    await retention.forget(engine, KEEP)
    assert await offsets(engine, TOPIC) == [one.offset for one in told[3:]]
    async with engine.connect() as connection:
        assert await connection.scalar(text("select max(forgotten) from audited")) == told[2].offset


async def test_deliveries_and_ended_sessions_go_and_an_accounts_last_one_stays(engine: Engine) -> None:
    """The last one says when its person was here."""
    async with engine.begin() as connection:
        for days in (10, 399, 401, 500):
            await connection.execute(
                text(
                    "insert into deliveries values ('shop', 'till', :id, '', '[]', now() - make_interval(days => :d))"
                ),
                {"id": str(days), "d": days},
            )
        for person in (1, 2):
            for days in (100, 200):
                await connection.execute(
                    text(
                        """insert into sessions (sha256, session_id, account_id, made_at, seen_at, ends_at, address,
                                                 agent)
                           select cast(gen_random_uuid() as text), gen_random_uuid(),
                                  cast(:who as uuid), t, t, t + interval '1 day', '', ''
                           from (select now() - make_interval(days => :d)) as x(t)"""
                    ),
                    {"who": f"00000000-0000-0000-0000-00000000000{person}", "d": days},
                )
    gone = await retention.forget(engine, KEEP)
    assert {table: rows for table, rows in gone.items() if rows} == {"deliveries": 2, "sessions": 2}
    async with engine.connect() as connection:
        assert set(await connection.scalars(text("select delivery_id from deliveries"))) == {"10", "399"}
        ages = text("select extract(day from now() - made_at)::int from sessions")
        assert list(await connection.scalars(ages)) == [100, 100]


async def test_a_plan_that_nobody_applied_goes_and_what_was_applied_stays(engine: Engine) -> None:
    """Of each company and flow the newest stays, however old; a row that was applied explains what was done."""
    made = (
        ("newest", "made", 400, ()),
        ("old", "made", 91, ()),
        ("young", "made", 89, ()),
        ("in part", "made", 91, (1,)),
        ("dropped", "dropped", 91, (2,)),
        ("applied", "applied", 91, (1, 2)),
    )
    async with engine.begin() as connection:
        for name, state, days, applied_rows in made:
            tenant = "quiet" if name == "newest" else "shop"
            values = {"tenant": tenant, "state": state, "days": days, "name": name, "rows": list(applied_rows)}
            await connection.execute(
                text(
                    """with plan as (
                         insert into plans select gen_random_uuid(), :tenant, 'employees', cast(:state as text),
                           jsonb_build_object('name', cast(:name as text), 'state', cast(:state as text)),
                           now() - make_interval(days => :days) returning plan_id)
                       insert into plan_rows select plan_id, n, 'same', 'do_nothing',
                           jsonb_build_object('applied_at', case when n = any(:rows) then '2026-01-01' end), null
                       from plan, generate_series(1, 2) n"""
                ),
                values,
            )
    gone = await retention.forget(engine, KEEP)
    assert (gone["plan_rows"], gone["plans"]) == (3, 1)
    query = """select body ->> 'name', state, body ->> 'state',
                      (select count(*) from plan_rows r where r.plan_id = p.plan_id) from plans p order by 1"""
    async with engine.connect() as connection:
        assert [tuple(row) for row in await connection.execute(text(query))] == [
            ("applied", "applied", "applied", 2),
            ("dropped", "dropped", "dropped", 1),
            ("in part", "made", "made", 2),
            ("newest", "made", "made", 2),
            ("young", "made", "made", 2),
        ]
