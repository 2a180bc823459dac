"""What a run did and what it came to, as numbers and as lines to print."""

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from tests.chaos.havoc import Havoc
from tests.chaos.oracle import DOUBLED, LOST, MARK_NOT_ONCE, Booked, Findings, Tally
from tests.chaos.site import Site
from tests.chaos.tills import Report, Tills, total
from tests.chaos.workers import events

_RESTORED = "bokbuss: The database was restored"
_CANNOT_START = 2
"""The exit code of a process that does not find the broker or the database; a service manager starts it again."""


@dataclass
class Result:
    """The numbers of a run. ``problems`` is empty when every promise was kept."""

    seed: str
    rounds: int
    seconds: float
    done: Mapping[str, int]
    not_reached: Mapping[str, int]
    ended_by_themselves: Mapping[str, int]
    told: Mapping[str, int]
    reports: int
    facts_accepted: int
    vouchers: int
    held: int
    duplicates: int
    losses: int
    skipped: int
    holes_mended: int
    faults: Mapping[str, int]
    calls: Mapping[str, int]
    throttled: int
    longest_stall: float
    drained_in: float
    verified: str
    table: Sequence[Tally] = field(default_factory=list)
    problems: Sequence[str] = field(default_factory=list)

    @property
    def fault_share(self) -> float:
        """Faults as a share of the calls that write something new."""
        return sum(self.faults.values()) / max(1, self.writes)

    @property
    def writes(self) -> int:
        """The calls that write something new."""
        return sum(times for route, times in self.calls.items() if route.startswith("POST /3/"))

    @property
    def holds(self) -> bool:
        """Tell whether every promise was kept."""
        return not self.problems

    def lines(self) -> Iterator[str]:
        """Tell it all."""
        yield f"seed {self.seed}, {self.rounds} rounds in {self.seconds:.0f} s"
        yield f"disturbances: {sum(self.done.values())}"
        yield from (f"    {count:4} {name}" for name, count in sorted(self.done.items()))
        if self.not_reached:
            yield f"steps that no process came by in time: {dict(self.not_reached)}"
        yield f"processes that ended by themselves: {sum(self.ended_by_themselves.values())}"
        yield from (f"    {count:4} {why}" for why, count in self.ended_by_themselves.items())
        yield f"deliveries: {dict(self.told)}"
        yield f"day closes: {self.reports}, contents accepted: {self.facts_accepted}"
        yield f"vouchers: {self.vouchers}; open holds: {self.held}"
        yield f"duplicates: {self.duplicates}; losses: {self.losses}"
        yield f"facts passed by on purpose: {self.skipped}; holes that the auditor mended: {self.holes_mended}"
        faults = ", ".join(f"{name} {count}" for name, count in sorted(self.faults.items()))
        yield f"faults in {self.fault_share:.0%} of {self.writes} calls that write something new: {faults}"
        per_voucher = sum(self.calls.values()) / max(1, self.vouchers)
        yield f"calls for each voucher: {per_voucher:.2f}; 429s earned: {self.throttled}"
        yield f"longest stall: {self.longest_stall:.1f} s without a voucher while one was waited for"
        yield f"drained in {self.drained_in:.0f} s"
        yield f"audit verify: {self.verified}"
        yield f"{'':<26}{'asked':>7}{'stand':>7}{'held':>6}{'lost':>6}{'doubled':>9}"
        for line in self.table:
            yield f"{line.kind:<26}{line.asked:>7}{line.stand:>7}{line.held:>6}{line.lost:>6}{line.doubled:>9}"
        yield from self.problems
        yield "every promise was kept" if self.holds else "BROKEN"


async def tell(
    site: Site,
    havoc: Havoc,
    tills: Sequence[Tills],
    books: Mapping[str, Sequence[Booked]],
    findings: Findings,
    *,
    seed: str,
    rounds: int,
    seconds: float,
    drained_in: float,
    verified: tuple[int, str],
) -> Result:
    """Gather the numbers of a run."""
    companies = (await site.ask_sandbox("calls"))["companies"]
    reports = [report for till in tills for report in till.reports]
    flows = [log for worker in site.of("flows") for log in worker.logs]
    mended = {
        (event["topic"], event["partition"], offset)
        for log in flows
        for event in events(log, "holes mended")
        for offset in event["offsets"]
    }
    workers = site.workers.values()
    hung = Counter({f"{w.name} hung after SIGTERM, kill -9": w.hung for w in workers if w.hung})
    ended: Counter[str] = Counter()
    for worker in workers:
        for code, why in worker.ended_by_itself:
            ended[f"{worker.role}, exit code {code}: {why}"] += 1
            if code != _CANNOT_START and not why.startswith(_RESTORED):
                findings.add("a process ended by itself", f"{worker.name}, exit code {code}: {why}")
    return Result(
        seed=seed,
        rounds=rounds,
        seconds=seconds,
        done=havoc.done + hung,
        not_reached=havoc.not_reached,
        ended_by_themselves=ended,
        told=total(till.sent for till in tills),
        reports=len(reports),
        facts_accepted=sum(len(report.accepted) for report in reports),
        vouchers=sum(map(len, books.values())),
        held=site.query("select count(*) from held where closed_at is null")[0][0],
        duplicates=max(findings.count(DOUBLED), findings.count(MARK_NOT_ONCE)),
        losses=findings.count(LOST),
        skipped=sum(log.read_text(errors="replace").count("faultpoint decide.skip") for log in flows),
        holes_mended=len(mended),
        faults=total(Counter(company["faults"]) for company in companies),
        calls=total(Counter(company["calls"]) for company in companies),
        throttled=sum(company["throttled"] for company in companies),
        longest_stall=_longest_stall(reports, books),
        drained_in=drained_in,
        verified="passed" if verified[0] == 0 else verified[1].strip()[-500:],
        table=findings.table,
        problems=list(findings.lines()),
    )


def _longest_stall(reports: Sequence[Report], books: Mapping[str, Sequence[Booked]]) -> float:
    """Return the longest time in seconds without a voucher while one was waited for."""
    first: dict[tuple[str, str], datetime] = {}
    for tenant, vouchers in books.items():
        for voucher in vouchers:
            place = tenant, voucher.key
            first[place] = min(first.get(place, voucher.at), voucher.at)
    waits = [(r.accepted[0], first[r.tenant, r.key]) for r in reports if r.accepted and (r.tenant, r.key) in first]
    booked = sorted(at for _, at in waits)
    longest, before = 0.0, None
    for at in booked:
        waiting_since = min(accepted for accepted, done in waits if done >= at)
        begun = waiting_since if before is None else max(before, waiting_since)
        longest, before = max(longest, (at - begun).total_seconds()), at
    return longest


def logs_of(site: Site, lines: int = 15) -> Iterator[str]:
    """Tell where the logs are, and the end of each process's newest one."""
    yield f"the logs are in {site.folder}"
    for worker in site.workers.values():
        yield f"--- {worker.name}"
        yield worker.tail(lines)


def as_json(result: Result) -> str:
    """Return the numbers for programs."""
    values: dict[str, Any] = {name: getattr(result, name) for name in result.__dataclass_fields__}
    return json.dumps(values, default=str, ensure_ascii=False)
