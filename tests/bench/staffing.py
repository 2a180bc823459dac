"""A first sync of many employees on each side, and seconds from a change that is accepted to the PUT at Fortnox."""

import asyncio
import json
import sys
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

import httpx  # noqa: TID251 - it asks the sandboxes how often they were called
from pydantic import SecretStr

from connectors.alexishr import translate
from infra import clock, store
from infra.access.connections import Connections
from infra.access.vault import open_vault
from infra.intake.accepting import Acceptor
from infra.kafka import cluster
from infra.postgres import Engine, text
from infra.settings import KafkaSettings, Settings
from schemas import envelope as envelopes
from schemas.audit import AuditRecord
from schemas.events import EmployeeChanged
from schemas.settings import EmployeesSettings, SettingsApplied, TenantSettings
from tests.bench import loads
from tests.bench.house import House, log_of, peak_memory, percentile, until
from tests.bench.report import Report, Row
from tests.bench.staff_programs import company

_PROGRAMS = str(Path(__file__).parent / "staff_programs.py")
_TENANT = loads.tenant(0)
_SETTINGS = EmployeesSettings(system="alexishr", source_of_truth="hr", street_line=2)
_ZONE = ZoneInfo(_SETTINGS.zone)
_HOUR = 3_600.0
_TOLD = text(
    """select body::text from audit where tenant = :tenant and body ->> 'outcome' in ('delivered', 'already_there')
       and body ->> 'fact_id' = any(cast(:ids as text[]))"""
)


async def measure(*, quick: bool) -> Report:
    """Read, plan, apply, and then change one person after the other in HR."""
    people, changes = (1_000, 30) if quick else (10_000, 100)
    async with House(1) as house:
        hr, fortnox = (_start(house, name, str(people)) for name in ("hr", "fortnox"))
        house.environment |= {
            "BOKBUSS_ALEXISHR__API_URL": f"{hr}/v1",
            "BOKBUSS_FORTNOX__API_URL": f"{fortnox}/3",
            "BOKBUSS_FORTNOX__AUTH_URL": f"{fortnox}/oauth-v1",
            "BOKBUSS_FORTNOX__EMPLOYEES_SECONDS": str(_HOUR),  # what is not asked for here does not count
        }
        engine = store.engine(house.postgres.url, 4)
        settings = Settings(secret_key=SecretStr(house.environment["BOKBUSS_SECRET_KEY"]), _env_file=None)
        vault = await open_vault(engine, settings)
        await Connections(engine, vault).consented(
            _TENANT, "alexishr", grant_type="token", refresh="sandbox-token", consented_by="bench"
        )
        applied = SettingsApplied(
            tenant=_TENANT, version=1, applied_by="bench", settings=TenantSettings(employees=_SETTINGS)
        )
        message = envelopes.wrap(
            applied, message_id=f"settings/{_TENANT}/1", source="/bench", time=clock.now(), tenant=_TENANT
        )
        await loads.publish(house.bootstrap, [message])
        flows = house.role("flows")
        await until(lambda: house.count("settings") == 1, 60, "settings")
        planned = await _figures(house, "plan", _TENANT)
        held = peak_memory(flows.pid)
        house.end(flows)
        before = await _calls(fortnox)
        working = house.start(sys.executable, _PROGRAMS, "roles", wait_for="ready")
        done = await _figures(house, "apply", planned["plan"])
        wrote = Counter(await _calls(fortnox)) - Counter(before)
        producer = await cluster.producer(KafkaSettings(bootstrap=house.bootstrap))
        acceptor = Acceptor(engine=engine, producer=producer, vault=vault)
        took = await _live(house, engine, acceptor, people, changes)
        await producer.stop()
        await engine.dispose()
        held = max(held, peak_memory(working.pid))
    rows = _rows(people, planned, done, held, took)
    orders = done["orders"]
    notes = [
        "Of twenty, one is in HR only, one in Fortnox only, two have another city there, the others are the same.",
        f"Progress was told {planned['said']} times while both sides were read.",
        f"{orders:,} records were written by {sum(wrote.values()):,} calls: "
        + ", ".join(f"{count:,} {route}" for route, count in sorted(wrote.items())),
        "Fortnox's sandbox had no limit here; the real one's 24 calls in 5 s give 4.8 calls/s.",
        f"Accepted to PUT: {changes} changes of single people, one at a time, all in one process.",
    ]
    return Report(f"Employees: {people:,} on each side", rows, notes)


