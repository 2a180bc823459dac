"""``make soak``: an installation under an even load for an hour, each process restarted once: what grows, what stalls.

Memory, file descriptors, what waits and the tables are looked at all the time; the second quarter of the run is
compared with the last one. Exit code 0 only when all is bounded and each day close is one voucher or one named hold.
"""

import argparse
import asyncio
import logging
import re
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from statistics import median

from rich.console import Console
from rich.progress import Progress

from infra import clock
from tests.bench.house import cpu_seconds, percentile
from tests.bench.report import Report, Row
from tests.chaos.run import drain, remove
from tests.chaos.site import ROLES, Site, all_up, running, start, until
from tests.chaos.tills import Tills

_SOAKED = tuple((role, 2) for role, _ in ROLES)
"""Two of each: one of them is restarted while the other works."""
_SAMPLES = 120
_STALL = 3.0
_BETWEEN = 5.0
"""Seconds from when a restarted process listens until the next one is asked to end."""
_GROWTH = 1.25
_MEMORY_MORE, _FILES_MORE = 16.0, 12.0
"""MiB and descriptors that a process may gain whatever it holds: a connection more, a cache that fills."""
_ACCEPTED_WITHIN = 120.0
_HELD = re.compile(r"^VmRSS:\s*(\d+) kB$", re.MULTILINE)
_SIZES = """select relname, pg_total_relation_size(oid) from pg_class
            where relkind = 'r' and relnamespace = 'public'::regnamespace"""
_GROW_WITH_FACTS = ("journal", "audit", "decided", "flow_state", "deliveries")
_MUST_NOT_GROW = ("outbox", "leases", "budget_requests", "parked", "audited", "connections", "settings")
_WAIT = "select count(*) from journal where state in ('queued', 'sending', 'unknown')"
_BOOKED = "select tenant, key, min(finished_at) from journal where state = 'delivered' group by 1, 2"


@dataclass(frozen=True, slots=True)
class _Sample:
    at: float
    facts: int
    waiting: int
    memory: dict[str, float]
    files: dict[str, int]
    processor: dict[tuple[str, int], float]
    tables: dict[str, int]


@dataclass(slots=True)
class _Restarts:
    """When each process was asked to end, and when its successor listened (seconds of the day)."""

    spans: list[tuple[str, float, float]] = field(default_factory=list)


async def soak(folder: Path, *, seconds: float, companies: int, every: float, progress: Progress) -> Report:
    """Let it work for so long, restart each process once in the middle, and say what grew.

    Args:
        every: seconds between two day closes of one company.
    """
    async with running(folder, companies, _SOAKED) as site:
        await start(site, list(site.workers.values()))
        urls = [worker.url for worker in site.of("sources")]
        tills = [Tills(c.tenant, c.secret, urls, Random(f"soak/{c.tenant}")) for c in site.companies]
        stop, begun = asyncio.Event(), clock.monotonic()
        load = [asyncio.create_task(till.work(every, stop)) for till in tills]
        samples, restarts = list[_Sample](), _Restarts()
        rolling: asyncio.Task[None] | None = None
        task = progress.add_task("soak", total=seconds)
        while (passed := clock.monotonic() - begun) < seconds:
            samples.append(await asyncio.to_thread(_look, site, tills, passed))
            progress.update(task, completed=passed, description=f"soak: {samples[-1].facts:,} day closes")
            if rolling is None and passed >= seconds / 2:
                rolling = asyncio.create_task(_roll(site, restarts))
            await asyncio.sleep(max(1.0, seconds / _SAMPLES))
        if rolling is not None:
            await rolling
        stop.set()
        await until(lambda: all(each.done() for each in load), _ACCEPTED_WITHIN)
        progress.update(task, description="soak: waiting until everything agrees")
        findings, _, drained_in = await drain(site, tills, aftermath=0.0)
        for till, each in zip(tills, load, strict=True):
            if not each.done():
                findings.add("not accepted", f"{till.waiting} reports of {till.tenant} still wait for 202")
                each.cancel()
        for worker in site.workers.values():
            for code, line in worker.ended_by_itself:
                findings.add("ended by itself", f"{worker.name}, exit code {code}: {line}")
        rows = [*_grown(samples), *_processor(samples), *_slowest(site, tills, restarts)]
        agrees = not findings.problems
        rows.append({"what": "what is wrong at the end, as below", "last quarter": len(findings.problems)})
        rows[-1] |= {"aim": "none", "met": agrees}
        note = (
            f"{companies} companies, a day close every {every:g} s each, for {seconds:.0f} s: {samples[-1].facts:,}; "
            f"drained in {drained_in:.0f} s; two processes of each role, each restarted once in the middle."
        )
        return Report("Soak: what grows", rows, [note, *findings.lines()])


