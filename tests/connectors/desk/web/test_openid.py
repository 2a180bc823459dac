"""Signing in at an OpenID provider that is real, over HTTP; what forged answers meet, and whom nobody has invited."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import httpx  # noqa: TID251 - a browser
import pytest
from pydantic import SecretStr

from infra.accounts import accounts
from infra.accounts.permissions import DeskRole
from infra.environment import load
from infra.office import office
from infra.settings import DeskSettings, OpenIdSettings
from tests.connectors.desk.conftest import Past
from tests.connectors.desk.openid_provider import CLIENT, SECRET, Provider, provider, query
from tests.connectors.desk.web_driver import PASSWORD, Visitor, visiting, words

pytestmark = pytest.mark.usefixtures("desk")

ANNA = "anna@example.se"
Story = Callable[[Visitor, Provider], Awaitable[Any]]


def visit(story: Story, *, only: bool = False) -> Any:
    """Let somebody visit a desk that trusts a provider, at which Anna is signed in."""

    async def main() -> Any:
        async with provider() as known, office(load()) as place:
            known.claims = {"email": ANNA, "email_verified": True, "name": "Anna Ek"}
            oidc = OpenIdSettings(
                issuer=known.url, client_id=CLIENT, client_secret=SecretStr(SECRET), name="Kontot AB", only=only
            )
            async with visiting(place, desk=DeskSettings(oidc=oidc)) as visitor:
                await Past(place).add("krogen")
                return await story(visitor, known)

    return asyncio.run(main())


async def invited(visitor: Visitor, role: DeskRole = DeskRole.ACCOUNTANT) -> str:
    """Have Anna invited; return the token of her link."""
    _, token = await accounts.invite(visitor.host.engine, ANNA, {"krogen": role}, by="test")
    return token


async def leaves(visitor: Visitor, to: str = "/me") -> httpx.Response:
    """Go to the provider, and return its redirect back."""
    gone = await visitor.get(f"/sign-in/openid?to={to}")
    assert gone.status_code == 303, gone.text
    return await visitor.http.get(gone.headers["location"])


async def comes(visitor: Visitor, to: str = "/me") -> httpx.Response:
    """Go to the provider and come back."""
    return await visitor.http.get((await leaves(visitor, to)).headers["location"])


def test_who_is_invited_signs_in_at_their_provider() -> None:
    """Without a password, under the name that the provider knows; and they are where they wanted to go."""

    async def story(visitor: Visitor, _known: Provider) -> None:
        await invited(visitor)
        page = await visitor.get("/companies/krogen/held")
        assert page.headers["location"] == "/sign-in?to=%2Fcompanies%2Fkrogen%2Fheld"
        sign_in = await visitor.get(page.headers["location"])
        assert "Sign in with Kontot AB" in words(sign_in.text)
        assert 'href="/sign-in/openid?to=%2Fcompanies%2Fkrogen%2Fheld"' in sign_in.text
        gone = await visitor.get("/sign-in/openid?to=%2Fcompanies%2Fkrogen%2Fheld")
        asked = query(gone.headers["location"])
        assert len({asked["state"], asked["nonce"], asked["code_challenge"]}) == 3
        kept = gone.headers["set-cookie"]
        assert not any(value in kept for value in (asked["state"], asked["nonce"]))
        back = await visitor.http.get(gone.headers["location"])
        came = await visitor.http.get(back.headers["location"])
        assert came.status_code == 303
        assert came.headers["location"] == "/companies/krogen/held"
        assert "Anna Ek" in await visitor.see("/me")
        again = await visitor.http.get(back.headers["location"])
        assert again.status_code == 403, "an answer is good once: its departure is thrown away"

    visit(story)


def test_what_the_token_lacks_is_asked_of_userinfo() -> None:
    """As providers do that keep their tokens small; it must speak of the same person."""

    async def story(visitor: Visitor, known: Provider) -> None:
        await invited(visitor)
        known.userinfo = {"sub": "somebody else", "email": ANNA, "email_verified": True}
        assert (await comes(visitor)).status_code == 403
        known.userinfo["sub"] = "248289761001"
        assert (await comes(visitor)).status_code == 303

    visit(story)


def test_forged_answers_sign_nobody_in() -> None:
    """State, nonce, issuer, audience, time, signature: each by itself is enough to be refused, and nothing is kept."""

    async def story(visitor: Visitor, known: Provider) -> None:
        await invited(visitor)
        forged: dict[str, dict[str, Any]] = {
            "state": {"answer": {"state": "planted"}},
            "no state": {"answer": {"state": ""}},
            "issuer of the answer": {"answer": {"iss": "https://evil.example"}},
            "nonce": {"forge": {"nonce": "of another sign-in"}},
            "no nonce": {"forge": {"nonce": None}},
            "issuer": {"forge": {"iss": "https://evil.example"}},
            "audience": {"forge": {"aud": "another-client"}},
            "two audiences, no azp": {"forge": {"aud": [CLIENT, "another-client"]}},
            "azp": {"forge": {"aud": [CLIENT, "another-client"], "azp": "another-client"}},
            "too old": {"forge": {"exp": 1_700_000_000}},
            "no end": {"forge": {"exp": None}},
            "no subject": {"forge": {"sub": None}},
            "alg none": {"signs": known.unsigned},
            "the public key as a secret": {"signs": known.signed_with_its_public_key},
            "another key": {"signs": known.signed_by_somebody_else},
            "no token": {"signs": lambda _claims: "a.b.c"},
            "not verified": {"forge": {"email_verified": False}},
            "verified by a word": {"forge": {"email_verified": "true"}},
            "nothing of verified": {"forge": {"email_verified": None}},
            "refused there": {"answer": {"code": "", "error": "access_denied"}},
            "another code": {"answer": {"code": "guessed"}},
        }
        for name, changes in forged.items():
            before = {changed: getattr(known, changed) for changed in changes}
            for changed, value in changes.items():
                setattr(known, changed, value)
            came = await comes(visitor)
            assert came.status_code == 403, name
            assert "bokbuss_session=" not in str(came.headers.get_list("set-cookie")), name
            assert "Kontot AB" in words(came.text), name
            for changed, value in before.items():
                setattr(known, changed, value)
        assert (await comes(visitor)).status_code == 303

    visit(story)


def test_an_answer_counts_in_the_browser_only_that_left() -> None:
    """Somebody who is sent another's way back is not signed in as them: their browser did not leave."""

    async def story(visitor: Visitor, _known: Provider) -> None:
        await invited(visitor)
        back = (await leaves(visitor)).headers["location"]
        async with httpx.AsyncClient() as victim:
            assert (await victim.get(back)).status_code == 403
            victim.cookies.set("bokbuss_openid", "AAAA")
            assert (await victim.get(back)).status_code == 403
            own = await victim.get(f"{visitor.url}/sign-in/openid")
            assert own.status_code == 303
            assert (await victim.get(back)).status_code == 403

    visit(story)


