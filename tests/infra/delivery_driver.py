"""The door that deliveries come through, over HTTP, and tills that sign what they send."""

import json
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from aiokafka import AIOKafkaProducer
from standardwebhooks import Webhook

from infra import registry, roles
from infra.access.vault import Vault, signing_secret
from infra.environment import whole
from infra.http import Client, Response
from infra.intake import web
from infra.intake.accepting import Acceptor
from infra.postgres import Engine, text

REPORT: bytes = (Path(__file__).parents[2] / "connectors/openpos/samples/restaurant-day.json").read_bytes()
EVENT = "openpos/SODER/KASSA1/412/2026-04-10"
"""The business key of ``REPORT``."""
MAX_BODY = 20_000
VAULT = Vault(b"test")
_ADD = text("insert into tenants (tenant, created_at) values (:t, clock_timestamp())")
_SECRET = text("insert into signing_secrets (tenant, system, secret) values (:t, :system, :s)")


@dataclass
class DeliveryDriver:
    """A process that takes deliveries in, and what one needs to send some."""

    url: str
    http: Client
    acceptor: Acceptor
    engine: Engine
    secret: str = ""

    async def add(self, tenant: str) -> None:
        """Add a company, whose systems sign with one secret from now on."""
        self.secret = signing_secret()
        async with self.engine.begin() as connection:
            await connection.execute(_ADD, {"t": tenant})
            for system in registry.sources():
                locked = VAULT.lock(self.secret, context=f"{tenant}/{system}")
                await connection.execute(_SECRET, {"t": tenant, "system": system, "s": locked})

    def signed(self, body: bytes, *, delivery: str = "", ago: float = 0.0) -> dict[str, str]:
        """Return the headers of a signed delivery."""
        sent = datetime.now(UTC) - timedelta(seconds=ago)  # noqa: TID251 - the till's own clock
        delivery = delivery or uuid.uuid4().hex
        return {
            "webhook-id": delivery,
            "webhook-timestamp": str(int(sent.timestamp())),
            "webhook-signature": Webhook(self.secret).sign(delivery, sent, body.decode()),
        }

    async def post(self, path: str, body: bytes, headers: dict[str, str] | None = None) -> tuple[int, dict[str, Any]]:
        """Send a delivery, signed unless its headers are given; return status and answer."""
        answer = await self.http.send(
            "POST", f"{self.url}/v1/{path}", content=body, headers=self.signed(body) if headers is None else headers
        )
        return answer.status, json.loads(answer.body)

    async def get(self, path: str) -> Response:
        """Get a page."""
        return await self.http.send("GET", f"{self.url}{path}")


@asynccontextmanager
async def opened(engine: Engine, producer: AIOKafkaProducer, **settings: Any) -> AsyncIterator[DeliveryDriver]:
    """Serve deliveries, health and metrics."""
    acceptor = Acceptor(engine=engine, producer=producer, vault=VAULT, settings=whole()(**settings, _env_file=None))
    checks = {"database": roles._database(engine), "broker": roles._broker(producer)}
    app = web.application(checks)
    checks["deliveries"] = web.deliveries(app, acceptor, registry.sources(), MAX_BODY)
    async with web.serving(app, "127.0.0.1", 0) as url, Client(timeout=30.0) as http:
        yield DeliveryDriver(url, http, acceptor, engine)