def _rows(
    people: int, planned: Mapping[str, Any], done: Mapping[str, Any], held: float, took: list[float]
) -> list[Row]:
    fortnox_calls, pages = planned["fortnox calls"], -(-people // 500)
    p99 = percentile(took, 0.99)
    return [
        {
            "what": "calls to list Fortnox",
            "value": fortnox_calls,
            "aim": f"{pages} to {2 * pages}",
            "met": pages <= fortnox_calls <= 2 * pages,
        },
        {"what": "calls to list Alexis HR", "value": planned["alexishr calls"]},
        {"what": "both sides read (s)", "value": planned["read"]},
        {"what": "then until every fact was learned (s)", "value": planned["learned"]},
        {
            "what": "plan computed and kept (s)",
            "value": planned["planned"],
            "aim": "under 3",
            "met": planned["planned"] < 3,
        },
        {
            "what": "peak memory of that process (MiB)",
            "value": planned["peak"],
            "aim": "under 300",
            "met": planned["peak"] < 300,
        },
        {"what": "peak memory of flows and sinks (MiB)", "value": held},
        {"what": "rows of the plan", "value": planned["rows"]},
        {"what": "rows applied per second", "value": done["rows"] / done["seconds"]},
        {"what": "records written per second", "value": done["orders"] / done["seconds"]},
        {
            "what": "rows not done",
            "value": done["rows"] - done["done"],
            "aim": "0",
            "met": done["rows"] == done["done"],
        },
        {"what": "accepted to PUT, p50 (s)", "value": percentile(took, 0.5)},
        {"what": "accepted to PUT, p99 (s)", "value": p99, "aim": "under 1", "met": p99 < 1},
    ]


def _start(house: House, *arguments: str) -> str:
    return log_of(house.start(sys.executable, _PROGRAMS, *arguments, wait_for="http://")).strip()


async def _figures(house: House, *arguments: str) -> dict[str, Any]:
    """Run a program to its end and return what it says."""
    process = house.start(sys.executable, _PROGRAMS, *arguments)
    await until(lambda: process.poll() is not None, _HOUR / 2, " ".join(arguments))
    if process.returncode:
        raise RuntimeError(log_of(process)[-2_000:])
    found: dict[str, Any] = json.loads(log_of(process).splitlines()[-1])
    return found


async def _calls(url: str) -> dict[str, int]:
    async with httpx.AsyncClient(timeout=60) as client:
        answer = (await client.get(f"{url}/_sandbox/calls")).raise_for_status()
    found: dict[str, int] = answer.json()["companies"][0]["calls"]
    return found


async def _live(house: House, engine: Engine, acceptor: Acceptor, people: int, changes: int) -> list[float]:
    """Change titles in HR, one person at a time; return the seconds from Kafka's time of each to its PUT."""
    hr, random = company(people), Random(0)
    linked = [key for number, key in enumerate(hr.records["employee"]) if number % 20]
    fact_ids = []
    for number, key in enumerate(linked[: changes + 1]):
        employments = [each for each in hr.records["employment"].values() if each["employeeId"] == key]
        known = translate.person(hr.records["employee"][key], employments, translate.Chosen(_ZONE))
        changed = known.model_copy(
            update={"changed_at": clock.now(), "fields": known.fields.model_copy(update={"title": f"Chef {number}"})}
        )
        fact_ids += await acceptor.accept_facts(_TENANT, "alexishr", [changed])
        await asyncio.sleep(random.uniform(0.3, 0.4))
    wanted, told = set(fact_ids), dict[str, AuditRecord]()
    deadline = clock.monotonic() + 60
    while wanted - told.keys():
        if clock.monotonic() > deadline:
            raise TimeoutError(f"{len(wanted - told.keys())} changes did not arrive")
        async with engine.connect() as connection:
            bodies = await connection.scalars(_TOLD, {"tenant": _TENANT, "ids": fact_ids})
            told = {(one := AuditRecord.model_validate_json(body)).fact_id: one for body in bodies}
        await asyncio.sleep(0.5)
    at = {
        envelopes.decode(record.value).id: record.timestamp / 1000
        for record in await loads.records(house.bootstrap, EmployeeChanged.TOPIC)
    }
    puts = {fact: next(c.at for c in record.calls if c.request.startswith("PUT")) for fact, record in told.items()}
    return [puts[fact].timestamp() - at[fact] for fact in fact_ids[1:]]  # the first one opens what stays open