def test_only_who_is_invited_gets_in() -> None:
    """And an address that is somebody else's by now opens nothing of who had it before, until an admin says so."""

    async def story(visitor: Visitor, known: Provider) -> None:
        assert "nobody has invited" in words((await comes(visitor)).text)
        await invited(visitor)
        assert (await comes(visitor)).status_code == 303
        known.forge = {"sub": "a new employee with an old address"}
        assert (await comes(visitor)).status_code == 403
        [account] = await accounts.listed(visitor.host.engine, email=ANNA)
        assert account.begun
        await accounts.link(visitor.host.engine, account.account_id, by="test")
        assert (await comes(visitor)).status_code == 303
        await accounts.disable(visitor.host.engine, account.account_id, by="test")
        assert (await comes(visitor)).status_code == 403

    visit(story)


def test_who_is_vouched_for_first_has_the_account_alone() -> None:
    """Whoever invited the address first has a password, a session and a link: they are not them at what comes next."""

    async def story(visitor: Visitor, _known: Provider) -> None:
        engine, form = visitor.host.engine, {"name": "Anna", "password": PASSWORD}
        await visitor.post(f"/invitation/{await invited(visitor)}", form)
        theirs = visitor.http.cookies["bokbuss_session"]
        [account] = await accounts.listed(engine, email=ANNA)
        kept = await accounts.link(engine, account.account_id, by="an admin of krogen")
        visitor.http.cookies.clear()
        came = await comes(visitor)
        assert came.status_code == 303
        assert "the account's password is good no longer" in await visitor.see(came.headers["location"])
        visitor.http.cookies.clear()
        assert (await visitor.signs_in(ANNA)).status_code == 422
        assert (await visitor.post(f"/invitation/{kept}", form)).status_code == 404
        visitor.http.cookies.set("bokbuss_session", theirs)
        assert (await visitor.get("/me")).status_code == 303
        visitor.http.cookies.clear()
        assert "good no longer" not in await visitor.see((await comes(visitor)).headers["location"])
        mine = visitor.http.cookies["bokbuss_session"]
        await comes(visitor)
        visitor.http.cookies.clear()
        visitor.http.cookies.set("bokbuss_session", mine)
        assert (await visitor.get("/me")).status_code == 200, "a second sign-in ends no session"

    visit(story)


