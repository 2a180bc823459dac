"""Toy HR as it is tried: a company in its sandbox, and an order of each kind."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from infra.access.connections import Connections
from infra.imitating import Fault, Faults, serving
from infra.postgres import Engine
from infra.settings import Settings
from schemas.commands import UpsertPerson
from schemas.events import EmployeeFields
from tests.connectors.party import TENANT, VAULT, Imitated, Party, add_company, host
from tests.toys.toyhr import SYSTEM, sandbox
from tests.toys.toyhr.settings import ToyHRSettings

WHENCE: dict[str, Any] = {
    "flow": "employees",
    "key": "toyhr/p1",
    "revision": "0" * 16,
    "rule": "a_rule",
    "system": "toyhr",
}
ANNA = EmployeeFields(email="anna@example.se", given_name="Anna", family_name="Exempelsson", phone="+46701740605")
ORDERS = (
    UpsertPerson(**WHENCE, step="create", person_id=None, fields=ANNA),
    UpsertPerson(**WHENCE, step="change", person_id="p1", fields=EmployeeFields(city="Lund"), expected=ANNA),
)


class Environment(Settings):
    """The settings of the host, with Toy HR's."""

    toyhr: ToyHRSettings = ToyHRSettings()


@asynccontextmanager
async def imitated(engine: Engine) -> AsyncIterator[Imitated]:
    """Open a sandbox with a company without people, and connect ours to it."""
    company = sandbox.Company()

    def lose() -> None:
        company.faults = Faults(routes=["POST /people", "PATCH /people"], script=[Fault.LOSE_ANSWER])

    await add_company(engine)
    async with serving(sandbox.app(company), "127.0.0.1", 0) as url:
        token = sandbox.ACCEPTED.removeprefix("Bearer ")
        await Connections(engine, VAULT).consented(TENANT, "toyhr", grant_type="token", refresh=token)
        settings = Environment(toyhr=ToyHRSettings(api_url=url, request_timeout=5.0), _env_file=None)
        yield Imitated(host(settings, engine), ORDERS, lose, lambda: len(company.people))


PARTY = Party(SYSTEM, imitated=imitated)
