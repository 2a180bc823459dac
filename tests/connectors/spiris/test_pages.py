"""Years as a year-end program reads them: signed, with source and age, a year whole, as it was retrieved."""

import json
import uuid
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from aiokafka import AIOKafkaProducer
from standardwebhooks import Webhook

from connectors.spiris.pages import _whole, pages
from infra import ledgers, registry
from infra.deciding.decider import Decider
from infra.environment import whole
from infra.http import Client, Response
from infra.intake import web
from infra.kafka import cluster
from infra.parting import parting
from infra.plugin import Host
from infra.postgres import Engine, text
from infra.settings import KafkaSettings
from schemas.base import Message
from schemas.ledger import LedgerAccount, LedgerBalance, LedgerObject, LedgerRow, LedgerVoucher, ObjectCode
from tests.connectors.party import VAULT
from tests.infra.facts import record

SECRET = "whsec_Ym9rYnVzcy1leGFtcGxlLXNlY3JldC0wMDAx"
NOON = datetime(2026, 2, 1, 12, tzinfo=UTC)
TEN = Decimal("10.00")
CALENDAR = (date(2025, 1, 1), date(2025, 12, 31))


def books(numbers: int, source: Any = "fortnox", year: tuple[date, date] = CALENDAR) -> list[Message]:
    """Return the facts of a reading of 2025 with so many vouchers."""
    shop = (ObjectCode(dimension=1, code="S1"),)
    rows = (
        LedgerRow(account="1910", amount=TEN, text="Kaffe"),
        LedgerRow(account="3000", amount=-TEN, objects=shop, quantity="2"),
    )
    with parting() as parts:
        parts.account(LedgerAccount(number="1910", name="Kassa", sru=("7281",)))
        parts.object(LedgerObject(dimension=1, code="S1", name="Butiken"))
        parts.balance(LedgerBalance(account="1910", kind="closing", amount=TEN * numbers))
        for number in range(1, numbers + 1):
            parts.voucher(LedgerVoucher(series="A", number=str(number), day=date(2025, 5, 1), text="Kaffe", rows=rows))
        read = parts.whole(*year, organisation_number="5560160680")
        closing = read.retrieved(source, read_at=NOON, requested_by="lena")
        return [*read.part(one.part for one in read.parts), closing]


@dataclass
class Program:
    """A year-end program of a company, that may sign something else than it asks for."""

    url: str
    tenant: str
    http: Client

    async def asks(self, path: str, *, signs: str = "", secret: str = SECRET) -> Response:
        """Ask for a path under the company's."""
        there = f"/v1/{self.tenant}/spiris{path}"
        now = datetime.now(UTC)  # noqa: TID251 - the program's own clock
        headers = {
            "webhook-id": "a question",
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": Webhook(secret).sign("a question", now, signs or f"GET {there}"),
        }
        return await self.http.send("GET", f"{self.url}{there}", headers=headers)

    async def reads(self, path: str) -> Any:
        """Return what an answer says."""
        answer = await self.asks(path)
        assert answer.status == 200, answer.text
        return json.loads(answer.body)


@pytest.fixture
async def producer(kafka: str) -> AsyncIterator[AIOKafkaProducer]:
    """Yield a producer on the broker of all tests."""
    made = await cluster.producer(KafkaSettings(bootstrap=kafka))
    yield made
    await made.stop()


@pytest.fixture
async def program(engine: Engine) -> AsyncIterator[Program]:
    """Yield the program of a company that has a secret for it."""
    tenant = f"t-{uuid.uuid4().hex[:12]}"
    add = "insert into tenants (tenant, created_at) values (:t, now())"
    give = "insert into signing_secrets (tenant, system, secret) values (:t, 'spiris', :s)"
    locked = VAULT.lock(SECRET, context=f"{tenant}/spiris")
    async with engine.begin() as connection:
        await connection.execute(text(add), {"t": tenant})
        await connection.execute(text(give), {"t": tenant, "s": locked})
    app = web.application({})
    app.router.routes.extend(pages(Host(whole()(_env_file=None), engine, VAULT, None, None)))
    async with web.serving(app, "127.0.0.1", 0) as url, Client(timeout=60.0) as http:
        yield Program(url, tenant, http)


async def tell(engine: Engine, producer: AIOKafkaProducer, tenant: str, facts: list[Message]) -> None:
    """Let facts be decided."""
    await Decider(engine, producer, registry.flows()).decide([record(tenant, fact) for fact in facts])


