"""Consent as a browser goes through it, and what the token endpoint gives for it (facts §1.1 to §1.7)."""

import json
from datetime import timedelta
from html.parser import HTMLParser
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest

from connectors.fortnox.sandbox import Fault, Integration, User
from infra.http import NoAnswer, Response

Fortnox = Any  # of conftest.py, which a test cannot import

BACK = "http://127.0.0.1:9/oauth/callback"
ASKED = {
    "client_id": "sandbox",
    "redirect_uri": BACK,
    "scope": "bookkeeping companyinformation",
    "state": "s p&ce",
    "response_type": "code",
    "access_type": "offline",
}


class Form(HTMLParser):
    """The hidden fields and the choices of a page's form."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.hidden: dict[str, str] = {}
        self.choices: list[tuple[str, str]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Read an input or a button."""
        found = {name: value or "" for name, value in attrs}
        if found.get("type") == "hidden":
            self.hidden[found["name"]] = found["value"]
        elif tag in {"input", "button"}:
            self.choices.append((found["name"], found["value"]))


async def ask(fortnox: Fortnox, **params: str | None) -> Response:
    """Open the address that an integration sends a browser to; None leaves a parameter out."""
    asked = {name: value for name, value in {**ASKED, **params}.items() if value is not None}
    return await fortnox.client.send("GET", f"{fortnox.url}/oauth-v1/auth?{urlencode(asked)}")


async def decide(
    fortnox: Fortnox, decision: str = "approve", user: int = 1, company: int = 1001, **params: str
) -> Response:
    """Send the consent page's form."""
    form = {**ASKED, **params, "user": str(user), "company": str(company), "decision": decision}
    return await fortnox.client.send("POST", f"{fortnox.url}/oauth-v1/auth", form=form)


def came_back(answer: Response) -> dict[str, str]:
    """Return what an integration is called back with."""
    assert answer.status == 302
    target = urlsplit(answer.headers["location"])
    assert f"{target.scheme}://{target.netloc}{target.path}" == BACK
    return {name: value for name, (value,) in parse_qs(target.query).items()}


async def consent(fortnox: Fortnox, **params: str) -> dict[str, Any]:
    """Approve and exchange the code."""
    code = came_back(await decide(fortnox, **params))["code"]
    answer = await fortnox.token(grant_type="authorization_code", code=code, redirect_uri=BACK)
    assert answer.status == 200
    content: dict[str, Any] = json.loads(answer.body)
    return content


async def refresh(fortnox: Fortnox, token: str) -> Response:
    """Use a refresh token."""
    answer: Response = await fortnox.token(grant_type="refresh_token", refresh_token=token)
    return answer


def error(answer: Response) -> tuple[int, str, str]:
    """Return status, error and content type of a refusal of the token endpoint."""
    return answer.status, json.loads(answer.body)["error"], answer.headers["content-type"]


async def test_a_person_logs_in_chooses_a_company_and_approves_with_plain_forms(fortnox: Fortnox) -> None:
    """Two pages without scripts lead to a code, with the state as it was sent."""
    login = Form((await ask(fortnox)).text)
    assert login.choices == [("user", "1"), ("user", "2"), ("user", "3")]
    page = await ask(fortnox, **login.hidden, user="1")
    form = Form(page.text)
    assert "vouchers" in page.text
    assert form.choices == [("company", "1001"), ("decision", "approve"), ("decision", "deny")]
    sent = {**form.hidden, "company": "1001", "decision": "approve"}
    answer = await fortnox.client.send("POST", f"{fortnox.url}/oauth-v1/auth", form=sent)
    back = came_back(answer)
    assert back.keys() == {"code", "state"}
    assert back["state"] == "s p&ce"


async def test_a_user_sees_their_own_companies_only(fortnox: Fortnox) -> None:
    """An agency's accountant has several to choose from; somebody else's company cannot be approved for."""
    await fortnox.control("companies", {"database_number": 1002})
    fortnox.books.users[2].companies = (1001,)
    assert Form((await ask(fortnox, user="3")).text).choices[:2] == [("company", "1001"), ("company", "1002")]
    assert Form((await ask(fortnox, user="2")).text).choices[:1] == [("company", "1001")]
    assert (await decide(fortnox, user=2, company=1002)).status == 400
    assert fortnox.books.consents == {}


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"client_id": "nobody"}, "invalid_client"),
        ({"redirect_uri": "https://elsewhere.example/callback"}, "redirect_uri_mismatch"),
        ({"redirect_uri": None}, "redirect_uri"),
    ],
)
async def test_nobody_is_sent_to_an_address_that_is_not_known(
    fortnox: Fortnox, change: dict[str, str | None], named: str
) -> None:
    """Then there is a page, and no redirect."""
    answer = await ask(fortnox, **change)
    assert (answer.status, "location" in answer.headers) == (400, False)
    assert named in answer.text


