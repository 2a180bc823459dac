"""``make chaos``: real processes killed and stopped, a broker and a database killed, and a Fortnox that loses answers.

Exit code 0 only when every day close is exactly one voucher or one named hold, and every trace of it agrees.
"""

import argparse
import asyncio
import logging
import sys
import tempfile
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import aclosing, suppress
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path
from random import Random, SystemRandom

import psycopg
from psycopg.rows import TupleRow
from rich.console import Console

from infra import clock
from tests.chaos import oracle, report, tracing
from tests.chaos.havoc import STEPS, Havoc
from tests.chaos.others import Closing, Staff, compare_documents
from tests.chaos.report import Result
from tests.chaos.site import SESSION, SETTLE, Site, all_up, running, start, until
from tests.chaos.tills import YEAR, Tills

FAULTS = {
    "commit_then_lose_answer": 0.03,
    "commit_then_500": 0.02,
    "commit_then_html": 0.02,
    "reset_before_commit": 0.02,
    "html_without_commit": 0.02,
    "slow": 0.02,
    "slow_before_commit": 0.02,
    "late_commit": 0.02,
    "stale_list": 0.02,
    "unauthorized_mid_run": 0.01,
}
"""Chances of one call that posts a voucher: one in five goes wrong."""
_DRAINED_WITHIN = 240.0
_ACCEPTED_WITHIN = 120.0
_SENT_WITHIN = 60.0
_QUEUED = "select 1 from journal where state = 'queued' limit 1"
_OPEN = "select 1 from journal where state in ('queued', 'sending', 'unknown') limit 1"
_FENCED = "select tenant, state, found::text from fenced where opened_at is null"
_UNPUBLISHED = "select 1 from audit where published_at is null limit 1"
_console = Console(soft_wrap=True, highlight=False, markup=False)

STAFF_EVERY, CLOSING_EVERY = 2.0, 20.0
"""Seconds between two changes in HR, and between two batches of closing entries."""


@dataclass(frozen=True)
class Others:
    """What happens beside tills."""

    staff: Staff
    closing: Closing


def _others(site: Site, seed: str) -> Others:
    hires, closes, url = site.companies[0], site.companies[-1], site.workers["sources-1"].url
    program = Tills(closes.tenant, closes.secrets["spiris"], [url], Random(seed), system="spiris")
    staff = Staff(site, hires, Random(f"{seed}/staff"))
    return Others(staff, Closing(site, closes, Random(f"{seed}/closing"), program.post))


Disturb = Callable[[Havoc], AsyncIterator[None]]


async def chaos(
    folder: Path,
    *,
    seed: str,
    companies: int,
    every: float,
    disturb: Disturb,
    say: Callable[[str], None],
    aftermath: float = SETTLE,
) -> Result:
    """Run an installation under load, disturb it, let it drain, and compare.

    Args:
        every: seconds between two day closes of one company.
        disturb: the disturbances; each step of it is a round.
        aftermath: seconds after everything agreed, in which it must go on to agree.
    """
    async with running(folder, companies) as site:
        say(f"seed {seed}; the logs are in {folder}")
        await start(site, list(site.workers.values()))
        tills = [
            Tills(c.tenant, c.secret, [site.workers["sources-1"].url], Random(f"{seed}/{c.tenant}"), on_account=0.2)
            for c in site.companies
        ]
        others = _others(site, seed)
        await site.set_faults(FAULTS, seed)
        stop, begun = asyncio.Event(), clock.monotonic()
        load = [asyncio.create_task(till.work(every, stop)) for till in tills]
        load += [asyncio.create_task(others.staff.work(STAFF_EVERY, stop))]
        load += [asyncio.create_task(others.closing.work(CLOSING_EVERY, stop))]
        havoc, rounds = Havoc(site, Random(seed)), 0
        async with aclosing(disturb(havoc)) as steps:  # type: ignore[type-var] # it is a generator
            async for _ in steps:
                rounds += 1
                say(_progress(rounds, clock.monotonic() - begun, havoc, tills))
        seconds = clock.monotonic() - begun
        stop.set()
        await all_up(site)
        say("every process is up; waiting until all is accepted and sent")
        await until(lambda: all(task.done() for task in load), _ACCEPTED_WITHIN)
        await until(lambda: not site.query(_QUEUED), _SENT_WITHIN)
        await site.set_faults({}, seed)
        say("faults are off; waiting until everything agrees")
        findings, books, drained_in = await drain(site, tills, aftermath, others)
        for task in load:
            if not task.done():
                findings.add("not accepted", "somebody still waits for 202, or for an approval")
                task.cancel()
        await tracing.trace(site, books, havoc.nonsense, findings)
        for problem in (wrong for till in tills for wrong in till.wrong):
            findings.add("a delivery was refused", problem)
        verified = await _examine(site, findings)
        result = await report.tell(
            site,
            havoc,
            tills,
            books,
            findings,
            seed=seed,
            rounds=rounds,
            seconds=seconds,
            drained_in=drained_in,
            verified=verified,
        )
        if not result.holds:
            for line in report.logs_of(site):
                say(line)
        return result


