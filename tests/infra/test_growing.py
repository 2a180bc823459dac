"""Tables grow for years: no statement reads the whole of one, but those that are named here with a reason."""

import importlib
import json
import pkgutil
import re
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest

from infra import store
from infra.postgres import Engine, Statement, text

GROWING = frozenset(
    ("journal", "audit", "decided", "held", "deliveries", "flow_state", "outbox", "plan_rows", "documents", "sightings")
)
READ_WHOLE = {
    "infra.companies._OPEN": "a company is removed; what has not arrived is little",
    "infra.delivery.waiting._HELD": "a person asks for every company's",
    "infra.delivery.waiting._NUMBER_HELD": "the same",
    "infra.delivery.waiting._HELD_CALLED": "the same",
    "infra.installation._WRITTEN_TO": "an installation is described",
    "infra.installation._CLOSE": "a restored database is opened; what has not arrived is little",
    "infra.intake.filling._OPEN": "the same; days past are filled in slowly",
    "infra.kafka.meeting._SEND_AGAIN": "a topic has a new life",
    "infra.kafka.meeting._AUDIT_AGAIN": "the same",
    "infra.kafka.meeting._TELL_AGAIN": "the same",
    "infra.kafka.outbox._LEFT_BEHIND": "once a minute, and when a topic has a new life",
    "infra.restoring.sweeping._ON_THE_WAY": "a restored database",
    "infra.retention._FORGET_DELIVERIES": "once an hour",
    "infra.showing.activity._LATEST": "a person asks for all of it; where a first day is said, an index leads there",
    "infra.showing.overview._FIND_IN_ALL": "a person looks for something in every company",
    "infra.trail._ALL_HEADS": "the trail is verified, which reads all of it",
    "infra.trail._NEWEST": "a person asks for every company's; it ends with the first page",
}
FILLED = (
    """insert into journal (order_id, place, sink, partition, tenant, key, type, fact_id, body, state, due_at,
                            accepted_at, journaled_at)
       select gen_random_uuid(), n, 'fortnox', 0, 'company-' || n % 50, 'key-' || n, 'bokbuss.post-voucher.v1',
              'fact-' || n, '{}', case n % 100 when 0 then 'queued' else 'delivered' end, now(), now(), now()
       from generate_series(1, 5000) n""",
    """insert into plans select gen_random_uuid(), 'company-' || n, 'employees', 'made', '{}', now()
       from generate_series(1, 50) n""",
    """insert into plan_rows select plan_id, n, 'same', 'do_nothing', '{}', null
       from plans, generate_series(1, 100) n""",
    "analyze journal, plans, plan_rows",
)
"""Of empty tables one way is as good as another."""
ROOT = Path(__file__).parents[2]


def statements() -> Iterator[tuple[str, str]]:
    """Yield every statement that a module holds, with its name."""
    for package in ("infra", "connectors"):
        for found in pkgutil.walk_packages([str(ROOT / package)], f"{package}."):
            if not re.search("migrations|__main__|sandbox", found.name):
                for name, value in vars(importlib.import_module(found.name)).items():
                    yield from ((f"{found.name}.{name}", one.sql) for one in clauses(value))


def clauses(value: Any) -> Iterator[Statement]:
    """Yield the statements in a value."""
    if isinstance(value, Statement):
        yield value
    elif isinstance(value, dict | tuple | list):
        for one in value.values() if isinstance(value, dict) else value:
            yield from clauses(one)


def numbered(statement: str) -> str:
    """Return a statement as the server prepares it."""
    names: dict[str, str] = {}
    return re.sub(r"%\((\w+)\)s", lambda m: names.setdefault(m[1], f"${len(names) + 1}"), statement).replace("%%", "%")


def nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield the nodes of a plan."""
    yield plan
    for inner in plan.get("Plans", ()):
        yield from nodes(inner)


@pytest.fixture
async def fresh(database_url: str) -> AsyncIterator[Engine]:
    """Yield a database that nobody has used: of another the server knows what stood in it, and plans by that."""
    made = store.engine(database_url, 2)
    await store.prepare(made)
    yield made
    await made.dispose()


async def test_no_statement_reads_the_whole_of_what_grows(fresh: Engine) -> None:
    """As a server plans it that avoids that wherever an index lets it, and knows no values."""
    whole, looked_at = set[str](), 0
    async with fresh.connect() as connection:
        partial = set(
            await connection.scalars(text("select indexrelid::regclass::text from pg_index where indpred is not null"))
        )
        for statement in (*FILLED, "set enable_seqscan = off"):
            await connection.execute(text(statement))
        driver = connection.driver
        for name, statement in statements():
            if not re.match(r"\s*(select|with|insert|update|delete)\b", statement):
                continue
            cursor = await driver.execute(f"explain (generic_plan, format json) {numbered(statement)}", prepare=False)
            [(explained,)] = await cursor.fetchall()
            looked_at += 1
            plan = explained if isinstance(explained, list) else json.loads(explained)
            for node in nodes(plan[0]["Plan"]):
                by_no_index = node["Node Type"] == "Seq Scan"
                by_all_of_one = "Index Cond" not in node and node.get("Index Name") not in {None, *partial}
                if node.get("Relation Name") in GROWING and (by_no_index or by_all_of_one):
                    whole.add(name)
    assert looked_at > 300
    assert whole <= READ_WHOLE.keys(), "an index must lead there, or READ_WHOLE say why it need not"