def _look(site: Site, tills: Sequence[Tills], passed: float) -> _Sample:
    memory, files, processor = dict[str, float](), dict[str, int](), dict[tuple[str, int], float]()
    servers = [("broker", site.kafka.pid), ("database", site.postgres.pid)]
    for name, pid in [*((w.name, w.pid) for w in site.workers.values()), *servers]:
        try:
            status = Path(f"/proc/{pid}/status").read_text()
            files[name] = len(list(Path(f"/proc/{pid}/fd").iterdir()))
            processor[name, pid] = cpu_seconds(pid)
        except OSError:
            continue  # it is being restarted
        if held := _HELD.search(status):  # a process that has ended, and that nobody has buried yet, holds nothing
            memory[name] = int(held[1]) / 1024
    return _Sample(
        passed,
        sum(len(till.reports) for till in tills),
        int(site.query(_WAIT)[0][0]),
        memory,
        files,
        processor,
        {table: int(size) for table, size in site.query(_SIZES)},
    )


async def _roll(site: Site, restarts: _Restarts) -> None:
    """Restart each process, one after the other, as a deployment does."""
    for worker in site.workers.values():
        begun = clock.now().timestamp()
        worker.up.clear()
        worker.terminate()
        await all_up(site)
        restarts.spans.append((worker.role, begun, clock.now().timestamp()))
        await asyncio.sleep(_BETWEEN)


def _grown(samples: Sequence[_Sample]) -> Iterator[Row]:
    quarter = len(samples) // 4
    early, late = samples[quarter : 2 * quarter], samples[-quarter:]
    for role in dict.fromkeys(name.partition("-")[0] for name in samples[-1].memory):
        for what, unit, more in (("memory", " (MiB)", _MEMORY_MORE), ("files", "", _FILES_MORE)):
            first, last = (
                max(median(values) for values in _of_role([getattr(s, what) for s in part], role))
                for part in (early, late)
            )
            yield _row(f"{role}: {what}{unit}", first, last, most=max(_GROWTH * first, first + more))
    first, last = (percentile([s.waiting for s in part], 0.95) for part in (early, late))
    yield _row(
        "orders that wait, 95th percentile", first, last, most=max(_GROWTH * first, first + samples[-1].facts / 200)
    )
    for table in _GROW_WITH_FACTS:
        first, last = (_bytes_a_fact(part, table) for part in (early, late))
        yield _row(f"{table}: bytes a day close", first, last, most=max(_GROWTH * first, first + 200))
    for table in _MUST_NOT_GROW:
        first, last = (median(s.tables[table] for s in part) / 1024 for part in (early, late))
        yield _row(f"{table}: KiB", first, last, most=max(_GROWTH * first, first + 512))


def _processor(samples: Sequence[_Sample]) -> Iterator[Row]:
    """Say what a day close costs each role, before anything was restarted."""
    quarter = len(samples) // 4
    first, last = samples[quarter], samples[2 * quarter - 1]
    used = defaultdict[str, float](float)
    for place in first.processor.keys() & last.processor.keys():
        used[place[0].partition("-")[0]] += last.processor[place] - first.processor[place]
    for role, seconds in sorted(used.items()):
        cost = seconds / max(1, last.facts - first.facts) * 1000
        yield {"what": f"{role}: processor a day close (ms)", "second quarter": cost}


