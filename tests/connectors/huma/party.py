"""Huma as it is tried: its samples are webhooks, which do not say when they came, and people as its API has them."""

import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime

from connectors.huma import SYSTEM, sandbox, translate
from connectors.huma.client import kept
from connectors.huma.sandbox import Fault, Faults
from connectors.huma.settings import HumaSettings
from infra.access.connections import Connections
from infra.environment import whole
from infra.postgres import Engine
from schemas.commands import ReadPerson, UpsertPerson
from schemas.events import EmployeeFields, Fact
from tests.connectors.party import TENANT, VAULT, Imitated, Party, add_company, host

AT = datetime(2026, 4, 10, 20, 4, 11, tzinfo=UTC)
WHENCE = {"flow": "employees", "key": "huma/1", "revision": "0" * 16, "rule": "a_rule", "system": "huma"}
ANNA = EmployeeFields(email="anna@example.se", given_name="Anna", family_name="Exempelsson")


def translated(name: str, payload: bytes) -> Sequence[Fact]:
    """Return whom a webhook mentions, or the facts of people with the positions that begin first and end last."""
    if name != "people.json":
        return translate.heard(payload, AT).mentions
    people = [(each["user"], each.get("ends")) for each in json.loads(payload)]
    return [translate.person(user, AT, {}, ends and (ends[0], ends[1])) for user, ends in people]


@asynccontextmanager
async def imitated(engine: Engine) -> AsyncIterator[Imitated]:
    """Open a sandbox with a company without people, and connect ours to it."""
    company = sandbox.Company()
    company.add_group("Acme AB")
    bo = company.add_person(givenName="Bo", familyName="Testberg", email="bo@example.se")
    orders = (
        UpsertPerson(**WHENCE, step="create", person_id=None, fields=ANNA),
        UpsertPerson(**WHENCE, step="change", person_id=bo, fields=EmployeeFields(phone="+46701740605")),
        ReadPerson(**WHENCE, step="read", person_id=bo),
    )

    def lose() -> None:
        company.faults = Faults(routes=["POST /users", "PATCH /users"], script=[Fault.LOSE_ANSWER])

    await add_company(engine)
    async with sandbox.running(company) as url:
        secret = kept(company.client_id, company.client_secret)
        await Connections(engine, VAULT).consented(TENANT, "huma", grant_type="client_credentials", refresh=secret)
        settings = whole()(huma=HumaSettings(api_url=url, request_timeout=5.0), _env_file=None)
        yield Imitated(host(settings, engine), orders, lose, lambda: len(company.people))


PARTY = Party(SYSTEM, translated, imitated)
