"""A running sandbox with one company, and a client that has a token."""

import base64
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import pytest

from connectors.fortnox.sandbox import CLIENT_ID, CLIENT_SECRET, Books, Company, CostCentre, Fault, Faults, running
from infra.http import Client, NoAnswer, Response

COST_CENTRES = {"10": "Södermalm", "20": "Vasastan"}


def rows(amount: float = 125.5, **fields: Any) -> list[dict[str, Any]]:
    """Return a debit of the till and a credit of sales, which ``fields`` are added to."""
    return [{"Account": 1910, "Debit": amount, "Credit": 0}, {"Account": 3001, "Debit": 0, "Credit": amount, **fields}]


def voucher(**fields: Any) -> dict[str, Any]:
    """Return a voucher that is accepted, unless ``fields`` spoil it."""
    whole = {"Description": "Dagsavslut", "VoucherSeries": "F", "TransactionDate": "2026-03-01", "VoucherRows": rows()}
    return {"Voucher": {**whole, **fields}}


@dataclass
class SandboxDriver:
    """One company of the sandbox, and the client that talks to it."""

    books: Books
    company: Company
    url: str
    client: Client
    headers: dict[str, str]

    async def token(self, *, tenant: str | None = None, secret: str = CLIENT_SECRET, **form: str) -> Response:
        """Ask for a token."""
        proof = base64.b64encode(f"{CLIENT_ID}:{secret}".encode()).decode()
        headers = {"Authorization": f"Basic {proof}", "TenantId": tenant or str(self.company.database_number)}
        form = form or {"grant_type": "client_credentials"}
        return await self.client.send("POST", f"{self.url}/oauth-v1/token", headers=headers, form=form)

    async def renew(self) -> None:
        """Take a new token."""
        answer = await self.token()
        self.headers = {"Authorization": f"Bearer {json.loads(answer.body)['access_token']}"}

    async def get(self, path: str, **params: str | int) -> Response:
        """Read a resource."""
        return await self.client.send("GET", f"{self.url}/3/{path}", headers=self.headers, params=params)

    async def post(self, content: Any = None, *, financialyear: int = 4) -> Response:
        """Send a voucher; bytes are sent as they are."""
        body = content if isinstance(content, bytes) else json.dumps(content or voucher()).encode()
        params = {"financialyear": financialyear}
        url = f"{self.url}/3/vouchers"
        return await self.client.send("POST", url, headers=self.headers, params=params, content=body)

    async def loses(self) -> str:
        """Send a voucher and return the name of the way in which its answer was lost."""
        with pytest.raises(NoAnswer) as lost:
            await self.post()
        return type(lost.value.__cause__).__name__

    async def listed(self) -> list[int]:
        """Return the numbers that the list of vouchers shows."""
        answer = await self.get("vouchers", financialyear=4)
        return [item["VoucherNumber"] for item in json.loads(answer.body)["Vouchers"]]

    async def control(self, path: str, content: dict[str, Any] | None = None) -> Response:
        """Use the sandbox's own side: a POST when there is content."""
        method = "GET" if content is None else "POST"
        return await self.client.send(method, f"{self.url}/_sandbox/{path}", json=content)

    def script(self, *script: Fault | None, seconds: float = 0.3, only: str | None = "POST /3/vouchers") -> None:
        """Let these things go wrong, one a request."""
        self.company.faults = Faults(only=only, script=script, seconds=dict.fromkeys(Fault, seconds))

    def numbers(self) -> list[int]:
        """Return the numbers of the vouchers that stand in the books, whatever lists show."""
        return [one.number for one in self.company.vouchers()]


@pytest.fixture
async def fortnox() -> AsyncIterator[SandboxDriver]:
    """Run a sandbox with company 1001, and hold a token for it."""
    books = Books()
    centres = {code: CostCentre(code, name) for code, name in COST_CENTRES.items()}
    company = books.add(Company(1001, "Blåbär AB", cost_centres=centres))
    async with running(books) as url, Client(timeout=60) as client:
        world = SandboxDriver(books, company, url, client, {})
        await world.renew()
        yield world
