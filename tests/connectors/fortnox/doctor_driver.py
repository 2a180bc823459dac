"""A company whose Fortnox is the sandbox, as the doctor finds it: its settings, its orders, and what waits."""

import json
import uuid
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from connectors.fortnox import sandbox
from connectors.fortnox.sandbox import Books, Company, CostCentre
from connectors.fortnox.settings import FortnoxSettings
from infra import clock
from infra.access.connections import Connections
from infra.access.vault import open_vault
from infra.environment import whole
from infra.plugin import Attempt, Host
from infra.plugin import Company as Ours
from infra.postgres import Engine, text
from schemas import envelope
from schemas.bas import BAS_DAY_SALES
from schemas.commands import Order, PostVoucher, VoucherRow
from schemas.events import Fact
from schemas.settings import StoreCostCentre, TenantSettings

NUMBER = 4711
ORGANISATION = "5560000001"
TODAY = date(2026, 4, 10)
SCOPES = "bookkeeping companyinformation costcenter project settings"
MAPPED = BAS_DAY_SALES.model_copy(update={"cost_centres": (StoreCostCentre(store="CITY", cost_centre="S1"),)})


def company(number: int = NUMBER, **changes: Any) -> Company:
    """Return a company in which everything is as the settings want it."""
    centres = {"S1": CostCentre("S1", "Butiken")}
    return Company(number, **({"cost_centres": centres, "scopes": SCOPES} | changes))


def voucher(day: date = TODAY, key: int = 1, step: str = "book", **changes: Any) -> PostVoucher:
    """Return an order as day sales give it."""
    rows = (
        VoucherRow(account=1910, debit=Decimal("125.00"), text="cash"),
        VoucherRow(account=3001, credit=Decimal("100.00"), cost_centre="S1", text="books 25 %"),
        VoucherRow(account=2611, credit=Decimal("25.00"), text="Moms 25 %"),
    )
    fields: dict[str, Any] = {
        "flow": "daysales",
        "key": f"openpos/K1/{key}",
        "revision": "0123456789abcdef",
        "step": step,
        "rule": "a_day_that_adds_up_is_booked",
        "purpose": "book",
        "series": "F",
        "voucher_date": day,
        "description": "Dagsavslut",
        "rows": rows,
    }
    return PostVoucher(**(fields | changes))


def wrapped(order: Order, tenant: str) -> Any:
    """Return an order in its envelope."""
    order_id = str(order.id_in(tenant))
    return envelope.wrap(order, message_id=order_id, source="/streams/daysales", time=clock.now(), tenant=tenant)


def attempt() -> Attempt:
    """Return an attempt of a lane that may always send, and has no budget to keep."""

    async def take() -> None:
        pass

    return Attempt(may_send=lambda: None, take=take)


_JOURNAL = text(
    """insert into journal (order_id, place, sink, partition, tenant, key, type, fact_id, body, state, outcome,
                            due_at, accepted_at, journaled_at, finished_at)
       values (:id, 1, 'fortnox', 0, :tenant, :key, :type, 'a fact', cast(:body as jsonb), :state,
               cast(:outcome as jsonb), clock_timestamp(), clock_timestamp(), clock_timestamp(),
               clock_timestamp() - make_interval(secs => :age))"""
)
_STATE = text(
    """insert into flow_state (flow, tenant, key, state, waiting) values ('daysales', :tenant, :key, '{}', :code)
       on conflict (flow, tenant, key) do update set waiting = excluded.waiting"""
)


