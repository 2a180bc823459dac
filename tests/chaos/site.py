"""A whole installation in a folder: broker, database, sandbox and every role as real processes, two of most."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import psycopg
from psycopg.rows import TupleRow

from infra import clock
from infra.companies import add, apply_settings
from infra.embedded.broker import EmbeddedKafka
from infra.embedded.database import EmbeddedPostgres
from infra.embedded.owner import free_port
from infra.http import Client
from infra.kafka.cluster import ensure_topics, producer
from infra.office import office
from infra.settings import DatabaseSettings, KafkaSettings, Settings
from schemas.settings import AbsenceCause, EmployeesSettings, InvoicingSettings, TenantSettings, YearEndSettings
from tests.chaos import tills
from tests.chaos.workers import BOKBUSS, Worker

SESSION = 6.0
"""Seconds until the broker takes a silent process for dead: the least that it allows."""
LONGEST_STOP = 2 * SESSION
SETTLE = LONGEST_STOP + 4.0
"""Longer than any stop and any late commit together, counted from when a successor took over."""
ROLES = (("flows", 2), ("sinks", 2), ("sources", 1), ("desk", 1))
FAULT_SECONDS = {"slow": 4, "slow_before_commit": 4, "late_commit": 3, "stale_list": 3}
REQUEST_TIMEOUT = 3.0
_READY_WITHIN = 90.0
_FIRST_COMPANY = 1001
_SCOPES = "bookkeeping companyinformation costcenter settings customer invoice salary"
HR = "kaoshr"
STAFF = EmployeesSettings(
    system=HR,
    source_of_truth="hr",
    new_in_hr="create",
    causes=(AbsenceCause(kind="VACATION", cause="SEM", days="all"),),
)
CLOSING = YearEndSettings(series="I")
_WRITES = tuple(f"POST /3/{what}" for what in ("vouchers", "invoices", "customers", "employees", "absencetransactions"))


@dataclass
class Company:
    """A company: its name here, its number in Fortnox, what its tills sign with, and its settings at the end."""

    tenant: str
    number: int
    amended: Literal["hold", "reverse"]
    secrets: Mapping[str, str] = field(default_factory=dict)
    """By the system that signs with it."""
    coupons: bool = False
    organisation_number: str = "5560000001"

    @property
    def secret(self) -> str:
        """What its tills sign with."""
        return self.secrets["openpos"]


@dataclass
class Site:
    """What runs."""

    folder: Path
    kafka: EmbeddedKafka
    postgres: EmbeddedPostgres
    sandbox: Worker
    environment: dict[str, str]
    workers: dict[str, Worker] = field(default_factory=dict)
    companies: list[Company] = field(default_factory=list)

    def of(self, role: str) -> list[Worker]:
        """Return the processes of a role."""
        return [worker for worker in self.workers.values() if worker.role == role]

    @property
    def settings(self) -> Settings:
        """The host's settings, for what the harness does itself."""
        return Settings(
            data=self.folder / "harness",
            secret_key=self.environment["BOKBUSS_SECRET_KEY"],  # type: ignore[arg-type] # read as a secret
            kafka=KafkaSettings(bootstrap=self.kafka.bootstrap),
            database=DatabaseSettings(url=self.postgres.url, pool=2),
        )

    async def ask_sandbox(self, path: str, content: Any = None) -> Any:
        """Return what the sandbox's own side answers."""
        async with Client(timeout=60.0) as client:
            method = "GET" if content is None else "POST"
            answer = await client.send(method, f"{self.sandbox.url}/_sandbox/{path}", json=content)
        assert answer.status == 200, answer.text
        return json.loads(answer.body)

    async def set_faults(self, rates: Mapping[str, float], seed: str) -> None:
        """Let so many of the calls that write something new go wrong."""
        faults = {"seed": seed, "rates": dict(rates), "seconds": FAULT_SECONDS, "only": _WRITES}
        await self.ask_sandbox("faults", faults)

    async def apply_settings(self, company: Company) -> None:
        """Publish a company's settings as its next version."""
        async with office(self.settings) as place:
            await apply_settings(place.engine, await place.producer(), company.tenant, self.chosen(company), by="chaos")

    def chosen(self, company: Company) -> TenantSettings:
        """Return a company's settings: the first one has staff, the last one year-ends as well."""
        return TenantSettings(
            daysales=tills.settings(company.amended, coupons=company.coupons),
            invoicing=InvoicingSettings(customers="create"),
            employees=STAFF if company is self.companies[0] else None,
            yearend=CLOSING if company is self.companies[-1] else None,
        )

    async def put(self, topic: str, tenant: str, value: bytes) -> None:
        """Put bytes on a topic."""
        sender = await producer(KafkaSettings(bootstrap=self.kafka.bootstrap))
        try:
            await sender.send_and_wait(topic, value, key=tenant.encode())
        finally:
            await sender.stop()

    def query(self, statement: str) -> list[TupleRow]:
        """Return the rows of a query."""
        url = self.postgres.url
        with psycopg.connect(url, connect_timeout=5) as connection:
            return connection.execute(statement.encode()).fetchall()

    async def bokbuss(self, *arguments: str) -> tuple[int, str]:
        """Run a command of bokbuss; return its exit code and what it printed."""
        process = await asyncio.create_subprocess_exec(
            BOKBUSS,
            *arguments,
            env={**self.environment, "BOKBUSS_DATA": str(self.folder / "harness")},
            cwd=self.folder,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        printed, _ = await process.communicate()
        return process.returncode or 0, printed.decode("utf-8", "replace")


@asynccontextmanager
async def running(folder: Path, companies: int, roles: Sequence[tuple[str, int]] = ROLES) -> AsyncIterator[Site]:
    """Start an installation with companies that have settings, and end it all.

    Args:
        roles: and how many processes of each.
    """
    async with AsyncExitStack() as stack:
        kafka, postgres = EmbeddedKafka(folder), EmbeddedPostgres(folder)
        for server in (kafka, postgres):
            stack.push_async_callback(asyncio.to_thread, server.stop)
        sandbox = Worker("sandbox", ("sandbox", "--port", "0", "--memory"), folder, {})
        stack.push_async_callback(sandbox.end)
        await asyncio.gather(
            asyncio.to_thread(kafka.start), asyncio.to_thread(postgres.start), sandbox.start(), sandbox.up.wait()
        )
        await ensure_topics(KafkaSettings(bootstrap=kafka.bootstrap))
        site = Site(folder, kafka, postgres, sandbox, _environment(kafka, postgres, sandbox))
        await _found(site, companies)
        for role, count in roles:
            for number in range(1, count + 1):
                port = str(free_port()) if role == "sources" else "0"
                environment = {**site.environment, "BOKBUSS_PORT": port}
                worker = Worker(f"{role}-{number}", ("run", role), folder, environment)
                site.workers[worker.name] = worker
                stack.push_async_callback(worker.end)
        yield site


async def start(site: Site, workers: Sequence[Worker]) -> None:
    """Start processes and wait until they listen."""
    await asyncio.gather(*(worker.start() for worker in workers))
    await all_up(site)


async def all_up(site: Site) -> None:
    """Wait until every process listens."""
    for worker in site.workers.values():
        worker.resume()
        try:
            async with asyncio.timeout(_READY_WITHIN):
                await worker.up.wait()
        except TimeoutError:
            raise RuntimeError(f"{worker.name} did not start:\n{worker.tail()}") from None


def _environment(kafka: EmbeddedKafka, postgres: EmbeddedPostgres, sandbox: Worker) -> dict[str, str]:
    return {
        "BOKBUSS_KAFKA__BOOTSTRAP": kafka.bootstrap,
        "BOKBUSS_KAFKA__SESSION_TIMEOUT": str(SESSION),
        "BOKBUSS_DATABASE__URL": postgres.url,
        "BOKBUSS_FORTNOX__API_URL": f"{sandbox.url}/3",
        "BOKBUSS_FORTNOX__AUTH_URL": f"{sandbox.url}/oauth-v1",
        "BOKBUSS_FORTNOX__CLIENT_ID": "sandbox",
        "BOKBUSS_FORTNOX__CLIENT_SECRET": "sandbox-secret",
        "BOKBUSS_FORTNOX__REQUEST_TIMEOUT": str(REQUEST_TIMEOUT),
        "BOKBUSS_FORTNOX__SETTLE_SECONDS": str(SETTLE),
        "BOKBUSS_FORTNOX__LOOK_SECONDS": "0.5",
        "BOKBUSS_FORTNOX__EMPLOYEES_SECONDS": "5",
        "BOKBUSS_LEASE_SECONDS": "4",
        "BOKBUSS_HOLE_SECONDS": "3",
        "BOKBUSS_KEEP__EVERY_SECONDS": "5",
        "BOKBUSS_SECRET_KEY": "chaos",
        "BOKBUSS_PORT": "0",
    }


async def _found(site: Site, companies: int) -> None:
    """Make the companies, here and in Fortnox, and let their settings wait on the topic."""
    for number in range(companies):
        company = Company(f"kaos-{number}", _FIRST_COMPANY + number, ("hold", "reverse")[number % 2])
        site.companies.append(company)
        made_up = {"database_number": company.number, "name": company.tenant, "scopes": _SCOPES}
        await site.ask_sandbox("companies", made_up)
        await site.ask_sandbox("series", {"company": company.number, "code": CLOSING.series, "manual": True})
    async with office(site.settings) as place:
        for company in site.companies:
            made = await add(
                await place.host(), company.tenant, organisation_number=None, database_number=company.number
            )
            company.secrets = made
            await apply_settings(place.engine, await place.producer(), company.tenant, site.chosen(company), by="chaos")


async def until(condition: Any, seconds: float, poll: float = 0.2) -> bool:
    """Tell whether something came true within some seconds."""
    deadline = clock.monotonic() + seconds
    while not condition():
        if clock.monotonic() > deadline:
            return False
        await asyncio.sleep(poll)
    return True