def _of_role(values: Sequence[dict[str, float]], role: str) -> Iterator[list[float]]:
    for name in {name for each in values for name in each if name.partition("-")[0] == role}:
        yield [each[name] for each in values if name in each]


def _bytes_a_fact(samples: Sequence[_Sample], table: str) -> float:
    facts = samples[-1].facts - samples[0].facts
    return (samples[-1].tables[table] - samples[0].tables[table]) / max(1, facts)


def _row(what: str, first: float, last: float, most: float) -> Row:
    aim = f"{most:,.0f} or less" if most >= 100 else f"{most:,.1f} or less"
    return {"what": what, "second quarter": float(first), "last quarter": float(last), "aim": aim, "met": last <= most}


def _slowest(site: Site, tills: Sequence[Tills], restarts: _Restarts) -> Iterator[Row]:
    """Say how long the slowest day close took from its till to the books, while each role was restarted, and else."""
    booked = {(tenant, key): at.timestamp() for tenant, key, at in site.query(_BOOKED)}
    took = [
        (closed := report.closed_at.timestamp(), booked[report.tenant, report.key] - closed)
        for till in tills
        for report in till.reports
        if report.kind == "plain" and (report.tenant, report.key) in booked
    ]
    first, last = min(took)[0], max(took)[0]
    warm = [one for one in took if one[0] > first + (last - first) / 4]  # an installation that starts is no yardstick
    quiet = [t for at, t in warm if not any(begun - 2 * _STALL <= at <= ended for _, begun, ended in restarts.spans)]
    usual = percentile(quiet, 0.95)  # a busy machine is slow now and then, whoever is restarted
    yield {"what": "from a till to the books, median (s)", "last quarter": median(quiet)}
    yield {"what": "from a till to the books, 95th percentile (s)", "last quarter": usual}
    for role in dict.fromkeys(role for role, *_ in restarts.spans):
        spans = [(begun, ended) for each, begun, ended in restarts.spans if each == role]
        during = [t for at, t in took if any(begun - 2 * _STALL <= at <= ended + _BETWEEN for begun, ended in spans)]
        if during:
            stall = max(0.0, max(during) - usual)
            yield {
                "what": f"as {role} is restarted: the slowest, more than that (s)",
                "last quarter": stall,
                "aim": f"{_STALL:.0f} s or less",
                "met": stall <= _STALL,
            }


def main(arguments: Sequence[str] | None = None) -> int:
    """Run, print the table, and return the exit code."""
    parser = argparse.ArgumentParser(prog="make soak", description=__doc__)
    parser.add_argument("--seconds", type=float, default=3600.0, help="of load; %(default)s")
    parser.add_argument("--companies", type=int, default=100)
    parser.add_argument(
        "--every", type=float, default=20.0, help="seconds between two day closes of a company; %(default)s"
    )
    parser.add_argument("--keep", action="store_true", help="keep the folder with the logs and the data")
    options = parser.parse_args(arguments)
    logging.getLogger("aiokafka").setLevel("CRITICAL")
    console = Console(width=None if sys.stdout.isatty() else 150)
    folder = Path(tempfile.mkdtemp(prefix="bokbuss-soak-"))
    with Progress(console=console, transient=True) as progress:
        report = asyncio.run(
            soak(
                folder,
                seconds=options.seconds,
                companies=options.companies,
                every=options.every,
                progress=progress,
            )
        )
    report.show(console)
    holds = all(row.get("met") is not False for row in report.rows)
    if holds and not options.keep:
        remove(folder)
    else:
        console.print(f"the logs are in {folder}", highlight=False)
    return 0 if holds else 1


if __name__ == "__main__":
    sys.exit(main())
