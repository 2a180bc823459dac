"""A story of an upgrade with data in flight, and of the roll-back after it: nothing is lost, doubled or dead."""

import asyncio
import json
from pathlib import Path

import psycopg
from alembic import command
from alembic.config import Config
from psycopg import sql

from connectors.fortnox import sandbox
from infra import migrations, store
from infra.embedded.broker import EmbeddedKafka
from infra.kafka import parking
from infra.postgres import text
from infra.settings import Role
from schemas.audit import DeadLetter
from schemas.events import DayClosed
from tests.acceptance.house import database, opened, z_report
from tests.databases import through_sqlalchemy
from tests.infra.facts import day, message

MENDED = 2.0
BEFORE = "0010"
_COLUMNS = """select table_name, column_name from information_schema.columns
              where table_schema = 'public' and table_name <> 'alembic_version' order by ordinal_position"""
_NEXT = """update alembic_version set version_num = '0999'; comment on table alembic_version is 'works from {works}';
           alter table tenants add column region varchar; create table visits (id bigint primary key)"""


async def test_orders_in_flight_outlive_an_upgrade_and_a_roll_back(
    own_kafka: EmbeddedKafka, postgres_url: str, folder: Path
) -> None:
    """What waited before is booked after, once; a newer version's messages wait; its tables are worked with."""
    books, no_sinks = sandbox.Books(), ("sources", "flows")
    with (
        database(postgres_url) as url,
        database(postgres_url) as upgraded,
        psycopg.connect(upgraded, autocommit=True) as server,
    ):
        house_on = {"books": books, "hole_seconds": MENDED}
        async with opened(own_kafka.bootstrap, url, folder, **house_on) as house:  # type: ignore[arg-type] # of its parameters
            shop, other = await house.shop(), await house.shop("other")
            await house.deliver(shop, z_report(1))
            await house.ends_with(shop, 1)
            await house.command("tenant", "pause", shop.tenant)
            await house.deliver(shop, z_report(2))
            await house.decided(shop, facts=2)
        roles: tuple[Role, ...] = no_sinks  # type: ignore[assignment] # two of them
        async with opened(own_kafka.bootstrap, url, folder, roles, **house_on) as house:  # type: ignore[arg-type] # as above
            await house.deliver(shop, z_report(3))  # an order that only Kafka has
            await house.decided(shop, facts=3)
        await asyncio.to_thread(leave, url, upgraded)
        async with opened(own_kafka.bootstrap, upgraded, folder, **house_on) as house:  # type: ignore[arg-type] # as above
            await house.command("tenant", "resume", shop.tenant)
            await house.ends_with(shop, 3)
            await house.deliver(shop, z_report(4))
            await house.ends_with(shop, 4)
        server.execute(_NEXT.format(works=store.newest()))
        async with opened(own_kafka.bootstrap, upgraded, folder, **house_on) as house:  # type: ignore[arg-type] # as above
            await house.publish(DayClosed.TOPIC, shop.tenant, of_the_next_version(shop.tenant))

            async def waits() -> bool:
                return [p.code for p in await parking.listed(house.place.engine, shop.tenant)] == ["of_a_newer_version"]

            await house.until(shop, "the newer message waits for its version", waits)
            await house.deliver(other, z_report(1))
            await house.ends_with(other, 1)
            assert len(shop.vouchers) == 4
            async with house.place.engine.connect() as connection:
                letters = await connection.scalar(
                    text("select count(*) from dead_letters where topic = :t"), {"t": DeadLetter.TOPIC}
                )
            assert letters == 0
        server.execute("comment on table alembic_version is 'works from 0998'")
        engine = store.engine(upgraded, 2)
        try:
            await store.prepare(engine)
        except store.WrongSchema as error:
            assert "start a version that works from revision 0998 on" in str(error)  # noqa: PT017 - beside what is open
        else:
            raise AssertionError("tables that do not work with this version were taken")
        finally:
            await engine.dispose()


def leave(url: str, older: str) -> None:
    """Fill an empty database with what another one holds, in the tables of a revision of before."""
    config = Config()
    config.set_main_option("script_location", str(Path(str(migrations.__file__)).parent))
    engine = through_sqlalchemy(older)
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, BEFORE)
    engine.dispose()
    with psycopg.connect(url) as there, psycopg.connect(older) as here:
        columns: dict[str, list[str]] = {}
        for table, column in here.execute(_COLUMNS).fetchall():
            columns.setdefault(table, []).append(column)
        for table, names in columns.items():
            what = sql.SQL("{} ({})").format(sql.Identifier(table), sql.SQL(", ").join(map(sql.Identifier, names)))
            with (
                there.cursor().copy(sql.SQL("copy {} to stdout").format(what)) as out,
                here.cursor().copy(sql.SQL("copy {} from stdin").format(what)) as into,
            ):
                for some in out:
                    into.write(some)
        for (name,) in here.execute("select sequencename from pg_sequences").fetchall():
            last = there.execute("select last_value from pg_sequences where sequencename = %s", (name,)).fetchone()
            if last is not None and last[0] is not None:
                here.execute("select setval(%s, %s)", (name, last[0]))


def of_the_next_version(tenant: str) -> bytes:
    """Return a day close as the next version would tell it."""
    body = json.loads(message(tenant, day(77)).to_bytes())
    return json.dumps(body | {"type": "bokbuss.day-closed.v2", "source": "/connectors/openpos"}).encode()