async def test_a_registered_address_must_match_as_a_whole(fortnox: Fortnox) -> None:
    """Registered addresses end the sandbox's leniency towards this machine; the first one is the default."""
    fortnox.books.clients["sandbox"].redirect_uris = (BACK,)
    assert (await ask(fortnox, redirect_uri=f"{BACK}/")).status == 400
    assert (await ask(fortnox)).status == 200
    answer = await fortnox.client.send(
        "POST",
        f"{fortnox.url}/oauth-v1/auth",
        form={**{k: v for k, v in ASKED.items() if k != "redirect_uri"}, "user": "1", "company": "1001"},
    )
    assert came_back(answer)["error"] == "access_denied"


@pytest.mark.parametrize(
    ("params", "expected"),
    [
        ({"scope": "bookkeeping nonsense"}, "invalid_scope"),
        ({"scope": "Bookkeeping"}, "invalid_scope"),
        ({"scope": ""}, "invalid_scope"),
        ({"scope": "warehouse"}, "invalid_scope"),
        ({"response_type": "token"}, "invalid_request"),
        ({"access_type": "online"}, "invalid_request"),
        ({"account_type": "personal"}, "invalid_request"),
    ],
)
async def test_a_wrong_request_is_refused_before_anybody_logs_in(
    fortnox: Fortnox, params: dict[str, str], expected: str
) -> None:
    """The error comes back with the state."""
    back = came_back(await ask(fortnox, **params))
    assert (back["error"], back["state"]) == (expected, "s p&ce")


async def test_a_scope_must_be_registered_for_the_integration(fortnox: Fortnox) -> None:
    """One that exists but is not in the portal is an invalid scope; so is a service account an invalid request."""
    fortnox.books.clients["sandbox"] = Integration("x", scopes="salary", service_accounts=False)
    assert came_back(await ask(fortnox))["error"] == "invalid_scope"
    answer = came_back(await ask(fortnox, scope="salary", account_type="service"))
    assert answer["error_description"] == "Client does not allow service account"


@pytest.mark.parametrize(
    ("company", "sent", "expected"),
    [
        ({}, {"decision": "deny"}, "access_denied"),
        ({"licences": {"integration"}}, {}, "error_missing_license"),
        ({"licences": {"bookkeeping"}}, {}, "error_missing_app_license"),
        ({}, {"user": 2, "account_type": "service"}, "error_missing_system_admin_right"),
        ({"unpaid": True}, {}, None),
    ],
)
async def test_a_consent_that_cannot_be_given_says_why(
    fortnox: Fortnox, company: dict[str, Any], sent: dict[str, Any], expected: str | None
) -> None:
    """A company that is locked for an unpaid invoice comes back with neither code nor error."""
    for name, value in company.items():
        setattr(fortnox.company, name, value)
    back = came_back(await decide(fortnox, **sent))
    assert (back.get("error"), "code" in back) == (expected, False)
    assert fortnox.books.consents == {}


async def test_an_ordinary_user_may_consent_for_themselves(fortnox: Fortnox) -> None:
    """Only a service account needs the system administrator; the token says who it was."""
    given = await consent(fortnox, user=2)
    assert fortnox.books.tokens[given["access_token"]].user == 2


async def test_a_code_gives_both_tokens_of_the_scopes_that_were_approved(fortnox: Fortnox) -> None:
    """The access token opens exactly these."""
    given = await consent(fortnox)
    assert given.keys() == {"access_token", "refresh_token", "scope", "expires_in", "token_type"}
    assert given["scope"] == "bookkeeping companyinformation"
    fortnox.headers = {"Authorization": f"Bearer {given['access_token']}"}
    assert (await fortnox.get("companyinformation")).status == 200
    assert (await fortnox.get("costcenters")).status == 403


