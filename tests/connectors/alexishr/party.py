"""Alexis HR as it is tried: its samples are answers of its API."""

import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from zoneinfo import ZoneInfo

from connectors.alexishr import SYSTEM, sandbox, translate
from connectors.alexishr.sandbox import Fault, Faults
from connectors.alexishr.settings import AlexisHRSettings
from connectors.alexishr.wire import LeaveType
from infra.access.connections import Connections
from infra.delivery.answers import read
from infra.environment import whole
from infra.postgres import Engine
from schemas.commands import ReadPerson, UpsertPerson
from schemas.events import EmployeeFields, Fact
from tests.connectors.party import TENANT, VAULT, Imitated, Party, add_company, host

STOCKHOLM = ZoneInfo("Europe/Stockholm")
WHENCE = {"flow": "employees", "key": "alexishr/1", "revision": "0" * 16, "rule": "a_rule", "system": "alexishr"}
ANNA = EmployeeFields(email="anna@example.se", given_name="Anna", family_name="Exempelsson")


def translated(_name: str, payload: bytes) -> Sequence[Fact]:
    """Return the facts of a list that the API answers with, related records beside it."""
    answer = json.loads(payload)
    related = answer.get("relations", {})
    if answer["data"] and "duration" in answer["data"][0]:
        types = [read(LeaveType, each, "leave-type") for each in related["type"]]
        kinds = {each.id: each.kind for each in types}
        return [translate.leave(each, kinds, STOCKHOLM) for each in answer["data"]]
    return [
        translate.person(
            each, [e for e in related["employment"] if e["employeeId"] == each["id"]], translate.Chosen(STOCKHOLM)
        )
        for each in answer["data"]
    ]


@asynccontextmanager
async def imitated(engine: Engine) -> AsyncIterator[Imitated]:
    """Open a sandbox with a company, and connect ours to it."""
    company = sandbox.Company()
    bo = company.add_person("2022-08-15", firstName="Bo", lastName="Testberg", workEmail="bo@example.se")
    orders = (
        UpsertPerson(**WHENCE, step="create", person_id=None, fields=ANNA),
        UpsertPerson(**WHENCE, step="change", person_id=bo, fields=EmployeeFields(phone="+46701740605")),
        ReadPerson(**WHENCE, step="read", person_id=bo),
    )

    def lose() -> None:
        company.faults = Faults(routes=["POST /v1/employee", "PATCH /v1/employee"], script=[Fault.LOSE_ANSWER])

    await add_company(engine)
    async with sandbox.running(company) as url:
        await Connections(engine, VAULT).consented(TENANT, "alexishr", grant_type="token", refresh=company.token)
        settings = whole()(alexishr=AlexisHRSettings(api_url=f"{url}/v1", request_timeout=5.0), _env_file=None)
        yield Imitated(host(settings, engine), orders, lose, lambda: len(company.records["employee"]))


PARTY = Party(SYSTEM, translated, imitated)
