"""How much of Fortnox's budget a backlog uses, and how many calls one process makes, beside a bare httpx loop."""

import asyncio
import os
from statistics import mean, median
from typing import Any

from connectors.fortnox.settings import FortnoxSettings
from infra.delivery.budget import WINDOW
from tests.bench import loads
from tests.bench.house import House, Process, Sandbox, busy_seconds, cpu_seconds, now, until
from tests.bench.report import Report, Row

_ALLOWED = 25 / 5.0
"""Calls a second that Fortnox allows a company."""
_ROUND = FortnoxSettings().budget
"""Calls that a company may make in one window, by our own limit."""
_LIMIT_OF_ALL = 1_000_000
_MANY = 250
_FULL = 0.9
"""Of the machine, or of the one core that a process can use: then it is the cores that decide, not we."""
_ORDERS = 300
"""Of each company: more than it may send until the end of the window."""
_BEGINNING = 2 * WINDOW
"""Seconds in which companies that all begin at once come apart; a backlog takes minutes."""


async def measure_budget(*, quick: bool) -> Report:
    """Let one sinks process work on a backlog of more and more companies."""
    rows, notes = list[Row](), list[str]()
    for companies in (1, 50) if quick else (1, 10, 50, 100, 200):
        try:
            rows.append(await _budget(companies, 10.0 if quick else 15.0))
        except TimeoutError as error:  # the others' figures stand
            rows.append({"companies": companies, "met": False})
            notes.append(f"{companies} companies were not measured: {error}")
    notes += [
        "Share: vouchers that arrived in the window, of 25 in 5 s for each company (our own limit of 24 is 96 %).",
        "Processors: 1.00 is one core, of the machine's all; 'rest' is everything else that ran on this machine.",
    ]
    return Report("Budget used with a backlog, one sinks process", rows, notes)


async def _budget(companies: int, seconds: float) -> Row:
    async with House(companies) as house:
        sandbox = house.sandbox()
        await loads.publish(house.bootstrap, loads.orders(companies * _ORDERS, companies))
        sink = house.role("sinks")
        found = await _window(house, sandbox, sink, companies * _ORDERS, seconds, after=_BEGINNING)
        counted = sandbox.companies()
        shares = [calls / _ALLOWED for calls in found["by_company"]]
        full = ", cores full" if found["busy"] >= _FULL else ""
        full = full or (", its core full" if found["processors"]["client"] >= _FULL else "")
        return {
            "companies": companies,
            "share used": mean(shares),
            "lowest share": min(shares),
            "aim": f">= 0.95{full}",
            "busiest 5 s": max(company["busiest_window"] for company in counted),
            "429s": sum(company["throttled"] for company in counted),
            "calls/s": found["rate"],
            **found["processors"],
            "machine": found["busy"],
            "met": (bool(full) or mean(shares) >= 0.95) and not any(company["throttled"] for company in counted),
        }


async def measure_calls(*, quick: bool) -> Report:
    """Compare one sinks process with a bare loop, in turn, on one sandbox without its limit."""
    orders, rounds, seconds = (20_000, 1, 8.0) if quick else (60_000, 3, 12.0)
    found: dict[str, list[dict[str, Any]]] = {"one sinks process": [], "bare httpx": []}
    async with House(_MANY) as house:
        sandbox = house.sandbox(_LIMIT_OF_ALL)
        await loads.publish(house.bootstrap, loads.orders(orders, _MANY))
        vouchers = calls = 0
        for _ in range(rounds):
            counted = sandbox.companies()
            sink = house.role("sinks")
            found["one sinks process"].append(await _window(house, sandbox, sink, orders, seconds))
            house.end(sink)
            before, after = _totals(counted), _totals(sandbox.companies())
            calls, vouchers = calls + after[0] - before[0], vouchers + after[1] - before[1]
            urls = [house.environment[f"BOKBUSS_FORTNOX__{name}_URL"] for name in ("AUTH", "API")]
            bare = house.contender("httpx", *urls, "sandbox", "sandbox-secret", str(_MANY))
            found["bare httpx"].append(await _window(house, sandbox, bare, orders, seconds))
            house.end(bare)
    ratio = median(f["rate"] for f in found["one sinks process"]) / median(f["rate"] for f in found["bare httpx"])
    rows: list[Row] = [
        {
            "what": name,
            "calls/s": median(f["rate"] for f in rounds_found),
            "of bare httpx": median(f["rate"] for f in rounds_found) / median(f["rate"] for f in found["bare httpx"]),
            **rounds_found[-1]["processors"],
            "machine": rounds_found[-1]["busy"],
        }
        for name, rounds_found in found.items()
    ]
    rows[0] |= {"aim": "0.4 or more", "met": ratio >= 0.4}
    per_voucher = calls / vouchers
    rows.append(
        {"what": "calls per voucher", "calls/s": per_voucher, "aim": "1.05 or less", "met": per_voucher <= 1.05}
    )
    return Report(f"Calls of one process, {_MANY} companies, the same vouchers", rows)


def _totals(companies: list[dict[str, Any]]) -> tuple[int, int]:
    """Return the calls to Fortnox (tokens are another service's, and free) and the vouchers among them."""
    calls = sum(
        n for company in companies for route, n in company["calls"].items() if not route.startswith("POST /oauth")
    )
    return calls, sum(len(company["posts"]) for company in companies)


async def _window(
    house: House, sandbox: Sandbox, client: Process, orders: int, seconds: float, after: float = 0.0
) -> dict[str, Any]:
    """Wait until every company is at work and everything is journaled, then look at a window of time."""
    begun = now()

    def at_work() -> bool:
        recent = [sum(at >= begun for at in posts) for posts in sandbox.posts()]
        return min(recent) >= 25

    await until(at_work, 240, "25 vouchers from every company")
    if "sinks" in client.args:  # type: ignore[operator] # a list of words
        await until(lambda: house.count("journal") >= orders, 240, "orders journaled")
    await asyncio.sleep(after)
    processes = {
        "client": client.pid,
        "sandbox": sandbox.pid,
        "database": house.postgres.pid,
        "broker": house.kafka.pid,
    }
    before, busy, since = {name: cpu_seconds(pid) for name, pid in processes.items()}, busy_seconds(), now()
    await asyncio.sleep(seconds)
    upto = now()
    used = {name: (cpu_seconds(pid) - before[name]) / (upto - since) for name, pid in processes.items()}
    all_used = (busy_seconds() - busy) / (upto - since)
    within = [[at for at in posts if since <= at < since + seconds] for posts in sandbox.posts()]
    return {
        "by_company": [_rate(posts, seconds) for posts in within],
        "rate": sum(map(len, within)) / seconds,
        "processors": {**used, "rest": max(0.0, all_used - sum(used.values()))},
        "busy": all_used / _cores(),
    }


def _rate(posts: list[float], seconds: float) -> float:
    """Return a company's vouchers a second over whole rounds of its budget: each is a burst, and an end may cut one."""
    whole = (len(posts) - 1) // _ROUND * _ROUND
    return whole / (posts[whole] - posts[0]) if whole > 0 else len(posts) / seconds


def _cores() -> int:
    return len(os.sched_getaffinity(0))
