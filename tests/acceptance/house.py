"""A whole house for stories: every role, on a real broker and a real database, with Fortnox's sandbox at its end."""

import asyncio
import json
import sys
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from itertools import count
from pathlib import Path
from typing import Any, TypeVar

import psycopg
from pydantic_core import to_json
from standardwebhooks import Webhook

from connectors.alexishr.settings import AlexisHRSettings
from connectors.desk import acting
from connectors.fortnox import sandbox
from connectors.fortnox.sandbox.books import Voucher
from connectors.fortnox.settings import FortnoxSettings
from infra import clock, companies, roles, tenants
from infra.delivery import waiting
from infra.environment import whole
from infra.http import Client, Response
from infra.office import Office, office
from infra.postgres import text
from infra.rows import Hold
from infra.settings import ROLES, DatabaseSettings, KafkaSettings, Role, Settings
from schemas.audit import AuditRecord
from schemas.bas import BAS_DAY_SALES
from schemas.settings import DaySalesSettings, InvoicingSettings, TenantSettings
from tests.bus import partition_of
from tests.loaded import bokbuss

T = TypeVar("T")
BOKBUSS = str(Path(sys.executable).with_name("bokbuss"))
DAY = "2026-04-10"
ANY_DAY = {"days_late": 100_000, "days_early": 100_000}
"""Of settings under which reports are booked however far their day is from today."""
PATIENCE = 240.0
"""Seconds within which everything must have come to its end; usually one or two are enough."""
SETTLE = 2.5
REQUEST_TIMEOUT = 2.0


def z_report(z_number: int, **changes: Any) -> dict[str, Any]:
    """Return a Z report that balances: sales of 1,000.00 with VAT at 25 %, 400.00 in cash and 600.00 by card."""
    report = {
        "format": "bokbuss.openpos.z-report/1",
        "reportType": "Z",
        "company": {"name": "Boklådan AB"},
        "store": "CITY",
        "registerId": "KASSA1",
        "zNumber": z_number,
        "businessDate": DAY,
        "takenAt": f"{DAY}T21:04:11+02:00",
        "currency": "SEK",
        "totalSales": "1000.00",
        "productGroups": [{"group": "books", "vatRate": "25", "net": "800.00", "vat": "200.00"}],
        "vatTotals": [{"vatRate": "25", "net": "800.00", "vat": "200.00"}],
        "payments": [{"method": "cash", "amount": "400.00"}, {"method": "card", "amount": "600.00"}],
    }
    return report | changes


def rows_of(voucher: Voucher) -> list[tuple[int, Decimal, Decimal]]:
    """Return a voucher's rows as account, debit and credit."""
    return [(row.account, row.debit, row.credit) for row in voucher.draft.rows]


@dataclass
class Shop:
    """A company: its name here, its Fortnox, and what its tills sign with; and its other systems, by name."""

    tenant: str
    fortnox: sandbox.Company
    secret: str
    others: Mapping[str, str] = field(default_factory=dict)

    @property
    def vouchers(self) -> list[Voucher]:
        """What stands in its ledger."""
        return list(self.fortnox.vouchers())


