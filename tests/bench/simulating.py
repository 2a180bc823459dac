"""Other settings simulated on many day closes: how long it takes, and that memory does not grow with them."""

import json
import os
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg

from connectors.desk.settings_files import to_yaml
from infra import clock, store
from infra.embedded.database import EmbeddedPostgres
from infra.plugin import Terms
from schemas.settings import PaymentAccount, TenantSettings
from streams.daysales import FLOW
from tests.bench import loads
from tests.bench.house import BOKBUSS
from tests.bench.report import Report, Row

_FEW, _MANY = 1_000, 100_000
_GROWTH = 1.5
_TENANT = loads.tenant(0)
_MULTIPLY = """insert into flow_state (flow, tenant, key, state)
    select flow, tenant, key || '/' || n, state from flow_state, generate_series(1, %s) as more(n)"""
_INSERT_SETTINGS = """insert into settings (tenant, version, body, applied_by, applied_at)
    values (%s, 1, %s, 'bench', now())"""


async def measure(*, quick: bool) -> Report:
    """Simulate another account for cards on few day closes, and then on many."""
    many = _MANY // 10 if quick else _MANY
    rows: list[Row] = []
    with tempfile.TemporaryDirectory(prefix="bokbuss-bench-") as name, EmbeddedPostgres(Path(name)) as postgres:
        engine = store.engine(postgres.url, 2)
        await store.prepare(engine)
        await engine.dispose()
        file = Path(name) / "other.yaml"
        file.write_text(to_yaml(_other()))
        with psycopg.connect(postgres.url, autocommit=True) as database:
            database.execute("insert into tenants (tenant, created_at) values (%s, now())", [_TENANT])
            database.execute(_INSERT_SETTINGS, [_TENANT, loads.SETTINGS.model_dump_json()])
            copying = "copy flow_state (flow, tenant, key, state) from stdin"
            with database.cursor() as cursor, cursor.copy(copying) as copy:
                for key, state in _states(_FEW):
                    copy.write_row((FLOW.name, _TENANT, key, state))
            rows.append(_simulated(postgres.url, file, _FEW))
            database.execute(_MULTIPLY, [many // _FEW - 1])  # the same days, of other registers
            rows.append(_simulated(postgres.url, file, many))
    few, more = (row["peak, MiB"] for row in rows)
    rows[1] |= {"growth": more / few, "aim": f"bounded: {_GROWTH} times or less", "met": more / few <= _GROWTH}
    return Report("Other settings simulated (bokbuss settings simulate)", rows, ["The whole command, on two cores."])


def _other() -> TenantSettings:
    """Return settings in which cards have another account."""
    daysales = loads.SETTINGS.daysales
    if daysales is None:
        raise TypeError("the bench's settings have day sales")
    payments = (PaymentAccount(method="card", account=1580), *(p for p in daysales.payments if p.method != "card"))
    return TenantSettings(daysales=daysales.model_copy(update={"payments": payments}))


def _states(closes: int) -> Iterator[tuple[str, str]]:
    """Yield what the flow remembers of day closes that it has decided: keys and states."""
    terms = Terms(loads.SETTINGS, 1)
    for fact in loads.facts(closes, 1):
        states = {key: FLOW.state() for key in FLOW.reads(fact.data)}
        for key, state in FLOW.evolve(states, fact, FLOW.decide(states, fact, terms)).items():
            yield key, state.model_dump_json()


def _simulated(url: str, file: Path, closes: int) -> Row:
    """Run the command over so many day closes, all of which have cards."""
    words = ("settings", "simulate", _TENANT, str(file), "--since", "2026-01-01", "--json")
    environment = {**os.environ, "BOKBUSS_DATABASE__URL": url, "BOKBUSS_KAFKA__BOOTSTRAP": "127.0.0.1:9"}
    begun = clock.monotonic()
    with (file.parent / f"{closes}.json").open("wb") as out:
        process = subprocess.Popen([BOKBUSS, *words], env={**environment, "BOKBUSS_DATA": str(file.parent)}, stdout=out)
        _, status, used = os.wait4(process.pid, 0)
    seconds = clock.monotonic() - begun
    found = json.loads((file.parent / f"{closes}.json").read_text())
    if status or (found["reports"], found["changed"]) != (closes, closes):
        raise RuntimeError(f"simulated otherwise: {status}, {found['reports']}, {found['changed']}")
    return {
        "what": f"{closes:,} day closes",
        "seconds": seconds,
        "of processor": used.ru_utime + used.ru_stime,
        "day closes/s of it": closes / (used.ru_utime + used.ru_stime),
        "peak, MiB": used.ru_maxrss / 1024,
    }