async def test_without_offline_access_there_is_no_refresh_token(fortnox: Fortnox) -> None:
    """``access_type=offline`` is what gives one."""
    form = {k: v for k, v in ASKED.items() if k != "access_type"} | {"user": "1", "company": "1001"}
    answer = await fortnox.client.send("POST", f"{fortnox.url}/oauth-v1/auth", form={**form, "decision": "approve"})
    code = came_back(answer)["code"]
    given = json.loads((await fortnox.token(grant_type="authorization_code", code=code, redirect_uri=BACK)).body)
    assert "refresh_token" not in given


async def test_a_code_is_good_once_for_its_client_with_its_address_for_ten_minutes(fortnox: Fortnox) -> None:
    """Whatever is wrong with a code, the answer is the same."""
    codes = [came_back(await decide(fortnox))["code"] for _ in range(4)]
    used, elsewhere, old, anothers = codes
    fortnox.books.authorization_codes[old].expires -= timedelta(minutes=10)
    fortnox.books.consents[2] = fortnox.books.consents[1].__class__(
        "another", 1001, 1, "bookkeeping", service=False, offline=True, at=fortnox.books.consents[1].at
    )
    fortnox.books.authorization_codes[anothers].consent = 2
    exchange = {"grant_type": "authorization_code", "redirect_uri": BACK}
    assert (await fortnox.token(**exchange, code=used)).status == 200
    refused = [
        await fortnox.token(**exchange, code=used),
        await fortnox.token(**{**exchange, "redirect_uri": f"{BACK}?"}, code=elsewhere),
        await fortnox.token(grant_type="authorization_code", code=elsewhere),
        await fortnox.token(**exchange, code=old),
        await fortnox.token(**exchange, code=anothers),
    ]
    assert {error(answer) for answer in refused} == {(400, "invalid_grant", "application/json")}
    assert (await fortnox.token(**exchange, code=elsewhere)).status == 200


async def test_a_refresh_token_is_good_once_and_gives_the_next(fortnox: Fortnox) -> None:
    """The chain goes on; an old link is refused in JSON that says it is a page; access tokens run on."""
    first = await consent(fortnox)
    second = json.loads((await refresh(fortnox, first["refresh_token"])).body)
    again = await refresh(fortnox, first["refresh_token"])
    assert error(again) == (400, "invalid_grant", "text/html; charset=UTF-8")
    assert (await refresh(fortnox, second["refresh_token"])).status == 200
    fortnox.headers = {"Authorization": f"Bearer {first['access_token']}"}
    assert (await fortnox.get("companyinformation")).status == 200


async def test_a_refresh_token_that_lay_45_days_is_over(fortnox: Fortnox) -> None:
    """Each refresh gives 45 days more."""
    token = (await consent(fortnox))["refresh_token"]
    known = fortnox.books.refresh_tokens[token]
    assert (known.expires - fortnox.books.consents[1].at).days == 45
    known.expires -= timedelta(days=45)
    assert (await refresh(fortnox, token)).status == 400


async def test_a_licence_that_lapsed_stops_the_refresh_and_does_not_use_it_up(fortnox: Fortnox) -> None:
    """``error_missing_license`` was seen from the token endpoint; the token is good again with the licence."""
    token = (await consent(fortnox))["refresh_token"]
    fortnox.company.licences.discard("integration")
    assert error(await refresh(fortnox, token))[1] == "error_missing_license"
    fortnox.company.licences.add("integration")
    assert (await refresh(fortnox, token)).status == 200


@pytest.mark.parametrize("fault", [Fault.COMMIT_THEN_LOSE_ANSWER, Fault.COMMIT_THEN_500])
@pytest.mark.parametrize("grant", ["refresh_token", "authorization_code"])
async def test_an_answer_that_is_lost_has_used_up_what_was_sent(fortnox: Fortnox, fault: Fault, grant: str) -> None:
    """Rotated, but nobody knows the new token: only a person can mend that."""
    code = came_back(await decide(fortnox))["code"]
    forms = {
        "authorization_code": {"code": code, "redirect_uri": BACK},
        "refresh_token": {"refresh_token": (await consent(fortnox))["refresh_token"]},
    }
    form = {"grant_type": grant, **forms[grant]}
    fortnox.script(fault, only=f"POST /oauth-v1/token {grant}")
    if fault is Fault.COMMIT_THEN_500:
        assert (await fortnox.token(**form)).status == 500
    else:
        with pytest.raises(NoAnswer):
            await fortnox.token(**form)
    assert error(await fortnox.token(**form))[1] == "invalid_grant"


