"""The JSON API is as its description says: whatever is sent is answered as described, and never by a failure."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import requests
import schemathesis
from aiokafka import AIOKafkaProducer
from hypothesis import HealthCheck, Phase, given, settings
from requests.auth import AuthBase
from schemathesis.checks import not_a_server_error
from schemathesis.generation.modes import GenerationMode
from schemathesis.specs.openapi import checks
from standardwebhooks import Webhook

from infra import clock, registry
from infra.environment import whole
from infra.intake import web
from infra.intake.accepting import Acceptor
from infra.leases import Leases
from infra.packages import keys
from infra.plugin import Host
from infra.postgres import Engine
from tests.infra import delivery_driver
from tests.infra.delivery_driver import MAX_BODY, DeliveryDriver

_SYSTEMS = ("openpos", "alexishr", "huma")
_CHECKS = [
    not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_schema_conformance,
]


class _Known(AuthBase):
    """Signs a delivery as the company's systems do, and shows the key of its auditor."""

    def __init__(self, driver: DeliveryDriver, key: str) -> None:
        self._driver = driver
        self._key = key

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        body = request.body or b""
        content = body.encode() if isinstance(body, str) else body
        sent = clock.now()
        signature = Webhook(self._driver.secret).sign("d-1", sent, content.decode("utf-8", "surrogateescape"))
        headers = {"webhook-id": "d-1", "webhook-timestamp": str(int(sent.timestamp()))}
        request.headers.update(headers | {"webhook-signature": signature, "Authorization": f"Bearer {self._key}"})
        return request


async def test_the_api_is_as_it_describes_itself(
    engine: Engine, producer: AIOKafkaProducer, tenant: str, tmp_path: Path
) -> None:
    """Of every operation: what the description allows and what it does not, by strangers and by who is known."""
    configured = whole()(data=tmp_path, _env_file=None)
    acceptor = Acceptor(engine=engine, producer=producer, vault=delivery_driver.VAULT, settings=configured)
    host = Host(configured, engine, delivery_driver.VAULT, Leases(engine, 5.0), acceptor.accept_facts)
    app = web.application({})
    web.deliveries(app, acceptor, registry.sources(), MAX_BODY)
    for system in registry.systems().values():
        if system.pages is not None:
            app.router.routes.extend(system.pages(host))
    async with web.serving(app, "127.0.0.1", 0) as url, delivery_driver.opened(engine, producer) as driver:
        await driver.add(tenant)
        key, _ = await keys.make(engine, tenant, "senseworks", "Revision AB", by="anna", days=10)
        await asyncio.to_thread(_ask, url, tenant, _Known(driver, key))


def _ask(url: str, tenant: str, known: AuthBase) -> None:
    described = schemathesis.openapi.from_url(f"{url}/openapi.json")
    asked = []
    for found in described.get_all_operations():
        operation = found.ok()
        asked.append(operation.label)
        names = {parameter.name for parameter in operation.path_parameters}
        differing = {"system": _SYSTEMS, "year": (0, 2025, 10**12)}
        named = [{name: one} for name, of in differing.items() if name in names for one in of] or [{}]
        wrong = [GenerationMode.NEGATIVE] if "year" in names else []  # nothing is wrong with any name or body
        for mode in (GenerationMode.POSITIVE, *wrong):
            _answers_as_described(operation.as_strategy(generation_mode=mode))()
        for path in named:
            ours = {"tenant": tenant} | path
            _answers_as_described(operation.as_strategy(path_parameters=ours), auth=known)()
    assert len(asked) >= 3


def _answers_as_described(cases: Any, **how: Any) -> Callable[[], None]:
    @settings(
        max_examples=15,
        deadline=None,
        database=None,
        derandomize=True,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=cases)
    def check(case: Any) -> None:
        case.validate_response(case.call(**how), checks=_CHECKS)

    return check