@dataclass
class DoctorDriver:
    """One company of ours and its Fortnox. ``told``: the facts that were published."""

    host: Host
    tenant: str
    books: Books
    fortnox: Company
    told: list[Fact] = field(default_factory=list)

    @property
    def ours(self) -> Ours:
        """The company as a connection needs it."""
        return Ours(self.tenant, ORGANISATION, self.fortnox.database_number)

    @property
    def calls(self) -> dict[str, int]:
        """What Fortnox was asked, by route, but for tokens."""
        routes = self.fortnox.calls.routes
        return {route: times for route, times in routes.items() if "oauth" not in route}

    async def execute(self, statement: Any, **values: Any) -> Any:
        """Change something in our database."""
        async with self.host.engine.begin() as connection:
            return await connection.execute(statement, values)

    async def ask(self, query: str) -> Sequence[Any]:
        """Ask our database about the company."""
        async with self.host.engine.connect() as connection:
            return (await connection.execute(text(query), {"t": self.tenant})).all()

    async def apply(self, settings: TenantSettings) -> None:
        """Put settings in force."""
        await self.execute(
            text(
                """insert into settings (tenant, version, body, applied_by, applied_at)
                   values (:t, 1, cast(:body as jsonb), 'a test', clock_timestamp())
                   on conflict (tenant) do update set body = excluded.body"""
            ),
            t=self.tenant,
            body=settings.model_dump_json(),
        )

    async def consented(self, scopes: str) -> None:
        """Let it be on record what the company consented to."""
        self.fortnox.scopes = scopes
        await Connections(self.host.engine, self.host.vault).consented(
            self.tenant,
            "fortnox",
            grant_type="client_credentials",
            scopes=tuple(scopes.split()),
            database_number=self.fortnox.database_number,
        )

    async def refused(self, order: PostVoucher, code: str, *, age: float = 5.0) -> None:
        """Let Fortnox have refused an order, and its day wait for that reason."""
        await self.journal(order, "rejected", {"code": code}, age)
        await self.execute(_STATE, tenant=self.tenant, key=order.key, code=code)

    async def journal(self, order: Order, state: str, outcome: dict[str, Any] | None, age: float = 5.0) -> None:
        """Put an order into the journal."""
        message = wrapped(order, self.tenant)
        await self.execute(
            _JOURNAL,
            id=order.id_in(self.tenant),
            tenant=self.tenant,
            key=order.key,
            type=message.type,
            body=message.model_dump_json(),
            state=state,
            outcome=None if outcome is None else json.dumps(outcome),
            age=age,
        )


@asynccontextmanager
async def doctor_driver(
    engine: Engine, folder: Path, fortnox: Company | None = None, settings: TenantSettings | None = None
) -> AsyncIterator[DoctorDriver]:
    """Yield a company that is connected to the sandbox."""
    books = Books(limit=1000)
    known = books.add(fortnox or company())
    async with sandbox.running(books) as url:
        ours = whole()(
            data=folder,
            fortnox=FortnoxSettings(
                api_url=f"{url}/3",
                auth_url=f"{url}/oauth-v1",
                client_id=sandbox.CLIENT_ID,
                client_secret=SecretStr(sandbox.CLIENT_SECRET),
                request_timeout=5.0,
            ),
            _env_file=None,
        )
        told: list[Fact] = []

        async def accept(_tenant: str, _system: str, facts: Sequence[Fact]) -> tuple[str, ...]:
            told.extend(facts)
            return ()

        host = Host(ours, engine, await open_vault(engine, ours), None, accept)
        visit = DoctorDriver(host, f"t-{uuid.uuid4().hex[:8]}", books, known, told)
        await visit.execute(
            text(
                """insert into tenants (tenant, organisation_number, database_number, created_at)
                   values (:t, :o, :n, clock_timestamp())"""
            ),
            t=visit.tenant,
            o=ORGANISATION,
            n=known.database_number,
        )
        await visit.apply(settings or TenantSettings(daysales=MAPPED))
        yield visit
        await visit.execute(text("delete from tenants where tenant = :t"), t=visit.tenant)  # its number is free again


def on(monkeypatch: pytest.MonkeyPatch, day: date) -> None:
    """Let it be noon of a day; time goes on."""
    ahead = datetime(day.year, day.month, day.day, 12, tzinfo=UTC) - datetime.now(UTC)  # noqa: TID251 - the test's clock
    monkeypatch.setattr(clock, "now", lambda: datetime.now(UTC) + ahead)  # noqa: TID251 - the test's clock
