"""Seconds from accepted to the request at Fortnox, when nothing else is going on."""

import asyncio
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
from tests.bench.house import House, log_of, percentile, until
from tests.bench.report import Report

_COMPANIES = 10


async def measure(*, quick: bool) -> Report:
    """Deliver day closes over signed HTTP, one at a time, to companies in turn."""
    count = 40 if quick else 100
    random = Random(0)
    answered: list[float] = []
    async with House(_COMPANIES) as house:
        sandbox = house.sandbox()
        secrets = await _secrets(house)
        await loads.publish(house.bootstrap, loads.settings(_COMPANIES))
        house.role("flows")
        house.role("sinks")
        url = next(w for w in log_of(house.role("sources")).split() if w.startswith("http://"))
        await until(lambda: house.count("settings") == _COMPANIES, 60, "settings")
        async with httpx.AsyncClient() as till:
            for number in range(_COMPANIES + count):
                company = number % _COMPANIES
                answered.append(
                    await _deliver(till, f"{url}/v1/{loads.tenant(company)}/openpos", secrets[company], number)
                )
                await asyncio.sleep(1.0 if number < _COMPANIES else random.uniform(0.2, 0.3))
        await until(lambda: sum(map(len, sandbox.posts())) == _COMPANIES + count, 30, "vouchers")
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
    return Report(
        "Latency when idle", rows, [f"{count} signed deliveries over HTTP, one at a time, {_COMPANIES} companies."]
    )


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
