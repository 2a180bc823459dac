"""Which licence a scope needs, and what is answered without it (facts §1.9, §2.5)."""

import json
from typing import Any

import pytest

from connectors.fortnox.sandbox import licences, resources

Fortnox = Any  # of conftest.py, which a test cannot import


def test_every_resource_names_a_scope_with_a_place_in_the_table() -> None:
    """No route escapes the licences."""
    assert {scope for _, _, scope, _ in resources.ROUTES} <= licences.SCOPES.keys()


@pytest.mark.parametrize("status", [400, 403])
@pytest.mark.parametrize(
    ("held", "code"),
    [({"integration", "salary"}, 2001101), ({"bookkeeping"}, 2001103), ({"integration", "bookkeeping"}, None)],
)
async def test_a_call_needs_the_integration_licence_and_the_scopes(
    fortnox: Fortnox, status: int, held: set[str], code: int | None
) -> None:
    """The status is 400 or 403, as the sandbox is told; calls that need no other licence go on."""
    fortnox.books.licence_status = status
    fortnox.company.licences = held
    answer = await fortnox.get("accounts")
    if code is None:
        assert answer.status == 200
    else:
        assert (answer.status, json.loads(answer.body)["ErrorInformation"]["code"]) == (status, code)
    assert ((await fortnox.get("companyinformation")).status == 200) == ("integration" in held)


async def test_a_missing_scope_is_said_before_a_missing_licence(fortnox: Fortnox) -> None:
    """Of two things wrong, the consent comes first."""
    await fortnox.control("scopes", {"company": 1001, "scopes": "companyinformation"})
    fortnox.company.licences.clear()
    assert json.loads((await fortnox.get("accounts")).body)["ErrorInformation"]["code"] == 2000663


@pytest.mark.parametrize(
    ("scope", "expected"),
    [
        ("companyinformation", ["integration"]),
        ("bookkeeping salary bookkeeping", ["integration", "bookkeeping", "salary"]),
        ("customer", ["integration", "invoicing or order"]),
    ],
)
def test_the_licences_that_scopes_need_have_names(scope: str, expected: list[str]) -> None:
    """Each once; where one of several is enough, both are named."""
    assert licences.named(scope) == expected
