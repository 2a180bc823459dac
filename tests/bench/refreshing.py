"""Forced renewals of one company's tokens by four processes: how many a second, and what faults cost."""

import tempfile
from pathlib import Path

from infra import clock, store
from infra.embedded.database import EmbeddedPostgres
from tests.bench.report import Report
from tests.connectors.fortnox.token_driver import Endpoint, storm

_PROCESSES = 4
_FAULTS = 0.05
_WITHIN = 10.0


async def measure(*, quick: bool) -> Report:
    """Lose answers, kill and stop processes, and count the consents that became necessary without a lost answer."""
    forced = 200 if quick else 1000
    endpoint = Endpoint(seed=1, faults=_FAULTS)
    with tempfile.TemporaryDirectory(prefix="bokbuss-bench-") as folder, EmbeddedPostgres(Path(folder)) as postgres:
        engine = store.engine(postgres.url, 4)
        await store.prepare(engine)
        begun = clock.monotonic()
        logs = Path(folder) / "refreshers"
        logs.mkdir()
        found = await storm(engine, postgres.url, logs, endpoint, forced=forced, processes=_PROCESSES)
        seconds = clock.monotonic() - begun
        await engine.dispose()
    waited = [each for each in found.consents if each is not None]
    for_nothing = len(found.consents) - len(waited)
    rows = [
        {
            "what": "forced renewals",
            "value": len(found.said),
            "aim": f"{forced} or more",
            "met": len(found.said) >= forced,
        },
        {"what": "pairs exchanged", "value": endpoint.exchanged},
        {"what": "consents after a lost answer", "value": len(waited)},
        {"what": "consents for nothing", "value": for_nothing, "aim": "0", "met": for_nothing == 0},
        {
            "what": "longest until it says so (s)",
            "value": max(waited),
            "aim": f"under {_WITHIN:.0f}",
            "met": max(waited) < _WITHIN,
        },
    ]
    disturbed = (
        f"{_PROCESSES} processes, {_FAULTS:.0%} of calls fail, a process is killed or stopped every other second"
    )
    notes = [f"{disturbed}; {seconds:.0f} s in all, most of them waits after lost answers."]
    return Report("Refresh under contention", rows, notes)
