"""How long a company's vouchers pause when a process is ended or killed, while facts keep coming."""

import asyncio
import signal
from contextlib import suppress

from tests.bench import loads
from tests.bench.house import House, Sandbox, longest_pause, now, until
from tests.bench.report import Report, Row

_COMPANIES = 12
_EVERY = 0.5
"""Seconds between two facts of a company: half of what its budget allows, so that a backlog is gone in a moment."""
_SESSION = 10.0
_TERMINATED = 3.0
_KILLED = _SESSION + 3.0


async def measure(*, quick: bool) -> Report:
    """End processes one after the other; each is replaced before the next one ends."""
    repeats = 1 if quick else 2
    rows: list[Row] = []
    async with House(_COMPANIES) as house:
        sandbox = house.sandbox()
        await loads.publish(house.bootstrap, loads.settings(_COMPANIES))
        workers = {role: [house.role(role), house.role(role)] for role in ("flows", "sinks")}
        feeding = asyncio.create_task(_feed(house))
        await until(lambda: min(map(len, sandbox.posts())) >= 10, 60, "vouchers of every company")
        rows.append({"what": "nothing happens", "longest pause (s)": await _pause(sandbox, now(), 6.0)})
        for role, how, aim in [
            ("sinks", signal.SIGTERM, _TERMINATED),
            ("flows", signal.SIGTERM, _TERMINATED),
            ("sinks", signal.SIGKILL, _KILLED),
            ("flows", signal.SIGKILL, _KILLED),
        ]:
            pauses, joins = [], []
            for _ in range(repeats):
                ended = workers[role].pop(0)
                begun = now()
                ended.send_signal(how)
                pauses.append(await _pause(sandbox, begun, aim + 5.0))
                await asyncio.to_thread(ended.wait, 30)
                begun = now()
                workers[role].append(await asyncio.to_thread(house.role, role))
                joins.append(await _pause(sandbox, begun, 6.0))
            rows.append(
                {
                    "what": f"{how.name} of one of two {role} processes",
                    "longest pause (s)": max(pauses),
                    "aim": f"under {aim:.0f} s",
                    "as another joins (s)": max(joins),
                    "met": max(pauses) < aim,
                }
            )
        feeding.cancel()
        with suppress(asyncio.CancelledError):
            await feeding
    note = (
        f"The longest of {_COMPANIES} companies, each with a fact every {_EVERY} s; session time-out {_SESSION:.0f} s."
    )
    return Report("Pause in a company's vouchers", rows, [note])


async def _feed(house: House) -> None:
    """Send a fact of each company, over and over."""
    async with loads.producing(house.bootstrap) as producer:
        for fact in loads.facts(1_000_000, _COMPANIES):
            await producer.send_and_wait(fact.data.TOPIC, fact.to_bytes(), key=fact.tenant.encode())
            await asyncio.sleep(_EVERY / _COMPANIES)


async def _pause(sandbox: Sandbox, begun: float, seconds: float) -> float:
    await asyncio.sleep(max(0.0, begun + seconds - now()))
    end = now()
    return max(longest_pause(posts, begun, end) for posts in sandbox.posts())
