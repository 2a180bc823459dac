"""Seconds from accepted to the request at Fortnox, and what a day close costs, when nothing else is going on."""

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime
from random import Random

import httpx  # noqa: TID251 - the part of a till
from pydantic import SecretStr
from standardwebhooks import Webhook

from infra import store
from infra.access.vault import open_vault, signing_secret
from infra.settings import Settings
from schemas.events import DayClosed
from tests.bench import loads
from tests.bench.house import House, cpu_seconds, log_of, now, percentile, until
from tests.bench.report import Report

_COMPANIES = 10
_REST = 10.0
"""Seconds in which is measured what an installation uses at rest."""


async def measure(*, quick: bool) -> Report:
    """Deliver day closes over signed HTTP, one at a time, to companies in turn."""
    count = 40 if quick else 100
    random = Random(0)
    answered: list[float] = []
    async with House(_COMPANIES) as house:
        sandbox = house.sandbox()
        secrets = await _secrets(house)
        await loads.publish(house.bootstrap, loads.settings(_COMPANIES))
        roles = {role: house.role(role) for role in ("flows", "sinks", "sources")}
        pids = {"database": house.postgres.pid, "broker": house.kafka.pid}
        pids |= {role: process.pid for role, process in roles.items()}
        url = next(w for w in log_of(roles["sources"]).split() if w.startswith("http://"))
        await until(lambda: house.count("settings") == _COMPANIES, 60, "settings")
        async with httpx.AsyncClient() as till:

            async def deliver(number: int, pause: float) -> None:
                company = number % _COMPANIES
                answered.append(
                    await _deliver(till, f"{url}/v1/{loads.tenant(company)}/openpos", secrets[company], number)
                )
                await asyncio.sleep(pause)

            for number in range(_COMPANIES):
                await deliver(number, 1.0)
            resting = await _resting(pids)
            begun, used = now(), {name: cpu_seconds(pid) for name, pid in pids.items()}
            for number in range(_COMPANIES, _COMPANIES + count):
                await deliver(number, random.uniform(0.2, 0.3))
        await until(lambda: sum(map(len, sandbox.posts())) == _COMPANIES + count, 30, "vouchers")
        took_all = now() - begun
        costs = {name: (cpu_seconds(pid) - used[name] - resting[name] * took_all) / count for name, pid in pids.items()}
        accepted: dict[str, list[float]] = {loads.tenant(number): [] for number in range(_COMPANIES)}
        for record in await loads.records(house.bootstrap, DayClosed.TOPIC):
            accepted[record.key.decode()].append(record.timestamp / 1000)
        took = [
            [post - at for at, post in zip(accepted[loads.tenant(number)], posts, strict=True)]
            for number, posts in enumerate(sandbox.posts())
        ]
    first, later = [each[0] for each in took], [seconds for each in took for seconds in each[1:]]
    rows = [
        {"what": name, "p50 (s)": percentile(v, 0.5), "p99 (s)": percentile(v, 0.99), "longest (s)": max(v)}
        for name, v in (
            ("accepted until the request is at Fortnox", later),
            ("the same, a company's first since the start", first),
            ("delivery until 202", answered[_COMPANIES:]),
        )
    ]
    rows[0] |= {"aim": "p50 under 0.3 s", "met": percentile(later, 0.5) < 0.3}
    rows += [
        {"what": f"{name}: processor a day close (ms), and at rest (ms/s)", "a day close": cost * 1000, "at rest": rest}
        for (name, cost), rest in zip(costs.items(), (1000 * each for each in resting.values()), strict=True)
    ]
    return Report(
        "Latency when idle", rows, [f"{count} signed deliveries over HTTP, one at a time, {_COMPANIES} companies."]
    )


async def _resting(pids: Mapping[str, int]) -> dict[str, float]:
    """Return the share of a core that each process uses when nothing happens."""
    before = {name: cpu_seconds(pid) for name, pid in pids.items()}
    await asyncio.sleep(_REST)
    return {name: (cpu_seconds(pid) - before[name]) / _REST for name, pid in pids.items()}


async def _secrets(house: House) -> list[str]:
    """Give each company a secret to sign with, as ``bokbuss tenant add`` does."""
    engine = store.engine(house.postgres.url, 2)
    vault = await open_vault(engine, Settings(secret_key=SecretStr(house.environment["BOKBUSS_SECRET_KEY"])))
    await engine.dispose()
    secrets = [signing_secret() for _ in range(_COMPANIES)]
    with house.database() as database:
        for number, secret in enumerate(secrets):
            locked = vault.lock(secret, context=f"{loads.tenant(number)}/openpos")
            row = (loads.tenant(number), "openpos", locked)
            database.execute("insert into signing_secrets (tenant, system, secret) values (%s, %s, %s)", row)
    return secrets


async def _deliver(till: httpx.AsyncClient, url: str, secret: str, number: int) -> float:
    body, at, delivery = loads.z_report(number), datetime.now(UTC), f"delivery-{number}"  # noqa: TID251 - what a till would do
    headers = {
        "webhook-id": delivery,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": Webhook(secret).sign(delivery, at, body.decode()),
    }
    answer = await till.post(url, content=body, headers=headers)
    answer.raise_for_status()
    return answer.elapsed.total_seconds()
