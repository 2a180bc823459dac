"""Access tokens as Fortnox gives and refuses them (facts §1.2 to §1.7, §2.3)."""

import base64
import json
from typing import Any

import pytest

Fortnox = Any  # of conftest.py, which a test cannot import


async def test_client_credentials_give_an_hour_without_a_refresh_token(fortnox: Fortnox) -> None:
    """The answer to client credentials holds no refresh token, and is not to be stored."""
    answer = await fortnox.token()
    content = json.loads(answer.body)
    assert answer.status == 200
    assert content.keys() == {"access_token", "scope", "expires_in", "token_type"}
    assert (content["expires_in"], content["token_type"]) == (3600, "bearer")
    assert content["scope"].split() == ["bookkeeping", "companyinformation", "costcenter", "settings"]
    assert (answer.headers["cache-control"], answer.headers["pragma"]) == ("no-store", "no-cache")


async def test_a_token_names_its_tenant(fortnox: Fortnox) -> None:
    """A token is a JWT whose claim ``tenantId`` is the company's database number."""
    token = json.loads((await fortnox.token()).body)["access_token"]
    claims = json.loads(base64.urlsafe_b64decode(token.split(".")[1] + "=="))
    assert claims["tenantId"] == 1001
    assert claims["exp"] == claims["iat"] + 3600


async def test_a_wrong_secret_is_refused_in_json_that_says_it_is_text(fortnox: Fortnox) -> None:
    """As recorded: 401, invalid_client, and a content type that is not JSON."""
    answer = await fortnox.token(secret="wrong")
    assert answer.status == 401
    assert answer.headers["content-type"] == "text/plain;charset=UTF-8"
    assert json.loads(answer.body) == {
        "error": "invalid_client",
        "error_description": "The client credentials are invalid",
    }


async def test_an_unknown_refresh_token_is_refused_in_json_that_says_it_is_html(fortnox: Fortnox) -> None:
    """As recorded: 400, invalid_grant, and the content type of a page."""
    answer = await fortnox.token(grant_type="refresh_token", refresh_token="used")
    assert (answer.status, answer.headers["content-type"]) == (400, "text/html; charset=UTF-8")
    assert json.loads(answer.body) == {"error": "invalid_grant", "error_description": "Invalid refresh token"}


@pytest.mark.parametrize(
    ("form", "tenant", "error"),
    [
        ({"grant_type": "authorization_code", "code": "x"}, None, "invalid_grant"),
        ({"grant_type": "password"}, None, "unsupported_grant_type"),
        ({"grant_type": "client_credentials", "scope": "salary"}, None, "invalid_scope"),
        ({"grant_type": "client_credentials"}, "999", "invalid_grant"),
        ({"grant_type": "client_credentials"}, "-", "invalid_grant"),
    ],
)
async def test_other_requests_for_a_token_are_refused(
    fortnox: Fortnox, form: dict[str, str], tenant: str | None, error: str
) -> None:
    """A code never given out, an unknown grant, a scope without consent, and a company that is not there give 400."""
    answer = await fortnox.token(tenant=tenant, **form)
    assert (answer.status, json.loads(answer.body)["error"]) == (400, error)


@pytest.mark.parametrize("header", ["", "Basic x", "Bearer never-given", "Basic !", "Digest a=b"])
async def test_a_call_without_a_good_token_is_unauthorized(fortnox: Fortnox, header: str) -> None:
    """The gateway's 401 has a body of its own, without ErrorInformation."""
    fortnox.headers = {"Authorization": header}
    answer = await fortnox.get("companyinformation")
    assert (answer.status, answer.body, answer.headers["content-type"]) == (
        401,
        b'{"message":"unauthorized"}',
        "application/json",
    )


async def test_a_token_that_is_over_is_unauthorized(fortnox: Fortnox) -> None:
    """After its seconds a token opens nothing."""
    fortnox.books.token_seconds = 0
    await fortnox.renew()
    assert (await fortnox.get("companyinformation")).status == 401


async def test_a_token_opens_its_own_company_only(fortnox: Fortnox) -> None:
    """No path names a company: the token chooses it."""
    await fortnox.control("companies", {"database_number": 1002, "name": "Lingon AB"})
    other = json.loads((await fortnox.token(tenant="1002")).body)["access_token"]
    own = json.loads((await fortnox.get("companyinformation")).body)["CompanyInformation"]
    fortnox.headers = {"Authorization": f"Bearer {other}"}
    others = json.loads((await fortnox.get("companyinformation")).body)["CompanyInformation"]
    assert (own["DatabaseNumber"], own["CompanyName"]) == (1001, "Blåbär AB")
    assert (others["DatabaseNumber"], others["CompanyName"]) == (1002, "Lingon AB")


@pytest.mark.parametrize("status", [400, 403])
async def test_a_scope_without_consent_is_refused(fortnox: Fortnox, status: int) -> None:
    """2000663, with 400 or 403 as the sandbox is told; the rest of the grant goes on working."""
    fortnox.books.scope_status = status
    fortnox.company.scopes = "companyinformation"
    await fortnox.renew()
    answer = await fortnox.get("accounts")
    assert answer.status == status
    assert json.loads(answer.body)["ErrorInformation"]["code"] == 2000663
    assert (await fortnox.get("companyinformation")).status == 200