@pytest.mark.parametrize(
    ("fault", "status"),
    [(Fault.RESET_BEFORE_COMMIT, None), (Fault.FAIL_WITHOUT_COMMIT, 500), (Fault.THROTTLED, 429)],
)
async def test_a_fault_before_the_commit_uses_nothing_up(fortnox: Fortnox, fault: Fault, status: int | None) -> None:
    """The same refresh token is good afterwards."""
    form = {"grant_type": "refresh_token", "refresh_token": (await consent(fortnox))["refresh_token"]}
    fortnox.script(fault, only="POST /oauth-v1/token refresh_token", seconds=0)
    if status is None:
        with pytest.raises(NoAnswer):
            await fortnox.token(**form)
    else:
        assert (await fortnox.token(**form)).status == status
    assert (await fortnox.token(**form)).status == 200


async def test_faults_of_one_grant_leave_the_others_alone(fortnox: Fortnox) -> None:
    """A route without a grant is every grant."""
    fortnox.script(Fault.FAIL_WITHOUT_COMMIT, only="POST /oauth-v1/token refresh_token")
    assert (await fortnox.token()).status == 200
    fortnox.script(Fault.FAIL_WITHOUT_COMMIT, only="POST /oauth-v1/token")
    assert (await fortnox.token()).status == 500


async def test_a_company_that_needs_consent_gives_no_client_credentials_without_a_service_account(
    fortnox: Fortnox,
) -> None:
    """A user's own consent is not enough; the service account's is, and its scopes are the token's."""
    fortnox.company.consented = False
    assert error(await fortnox.token())[1] == "invalid_grant"
    await decide(fortnox)
    assert error(await fortnox.token())[1] == "invalid_grant"
    await decide(fortnox, account_type="service")
    assert json.loads((await fortnox.token()).body)["scope"] == ASKED["scope"]
    fortnox.books.clients["other"] = Integration("secret")
    assert len(fortnox.books.consents) == 2


async def test_a_service_account_is_one_for_each_company_and_client(fortnox: Fortnox) -> None:
    """Another consent widens it, and the refresh tokens that are out go on."""
    token = (await consent(fortnox, account_type="service"))["refresh_token"]
    await decide(fortnox, account_type="service", scope="salary")
    assert [one.scope for one in fortnox.books.consents.values()] == ["salary"]
    assert json.loads((await refresh(fortnox, token)).body)["scope"] == "salary"


async def revoke(fortnox: Fortnox, token: str) -> Response:
    """Revoke a refresh token."""
    headers = {"Authorization": "Basic c2FuZGJveDpzYW5kYm94LXNlY3JldA=="}  # sandbox:sandbox-secret
    form = {"token_type_hint": "refresh_token", "token": token}
    answer: Response = await fortnox.client.send("POST", f"{fortnox.url}/oauth-v1/revoke", headers=headers, form=form)
    return answer


async def test_a_revocation_ends_the_service_account_and_always_says_so(fortnox: Fortnox) -> None:
    """True for a token that nobody knows as well; neither grant works afterwards."""
    token = (await consent(fortnox, account_type="service"))["refresh_token"]
    for answer in (await revoke(fortnox, "nonsense"), await revoke(fortnox, token), await revoke(fortnox, token)):
        assert (answer.status, json.loads(answer.body)) == (200, {"revoked": True})
    assert (await refresh(fortnox, token)).status == 400
    assert error(await fortnox.token())[1] == "invalid_grant"


async def test_only_the_integration_itself_revokes(fortnox: Fortnox) -> None:
    """Without its secret nothing ends."""
    token = (await consent(fortnox))["refresh_token"]
    answer = await fortnox.client.send("POST", f"{fortnox.url}/oauth-v1/revoke", form={"token": token})
    assert answer.status == 401
    assert (await refresh(fortnox, token)).status == 200


async def test_a_code_that_is_posted_to_the_consent_page_is_forbidden(fortnox: Fortnox) -> None:
    """As Fortnox's FAQ says: 403 means the wrong address."""
    answer = await fortnox.client.send(
        "POST", f"{fortnox.url}/oauth-v1/auth", form={"grant_type": "authorization_code"}
    )
    assert answer.status == 403


async def test_what_comes_in_is_text_on_the_consent_page(fortnox: Fortnox) -> None:
    """Nothing of a request or of a name becomes markup."""
    fortnox.books.users[4] = User("<b>Bo</b>", "bo@example.com")
    page = (await ask(fortnox, state='"><b>')).text
    assert "&lt;b&gt;Bo" in page
    assert "<b>" not in page