async def test_a_company_without_a_year_has_none_and_says_how_its_connection_stands(program: Program) -> None:
    """Not connected, so of no age."""
    assert await program.reads("/years") == {
        "format": "bokbuss.spiris.ledger/1",
        "connection": {"state": "not connected", "ageDays": None, "daysLeft": None},
        "years": [],
    }
    answer = await program.asks("/years/2025")
    assert (answer.status, "no year 2025 was retrieved" in answer.text) == (404, True)


async def test_a_year_is_told_whole_as_it_was_retrieved(
    program: Program, engine: Engine, producer: AIOKafkaProducer
) -> None:
    """Where it comes from, when and for whom; chart, balances and every voucher, by the year or its last day."""
    await tell(engine, producer, program.tenant, books(1234, "sie"))
    [year] = (await program.reads("/years"))["years"]
    wanted = {"year": 2025, "from": "2025-01-01", "to": "2025-12-31", "source": "sie", "requestedBy": "lena"}
    assert wanted.items() <= year.items()
    assert (year["vouchers"], year["rows"], year["retrievedAt"]) == (1234, 2468, "2026-02-01T12:00:00+00:00")
    found = await program.reads("/years/2025")
    assert {name: value for name, value in found.items() if name in year and name != "vouchers"}.items() <= year.items()
    assert found["accounts"] == [{"number": "1910", "name": "Kassa", "sru": ["7281"]}]
    assert found["objects"] == [{"dimension": 1, "code": "S1", "name": "Butiken"}]
    assert [(b["account"], b["kind"], b["amount"]) for b in found["balances"]] == [("1910", "closing", "12340.00")]
    assert [int(v["number"]) for v in found["vouchers"]] == list(range(1, 1235))
    assert found["vouchers"][0]["rows"][1] == {
        "account": "3000",
        "amount": "-10.00",
        "objects": [{"dimension": 1, "code": "S1"}],
        "text": "",
        "quantity": "2",
        "date": None,
    }
    assert await program.reads("/years/2025-12-31") == found


async def test_of_two_years_that_end_in_one_the_program_is_asked_which(
    program: Program, engine: Engine, producer: AIOKafkaProducer
) -> None:
    """A year that was moved: by the calendar year either could be meant."""
    for year in ((date(2024, 7, 1), date(2025, 6, 30)), (date(2025, 7, 1), date(2025, 12, 31))):
        await tell(engine, producer, program.tenant, books(3, year=year))
    assert (await program.reads("/years/2025-06-30"))["from"] == "2024-07-01"
    answer = await program.asks("/years/2025")
    assert answer.status == 404
    assert "2024-07-01 to 2025-06-30, 2025-07-01 to 2025-12-31" in answer.text


async def test_who_is_slow_to_take_a_year_keeps_no_connection_from_others(
    program: Program, engine: Engine, producer: AIOKafkaProducer
) -> None:
    """It was read when the first piece is sent: the database has nothing to do with how long the rest takes."""
    await tell(engine, producer, program.tenant, books(10))
    [year] = await ledgers.years(engine, program.tenant)
    pieces = _whole(Host(whole()(_env_file=None), engine, VAULT, None, None), program.tenant, year)
    assert (await anext(pieces)).startswith(b"{")
    assert engine.in_use == 0
    await pieces.aclose()  # type: ignore[attr-defined] # it is a generator


async def test_what_is_not_signed_for_this_very_question_is_refused(
    program: Program, engine: Engine, producer: AIOKafkaProducer
) -> None:
    """A signature of another path, of a delivery, or with another company's secret opens nothing."""
    await tell(engine, producer, program.tenant, books(1))
    another = "whsec_Ym9rYnVzcy1leGFtcGxlLXNlY3JldC0wMDAy"
    refused = [
        await program.asks("/years/2025", signs=f"GET /v1/{program.tenant}/spiris/years"),
        await program.asks("/years", signs="{}"),
        await program.asks("/years", secret=another),
    ]
    assert [answer.status for answer in refused] == [401] * 3
    nobody = Program(program.url, "nobody", program.http)
    assert (await nobody.asks("/years")).status == 404


async def test_open_invoices_are_asked_for_by_the_year_and_signed_for_that(program: Program) -> None:
    """Who is not connected has no answer for now; what is no year is none, and each path has its own word."""
    answer = await program.asks("/years/2025/open-invoices")
    assert (answer.status, answer.headers["Retry-After"]) == (503, "30")
    assert (await program.asks("/years/last/open-invoices")).status == 404
    path = f"GET /v1/{program.tenant}/spiris/years"
    assert (await program.asks("/years/2025/open-invoices", signs=path)).status == 401