def test_an_address_that_becomes_another_when_it_is_folded_is_not_that_one() -> None:
    """Whoever has it is somebody else: a provider has verified what it was told, and not what we make of it."""

    async def story(visitor: Visitor, known: Provider) -> None:
        await invited(visitor)
        known.claims["email"] = "anna@example.\N{LATIN SMALL LETTER LONG S}e"
        assert (await comes(visitor)).status_code == 403
        known.claims["email"] = ANNA.upper()
        assert (await comes(visitor)).status_code == 303

    visit(story)


def test_an_invitation_of_two_companies_gives_no_link_to_the_second() -> None:
    """Neither before somebody has signed in nor after: whoever held it would be them in the first company, too."""

    async def story(visitor: Visitor, _known: Provider) -> None:
        assert await invited(visitor)
        engine = visitor.host.engine
        for tenant in ("grannen", "krogen"):
            _, token = await accounts.invite(engine, ANNA, {tenant: DeskRole.VIEWER}, by="another")
            assert token == ""
        await comes(visitor)
        assert (await accounts.invite(engine, ANNA, {"grannen": DeskRole.VIEWER}, by="another"))[1] == ""

    visit(story)


@pytest.mark.parametrize("to", ["//evil.example", "https://evil.example/", "/%5Cevil.example"])
def test_coming_back_leads_to_no_other_site(to: str) -> None:
    """Where somebody goes on to is an address of ours."""

    async def story(visitor: Visitor, _known: Provider) -> None:
        await invited(visitor)
        assert (await comes(visitor, to)).headers["location"] == "/"

    visit(story)


def test_where_only_the_provider_signs_in_passwords_do_not() -> None:
    """No form asks for one, and one that is sent is not looked at; the invitation leads to the provider."""

    async def story(visitor: Visitor, _known: Provider) -> None:
        token = await invited(visitor)
        assert "password" not in (await visitor.get("/sign-in")).text
        page = await visitor.get(f"/invitation/{token}")
        assert "Sign in with Kontot AB" in words(page.text)
        assert "password" not in page.text
        sent = {"name": "Anna", "password": PASSWORD}
        assert (await visitor.post(f"/invitation/{token}", sent)).status_code == 404
        assert (await visitor.signs_in(ANNA)).status_code == 404
        assert (await comes(visitor)).status_code == 303

    visit(story, only=True)


def test_a_provider_that_is_away_is_said_to_be() -> None:
    """And one that calls itself by another name than the one that is set is not believed."""

    async def story(visitor: Visitor, known: Provider) -> None:
        url, known.url = known.url, "https://evil.example"
        assert (await visitor.get("/sign-in/openid")).status_code == 502
        known.url = url
        assert (await visitor.get("/sign-in/openid")).status_code == 303

    visit(story)


def test_a_desk_without_a_provider_has_no_such_page() -> None:
    """Neither to leave nor to come back."""

    async def main() -> None:
        async with office(load()) as place, visiting(place) as visitor:
            for path in ("/sign-in/openid", "/sign-in/openid/back?code=1&state=2"):
                assert (await visitor.get(path)).status_code == 404

    asyncio.run(main())
