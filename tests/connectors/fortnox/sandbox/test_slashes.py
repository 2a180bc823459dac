"""Addresses with a slash at their end, over HTTP (recorded: Fortnox serves them)."""

import json
from typing import Any

import pytest

Fortnox = Any  # of conftest.py, which a test cannot import


async def test_a_slash_at_the_end_changes_nothing(fortnox: Fortnox) -> None:
    """Whatever the method: made, listed, read, changed and deleted under it, and counted as the same."""
    fortnox.company.scopes += " customer"
    await fortnox.renew()

    async def ask(method: str, path: str, body: dict[str, Any] | None = None) -> tuple[int, Any]:
        content = json.dumps({"Customer": body}).encode() if body else b""
        answer = await fortnox.client.send(method, f"{fortnox.url}/3/{path}", headers=fortnox.headers, content=content)
        return answer.status, json.loads(answer.body) if answer.body else None

    assert (await ask("POST", "customers/", {"Name": "Grosshandel AB"}))[0] == 201
    status, listed = await ask("GET", "customers/?name=gross")
    assert (status, listed["MetaInformation"]["@TotalResources"]) == (200, 1)
    assert (await ask("PUT", "customers/1/", {"City": "Lund"}))[0] == 200
    status, found = await ask("GET", "customers/1/")
    assert (status, found["Customer"]["City"]) == (200, "Lund")
    assert (await ask("DELETE", "customers/1/"))[0] == 204
    assert (await ask("GET", "customers/1/")) == await ask("GET", "customers/1")
    assert fortnox.company.calls.routes["GET /3/customers/{key}"] == 3


@pytest.mark.parametrize("path", ["nothing", "nothing/", "customers/1/nothing"])
async def test_an_address_that_there_is_not_is_not_found(fortnox: Fortnox, path: str) -> None:
    """Neither with a slash nor without, and it leads nowhere else."""
    assert (await fortnox.get(path)).status == 404