@dataclass
class Roles:
    """The roles that run, and hands to do what tills, accountants and programs do."""

    place: Office
    url: str
    books: sandbox.Books
    running: asyncio.Task[None]
    http: Client
    _numbers: Iterator[int] = field(default_factory=lambda: iter(range(1001, 9999)))

    @property
    def settings(self) -> Settings:
        """The host's settings."""
        return self.place.settings

    async def shop(
        self,
        name: str = "shop",
        *,
        settings: DaySalesSettings | None = BAS_DAY_SALES,
        invoicing: InvoicingSettings | None = None,
        partition: int | None = None,
    ) -> Shop:
        """Add a company that is connected to its own Fortnox; its settings have taken effect.

        Args:
            partition: the one of every topic that its messages shall be in.
        """
        tenants = (f"{name}-{uuid.uuid4().hex[:8]}" for _ in count())
        tenant = next(t for t in tenants if partition in {None, partition_of(t)})
        company = self.books.add(sandbox.Company(next(self._numbers), name))
        made = await companies.add(
            await self.place.host(), tenant, organisation_number=None, database_number=company.database_number
        )
        shop = Shop(tenant, company, made["openpos"], made)
        if settings is not None:
            await self.apply(shop, settings, invoicing)
        return shop

    async def apply(self, shop: Shop, settings: DaySalesSettings, invoicing: InvoicingSettings | None = None) -> None:
        """Give a company new settings, and wait until decisions are made with them.

        The stories are of 2026, whenever they are told: unless they say otherwise, no till's clock is wrong.
        """
        engine, producer = self.place.engine, await self.place.producer()
        settings = settings.model_copy(
            update=ANY_DAY | settings.model_dump(include=settings.model_fields_set & {*ANY_DAY})
        )
        version = await companies.apply_settings(
            engine, producer, shop.tenant, TenantSettings(daysales=settings, invoicing=invoicing), by="a test"
        )
        await self.until(shop, "the settings take effect", lambda: tenants.is_in_force(engine, shop.tenant, version))

    # --- What a till does -----------------------------------------------------------------------------------------

    async def post(
        self, shop: Shop, body: bytes, delivery: str, *, system: str = "openpos", **headers: str
    ) -> Response:
        """Send a signed delivery; ``headers`` replace what was signed."""
        now = datetime.now(UTC)  # noqa: TID251 - the till's own clock
        signed = {
            "webhook-id": delivery,
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": Webhook(shop.others.get(system, shop.secret)).sign(delivery, now, body.decode()),
        }
        return await self.http.send(
            "POST", f"{self.url}/v1/{shop.tenant}/{system}", content=body, headers=signed | headers
        )

    async def deliver(self, shop: Shop, report: dict[str, Any], delivery: str = "", *, system: str = "openpos") -> str:
        """Send a report until it is accepted, as a till does; return the id of its event."""
        body, delivery = json.dumps(report).encode(), delivery or uuid.uuid4().hex

        async def accepted() -> Response | None:
            answer = await self.post(shop, body, delivery, system=system)
            assert answer.status in {202, 503}, answer.text  # 503: Kafka or the database took too long, send it again
            return answer if answer.status == 202 else None

        answer = await self.until(shop, "the report is accepted", accepted)
        [event_id] = json.loads(answer.body)["event_ids"]
        return str(event_id)

    async def publish(self, topic: str, tenant: str, value: bytes) -> None:
        """Write a record straight to a topic, as anybody with access to Kafka can."""
        await (await self.place.producer()).send_and_wait(topic, value, key=tenant.encode())

    # --- What an accountant does ----------------------------------------------------------------------------------

    async def held(self, shop: Shop, reason: str) -> Hold:
        """Wait until one thing of a company waits for a person, for this reason."""

        async def one() -> Hold | None:
            holds = await waiting.holds(self.place.engine, shop.tenant)
            return holds[0] if [h.order.data.reason for h in holds] == [reason] else None

        return await self.until(shop, f"something is held as {reason}", one)

    async def answer(self, shop: Shop, hold: Hold, chosen: str) -> None:
        """Answer a hold, and wait until it waits no longer."""
        await acting.answer(await self.place.producer(), hold, chosen, by="a test", comment="")

        async def closed() -> bool:
            return hold.hold_id not in {each.hold_id for each in await waiting.holds(self.place.engine, shop.tenant)}

        await self.until(shop, f"the answer {chosen} takes effect", closed)

    def environment(self) -> dict[str, str]:
        """Return what a ``bokbuss`` command of this house needs."""
        settings = self.settings
        return {
            "BOKBUSS_KAFKA__BOOTSTRAP": settings.kafka.bootstrap or "",
            "BOKBUSS_DATABASE__URL": settings.database.url or "",
            "BOKBUSS_DATA": str(settings.data),
            "BOKBUSS_PRIVATE_NETWORKS": ",".join(map(str, settings.private_networks)),
            **({"BOKBUSS_SECRET_KEY": settings.secret_key.get_secret_value()} if settings.secret_key else {}),
            "BOKBUSS_FORTNOX__API_URL": settings.of(FortnoxSettings).api_url,
            "BOKBUSS_FORTNOX__AUTH_URL": settings.of(FortnoxSettings).auth_url,
            "BOKBUSS_FORTNOX__CLIENT_ID": settings.of(FortnoxSettings).client_id,
            "BOKBUSS_FORTNOX__SETTLE_SECONDS": str(settings.of(FortnoxSettings).settle_seconds),
            "BOKBUSS_FORTNOX__CLIENT_SECRET": settings.of(FortnoxSettings).client_secret.get_secret_value(),
            "BOKBUSS_ALEXISHR__API_URL": settings.of(AlexisHRSettings).api_url,
            "BOKBUSS_MAIL__HOST": settings.mail.host or "",
            "BOKBUSS_MAIL__PORT": str(settings.mail.port),
            "BOKBUSS_MAIL__ENCRYPTION": settings.mail.encryption,
        }

    async def command(self, *words: str, code: int = 0) -> Any:
        """Run a ``bokbuss`` command as a process, with --json, that ends with an exit code; return what it says."""
        process = await asyncio.create_subprocess_exec(
            *(await asyncio.to_thread(bokbuss), *words, "--json"),
            env=self.environment(),
            cwd=self.settings.data,  # where no .env stands
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        out, err = await process.communicate()
        assert process.returncode == code, f"bokbuss {' '.join(words)} ended with {process.returncode}:\n{err.decode()}"
        return json.loads(out)

    # --- What can be seen -----------------------------------------------------------------------------------------

    async def trail(self, shop: Shop) -> list[AuditRecord]:
        """Return a company's audit trail."""
        query = text("select body from audit where tenant = :t order by sequence")
        async with self.place.engine.connect() as connection:
            bodies = await connection.scalars(query, {"t": shop.tenant})
            return [AuditRecord.model_validate_json(to_json(body)) for body in bodies]

    async def ends_with(self, shop: Shop, vouchers: int) -> list[Voucher]:
        """Wait until a company has so many vouchers and nothing is under way any more; return them."""
        open_orders = text("select count(*) from journal where tenant = :t and state not in ('delivered', 'rejected')")
        unpublished = text("select count(*) from audit where tenant = :t and published_at is null")

        async def settled() -> bool:
            async with self.place.engine.connect() as connection:
                busy = [await connection.scalar(query, {"t": shop.tenant}) for query in (open_orders, unpublished)]
            return len(shop.vouchers) == vouchers and not any(busy)

        await self.until(shop, f"{vouchers} vouchers stand and nothing is under way", settled)
        return shop.vouchers

    async def decided(self, shop: Shop, facts: int) -> None:
        """Wait until so many records with day closes of a company have been decided."""
        query = text("select count(*) from decided where tenant = :t and topic = 'facts.day-closed.v1'")

        async def enough() -> bool:
            async with self.place.engine.connect() as connection:
                return bool(await connection.scalar(query, {"t": shop.tenant}) == facts)

        await self.until(shop, f"{facts} day closes are decided", enough)

    async def until(
        self, shop: Shop, what: str, test: Callable[[], Awaitable[T | None]], within: float = PATIENCE
    ) -> T:
        """Wait until a test gives something true and return that; fail with everything that is known of the company."""
        deadline = clock.monotonic() + within
        while not (found := await test()):
            if self.running.done():
                await self.running
                raise AssertionError("the roles ended by themselves")
            if clock.monotonic() > deadline:
                raise AssertionError(f"not within {within:.0f} s: {what}\n{await self._known_of(shop)}")
            await asyncio.sleep(0.05)
        return found

    async def _known_of(self, shop: Shop) -> str:
        queries = {
            "decided": 'select topic, "offset", fact_id, rules from decided where tenant = :t order by decided_at',
            "journal": "select key, type, state, attempt, looks, outcome from journal where tenant = :t order by seq",
            "held": "select body -> 'data' ->> 'reason', closed_at, how, message from held where tenant = :t",
            "dead letters": "select place, state from dead_letters where tenant = :t",
            "leases": "select name, owner, epoch, deadline - clock_timestamp() from leases",
        }
        told = [f"vouchers: {[(v.number, v.draft.description) for v in shop.vouchers]}"]
        async with self.place.engine.connect() as connection:
            for name, query in queries.items():
                rows = await connection.execute(text(query), {"t": shop.tenant})
                told += [f"{name}: {tuple(row)}" for row in rows] or [f"{name}: none"]
        told += [f"audit: {r.sequence} {r.outcome} {r.key} {r.code} {r.why}" for r in await self.trail(shop)]
        return "\n".join(told)


@contextmanager
def database(postgres_url: str) -> Iterator[str]:
    """Yield the URL of an empty database that is dropped afterwards."""
    name = f"house_{uuid.uuid4().hex}"
    with psycopg.connect(postgres_url, autocommit=True) as server:
        server.execute(f'CREATE DATABASE "{name}"')
        yield postgres_url.replace("@/postgres?", f"@/{name}?")
        server.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


@asynccontextmanager
async def opened(
    kafka: str | KafkaSettings,
    database_url: str,
    folder: Path,
    names: Sequence[Role] = ROLES,
    *,
    hole_seconds: float = 3600.0,  # what earlier houses left on the shared broker is not ours to mend
    books: sandbox.Books | None = None,
    **changes: Any,
) -> AsyncIterator[Roles]:
    """Run roles in this process, with Fortnox's sandbox, and little patience.

    Args:
        books: of a Fortnox that stood before.
    """
    books = sandbox.Books() if books is None else books
    async with sandbox.running(books) as fortnox:
        settings = whole()(
            data=folder,
            port=0,
            kafka=kafka if isinstance(kafka, KafkaSettings) else KafkaSettings(bootstrap=kafka),
            database=DatabaseSettings(url=database_url),
            fortnox=FortnoxSettings(
                api_url=f"{fortnox}/3",
                auth_url=f"{fortnox}/oauth-v1",
                client_id=sandbox.CLIENT_ID,
                client_secret=sandbox.CLIENT_SECRET,  # type: ignore[arg-type] # read as a secret
                request_timeout=REQUEST_TIMEOUT,
                settle_seconds=SETTLE,
                look_seconds=0.3,
                employees_seconds=1.0,
                recheck_seconds=1.0,
            ),
            lease_seconds=5.0,
            overdue_seconds=0.5,
            hole_seconds=hole_seconds,
            private_networks="127.0.0.0/8",  # type: ignore[arg-type] # read as networks
            _env_file=None,
            **changes,
        )
        stop, listening = asyncio.Event(), asyncio.get_running_loop().create_future()
        running = asyncio.create_task(roles.run(settings, names, stop, listening.set_result))
        try:
            await asyncio.wait({running, listening}, return_when=asyncio.FIRST_COMPLETED)
            if running.done():
                await running
            async with office(settings) as place, Client(timeout=PATIENCE) as http:
                yield Roles(place, await listening, books, running, http)
        finally:
            stop.set()
            await asyncio.wait_for(running, PATIENCE)