async def _examine(site: Site, findings: oracle.Findings) -> tuple[int, str]:
    """Ask bokbuss itself: about the fence, each company's books, and the trail; return what it says of that."""
    for fenced in _fenced(site):
        findings.add("not opened by itself after a restore", str(fenced))
    verified = await site.bokbuss("audit", "verify")
    if verified[0] != 0:
        findings.add("bokbuss audit verify", verified[1][-1000:])
    for company in site.companies:
        proved = await site.bokbuss("ledger", "prove", company.tenant, "--year", str(YEAR))
        if proved[0] != 0:
            findings.add("bokbuss ledger prove", f"{company.tenant}: {proved[1][-1000:]}")
    return verified


async def drain(
    site: Site, tills: Sequence[Tills], aftermath: float, others: Others | None = None
) -> tuple[oracle.Findings, dict[str, list[oracle.Booked]], float]:
    """Wait until everything agrees, and then a little more; return what is wrong at the end."""
    begun, findings = clock.monotonic(), oracle.Findings()
    while True:
        drained_in = clock.monotonic() - begun
        if not await _disagreement(site, tills, others):
            await asyncio.sleep(aftermath)  # what is still on its way comes now
            break
        if drained_in > _DRAINED_WITHIN:
            findings.add("not drained", f"after {_DRAINED_WITHIN:.0f} s")
            break
        await asyncio.sleep(1.0)
    books = await oracle.books_of(site)
    await _compare(site, tills, others, books, findings)
    return findings, books, drained_in


async def _compare(
    site: Site,
    tills: Sequence[Tills],
    others: Others | None,
    books: Mapping[str, Sequence[oracle.Booked]],
    findings: oracle.Findings,
) -> None:
    """Compare everything that came in with everything that stands in Fortnox."""
    reports = [report for till in tills for report in till.reports]
    if others is None:
        oracle.compare(site, reports, (), books, findings)
        return
    registers = await oracle.registers_of(site)
    sales = [
        oracle.Once(r.tenant, r.sale_called, str(r.day), r.sale_moves, "vouchers beside invoices", r.on_account)
        for r in reports
        if r.on_account
    ]
    oracle.compare(site, reports, [*sales, *others.closing.entries], books, findings)
    compare_documents(sales, registers, findings)
    others.staff.compare(registers, findings)


async def _disagreement(site: Site, tills: Sequence[Tills], others: Others | None) -> bool:
    findings = oracle.Findings()
    with suppress(psycopg.OperationalError):
        if site.query(_OPEN) or site.query(_UNPUBLISHED) or await tracing.undecided(site):
            return True
        await _compare(site, tills, others, await oracle.books_of(site), findings)
        return bool(findings.problems)
    return True


def _progress(number: int, seconds: float, havoc: Havoc, tills: Sequence[Tills]) -> str:
    reports = sum(len(till.reports) for till in tills)
    waiting = sum(till.waiting for till in tills)
    return (
        f"round {number:3} at {seconds:4.0f} s: {reports} day closes, {waiting} not accepted yet, "
        f"{sum(havoc.done.values())} disturbances"
    )


async def short(havoc: Havoc) -> AsyncIterator[None]:
    """Disturb as much as fits into a minute: lost facts, two kills at named steps, a stop, rebalances.

    The first fact that is passed by may have been decided before its process began; then it leaves no hole.
    """
    await asyncio.gather(havoc.at_step("decide.skip", "skip"), havoc.at_step("lane.sending", "kill"))
    yield
    await asyncio.gather(havoc.at_step("decide.emitted", "kill"), havoc.pause("sinks", SESSION + 0.5))
    yield
    await havoc.at_step("decide.skip", "skip")
    yield


def _restoring(rounds: int | None, seconds: float) -> Disturb:
    """Restore the database again and again, while processes are killed at the steps that matter most for it."""

    async def disturb(havoc: Havoc) -> AsyncIterator[None]:
        begun, number = clock.monotonic(), 0
        steps = cycle(("lane.answered", "decide.remembered", "relay.published", "lane.sending", "decide.emitted"))
        while True:
            await asyncio.gather(havoc.restore(), havoc.at_step(next(steps), "kill"))
            await until(lambda: all(w.up.is_set() for w in havoc.site.workers.values()), _ACCEPTED_WITHIN)
            await until(lambda: not _fenced(havoc.site), _ACCEPTED_WITHIN)
            await asyncio.sleep(havoc.random.uniform(5.0, 20.0))  # it works for a while: what the next one takes back
            number += 1
            yield
            if number == rounds or clock.monotonic() - begun > seconds:
                return

    return disturb


def _fenced(site: Site) -> list[TupleRow]:
    """Return what is fenced off, or is about to be; while the database is away nobody knows."""
    with suppress(psycopg.OperationalError):
        return site.query(_FENCED)
    return [("the database is away",)]


def _long(rounds: int | None, seconds: float, only: str | None) -> Disturb:
    async def disturb(havoc: Havoc) -> AsyncIterator[None]:
        begun, number = clock.monotonic(), 0
        async for _ in havoc.rounds(only):
            number += 1
            yield
            if number == rounds or clock.monotonic() - begun > seconds:
                return

    return disturb


def main(arguments: Sequence[str] | None = None) -> int:
    """Run, print the report, and return the exit code."""
    parser = argparse.ArgumentParser(prog="make chaos", description=__doc__)
    parser.add_argument("--rounds", type=int, help="end after so many rounds (about 20 s each)")
    parser.add_argument("--seconds", type=float, default=450.0, help="end the load after so many seconds")
    parser.add_argument("--seed", help="repeat the choices of a run (what the machine makes of them differs)")
    parser.add_argument("--companies", type=int, default=6)
    parser.add_argument("--every", type=float, default=1.0, help="seconds between two day closes of a company")
    parser.add_argument("--only", choices=sorted(STEPS), help="disturb only at this step")
    parser.add_argument("--restores", action="store_true", help="restore the database again and again")
    parser.add_argument("--keep", action="store_true", help="keep the folder with the logs and the data")
    parser.add_argument("--json", action="store_true", help="print the numbers for programs")
    options = parser.parse_args(arguments)
    logging.getLogger("aiokafka").setLevel("CRITICAL")  # it is loud about a broker that is away on purpose
    seed = options.seed or str(SystemRandom().randrange(10**6))
    folder = Path(tempfile.mkdtemp(prefix="bokbuss-chaos-"))
    result = asyncio.run(
        chaos(
            folder,
            seed=seed,
            companies=options.companies,
            every=options.every,
            disturb=_restoring(options.rounds, options.seconds)
            if options.restores
            else _long(options.rounds, options.seconds, options.only),
            say=_console.print if not options.json else lambda _line: None,
        )
    )
    for line in [report.as_json(result)] if options.json else result.lines():
        _console.print(line)
    if result.holds and not options.keep:
        remove(folder)
    return 0 if result.holds else 1


def remove(folder: Path) -> None:
    """Remove a folder and what is in it, as far as that is possible."""
    for path in sorted(folder.rglob("*"), reverse=True):
        with suppress(OSError):
            path.rmdir() if path.is_dir() and not path.is_symlink() else path.unlink()
    with suppress(OSError):
        folder.rmdir()


if __name__ == "__main__":
    sys.exit(main())
