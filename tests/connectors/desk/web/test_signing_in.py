"""Signing in: invitations, passwords, codes, sessions; and what somebody who tries to get in without them meets."""

import asyncio
import base64
import re
from collections.abc import Awaitable, Callable
from html import unescape
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit
from uuid import UUID

import pytest
from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.totp import TOTP

from connectors.desk.web import today
from infra import clock
from infra.accounts import accounts, history
from infra.accounts.permissions import EVERY_COMPANY, DeskRole
from infra.environment import load
from infra.office import office
from infra.postgres import text
from infra.settings import DeskSettings
from tests.connectors.desk.conftest import Past
from tests.connectors.desk.web_driver import PASSWORD, Visitor, visiting, words

pytestmark = pytest.mark.usefixtures("desk")

ANNA = "anna@example.se"


def visit(story: Callable[[Visitor], Awaitable[Any]], **settings: object) -> Any:
    """Let somebody visit a desk with two companies."""

    async def main() -> Any:
        async with office(load()) as place, visiting(place, **settings) as visitor:
            for tenant in ("krogen", "grannen"):
                await Past(place).add(tenant)
            return await story(visitor)

    return asyncio.run(main())


async def anna(visitor: Visitor, role: DeskRole = DeskRole.ADMIN, tenant: str = "krogen") -> None:
    """Have an account with a password."""
    _, token = await accounts.invite(visitor.host.engine, ANNA, {tenant: role}, by="test")
    answer = await visitor.post(f"/invitation/{token}", {"name": "Anna", "password": PASSWORD})
    assert answer.status_code == 303
    visitor.http.cookies.clear()


async def link_of(visitor: Visitor, tenant: str, role: DeskRole) -> str:
    """Have the admin who is signed in invite Anna; return the path of the link."""
    answer = await visitor.post(f"/companies/{tenant}/people", {"email": ANNA, "role": role.value})
    return urlsplit(answer.text.split('<code id="link">')[1].split("<")[0]).path


def test_the_first_admin_comes_in_by_a_link(desk: Any) -> None:
    """``bokbuss desk admin`` prints it; it is good once, also when two use it, and looking does not use it up."""
    link = desk.json("desk", "admin", "Anna@Example.SE")["link"]

    async def story(visitor: Visitor) -> None:
        path = urlsplit(link).path
        assert "anna@example.se" in await visitor.see(path)
        for password, why in (
            ("kort", "12 characters"),
            ("anna@example.se1", "guessed"),
            ("abcdefghijklmno", "guessed"),
        ):
            weak = await visitor.post(path, {"name": "Anna", "password": password})
            assert weak.status_code == 422
            assert why in weak.text
            assert password not in weak.text.replace("anna@example.se", "")
        good = await asyncio.gather(*(visitor.post(path, {"name": "Anna", "password": PASSWORD}) for _ in range(3)))
        assert sorted(answer.status_code for answer in good) == [303, 404, 404]
        assert "krogen" in await visitor.see("/")
        assert (await visitor.get(path)).status_code == 404

    visit(story)


def test_a_password_signs_in_and_out() -> None:
    """Wrong ones say the same as unknown addresses; a session ended at sign-out opens nothing more."""

    async def story(visitor: Visitor) -> None:
        await anna(visitor)
        wrong = await visitor.signs_in(ANNA, "en annan lang ramsa")
        unknown = await visitor.signs_in("bo@example.se")
        assert wrong.status_code == unknown.status_code == 422
        assert wrong.text.replace(ANNA, "") == unknown.text.replace("bo@example.se", "")
        assert "set-cookie" not in wrong.headers
        assert (await visitor.signs_in(f" {ANNA.upper()} ")).status_code == 303
        kept = visitor.http.cookies["bokbuss_session"]
        assert "Anna" in await visitor.see("/me")
        await visitor.post("/sign-out")
        visitor.http.cookies.set("bokbuss_session", kept)
        assert (await visitor.get("/me")).status_code == 303

    visit(story)


def test_a_session_is_new_at_each_sign_in() -> None:
    """A cookie that somebody else has planted is never the one that is signed in with."""

    async def story(visitor: Visitor) -> None:
        await anna(visitor)
        visitor.http.cookies.set("bokbuss_session", "planted")
        answer = await visitor.signs_in(ANNA)
        assert "planted" not in answer.headers["set-cookie"]
        assert "HttpOnly" in answer.headers["set-cookie"]
        assert "samesite=lax" in answer.headers["set-cookie"].lower()

    visit(story)


def test_a_desk_behind_https_has_a_cookie_of_this_host_only() -> None:
    """``__Host-`` and Secure, and a form counts that comes from the address that is set, and no other one."""

    async def story(visitor: Visitor) -> None:
        await anna(visitor)
        here = {"Sec-Fetch-Site": "", "Origin": "https://desk.example.se"}
        form = {"email": ANNA, "password": PASSWORD}
        headers = {"Origin": "https://desk.example.se"}
        answer = await visitor.http.post(f"{visitor.url}/sign-in", data=form, headers=headers)
        assert answer.status_code == 303
        assert answer.headers["set-cookie"].startswith("__Host-bokbuss=")
        assert "Secure" in answer.headers["set-cookie"]
        assert (await visitor.http.post(f"{visitor.url}/sign-in", data=form)).status_code == 403
        assert (await visitor.post("/sign-in", form, **here)).status_code == 403

    visit(story, desk=DeskSettings(url="https://desk.example.se"))


def test_who_tries_often_waits() -> None:
    """After ten tries for one address the right password is refused, too; another address is not."""

    async def story(visitor: Visitor) -> None:
        await anna(visitor)
        for _ in range(10):
            await visitor.signs_in(ANNA, "fel losenord igen")
        assert (await visitor.signs_in(ANNA)).status_code == 429
        assert (await visitor.signs_in("bo@example.se")).status_code == 422

    visit(story)


def test_a_code_is_asked_for_and_good_once() -> None:
    """With one-time codes a password alone does not do, and the same code does not do twice."""

    async def story(visitor: Visitor) -> None:
        await anna(visitor)
        await visitor.signs_in(ANNA)
        page = (await visitor.get("/me?codes=1")).text
        secret = page.split('name="secret" value="')[1].split('"')[0]
        assert (await visitor.post("/me/codes", {"secret": secret, "code": "000000"})).status_code == 422
        totp = TOTP(base64.b32decode(secret), 6, SHA1(), 30)  # noqa: S303 - what authenticators use
        now = int(clock.now().timestamp())
        form = {"secret": secret, "code": totp.generate(now).decode()}
        assert (await visitor.post("/me/codes", form)).status_code == 303
        await visitor.post("/sign-out")
        assert (await visitor.signs_in(ANNA)).status_code == 422
        again = [await visitor.signs_in(ANNA, code=totp.generate(now + 30).decode()) for _ in range(2)]
        assert [answer.status_code for answer in again] == [303, 422]

    visit(story)


def test_a_sign_in_that_is_under_way_does_not_outlive_its_password() -> None:
    """Who knows the old one and tries just then: the new one ends every session, and that one, too.

    It is stopped between two of its steps by locks on their rows: at its code, then before its session begins.
    """

    async def story(visitor: Visitor) -> None:
        engine = visitor.host.engine
        await anna(visitor)
        [account] = await accounts.listed(engine, email=ANNA)
        secret = base64.b32encode(bytes(range(20))).decode()
        await accounts.use_codes(engine, visitor.host.vault, account.account_id, secret, 0)
        code = TOTP(base64.b32decode(secret), 6, SHA1(), 30).generate(int(clock.now().timestamp()))  # noqa: S303 - the same
        link = await accounts.link(engine, account.account_id, by="test")
        async with engine.connect() as at_its_code, engine.connect() as before_its_session:
            await at_its_code.execute(text("select account_id from accounts for update"))
            signing_in = asyncio.create_task(visitor.signs_in(ANNA, code=code.decode()))
            await stopped_at(visitor, "update accounts set code_step")
            await before_its_session.execute(text("select who from sign_in_tries for update"))
            await at_its_code.rollback()
            await stopped_at(visitor, "delete from sign_in_tries where who")
            await accounts.begin(engine, link, name="Anna", password=f"{PASSWORD} igen")
            await before_its_session.rollback()
            answer = await signing_in
        assert answer.status_code == 422
        assert (await visitor.get("/me")).status_code == 303

    visit(story)


async def stopped_at(visitor: Visitor, statement: str) -> None:
    """Wait until somebody waits for a lock in a statement."""
    waits = text(
        """select count(*) from pg_stat_activity
           where datname = current_database() and wait_event_type = 'Lock' and starts_with(query, :statement)"""
    )
    async with asyncio.timeout(30.0), visitor.host.engine.connect() as connection:
        while not await connection.scalar(waits, {"statement": statement}):
            await connection.rollback()
            await asyncio.sleep(0.01)


def test_codes_that_are_on_are_changed_by_nobody_who_only_has_a_session() -> None:
    """A page left open, or a cookie that was taken: neither puts another authenticator in, nor guesses codes off."""

    async def story(visitor: Visitor) -> None:
        await anna(visitor)
        await visitor.signs_in(ANNA)
        mine, another = (base64.b32encode(bytes([each] * 20)).decode() for each in (1, 2))
        now = int(clock.now().timestamp())

        def form(secret: str, at: int) -> dict[str, str]:
            totp = TOTP(base64.b32decode(secret), 6, SHA1(), 30)  # noqa: S303 - what authenticators use
            return {"secret": secret, "code": totp.generate(at).decode()}

        assert (await visitor.post("/me/codes", form(mine, now))).status_code == 303
        refused = await visitor.post("/me/codes", form(another, now))
        assert refused.status_code == 422
        assert "They are on already." in refused.text
        for _ in range(11):
            off = await visitor.post("/me/codes/off", {"code": "000000"})
        assert "Too many tries." in off.text
        async with visitor.host.engine.begin() as connection:
            await connection.execute(text("delete from sign_in_tries"))
        assert (await visitor.signs_in(ANNA, code=form(another, now + 30)["code"])).status_code == 422
        assert (await visitor.post("/me/codes/off", form(mine, now + 30))).status_code == 303

    visit(story)


@pytest.mark.parametrize(
    "to",
    ["//evil.example", "https://evil.example/", "/\\evil.example", "javascript:alert(1)", "\t//x", "//[", "https://["],
)
def test_signing_in_leads_to_no_other_site(to: str) -> None:
    """Where to go on to is an address of ours, or the start."""

    async def story(visitor: Visitor) -> None:
        assert (await visitor.get(f"/sign-in?to={quote(to)}")).status_code == 200
        await anna(visitor)
        answer = await visitor.post("/sign-in", {"email": ANNA, "password": PASSWORD, "to": to})
        assert answer.headers["location"] == "/"

    visit(story)


def test_an_admin_of_one_company_gets_hold_of_no_account_of_another() -> None:
    """An invitation of somebody who has an account gives the role and no link; a new link needs every company of it."""

    async def story(visitor: Visitor) -> None:
        engine = visitor.host.engine
        await anna(visitor, DeskRole.ADMIN, EVERY_COMPANY)
        account = (await accounts.listed(engine))[0].account_id
        await visitor.is_signed_in_as(DeskRole.ADMIN, "krogen")
        answer = await visitor.post("/companies/krogen/people", {"email": ANNA, "role": "viewer"})
        assert answer.status_code == 303
        assert "/invitation/" not in answer.text
        link = await visitor.post(f"/companies/krogen/people/{account}/link")
        assert link.status_code == 403
        assert "/invitation/" not in link.text
        new = await visitor.post("/companies/krogen/people", {"email": "bo@example.se", "role": "accountant"})
        assert "/invitation/" in new.text
        assert (await visitor.post("/companies/krogen/people", {"email": "bo", "role": "viewer"})).status_code == 422

    visit(story)


def test_an_address_that_was_pasted_is_the_one_that_somebody_types() -> None:
    """Contact cards put marks of direction around an address, and PDF files letters in parts: nobody signs in so."""

    async def story(visitor: Visitor) -> None:
        engine = visitor.host.engine
        pasted = "\u202ao\u0308rjan@example.se\u202c\u200b"
        with pytest.raises(ValueError, match="invisible"):
            await accounts.invite(engine, pasted, {"krogen": DeskRole.VIEWER}, by="test")
        await visitor.is_signed_in_as(DeskRole.ADMIN, "krogen")
        invited = await visitor.post("/companies/krogen/people", {"email": pasted, "role": "viewer"})
        assert "/invitation/" in invited.text
        assert "örjan@example.se" in {one.email for one in await accounts.listed(engine, "krogen")}

    visit(story)


def test_an_admin_is_offered_nothing_about_people_that_is_not_there() -> None:
    """Each form of the page has an address that takes it; one's own account is changed at one's own page."""

    async def story(visitor: Visitor) -> None:
        await visitor.is_signed_in_as(DeskRole.ADMIN, "krogen")
        await accounts.invite(visitor.host.engine, ANNA, {"krogen": DeskRole.VIEWER}, by="test")
        page = (await visitor.get("/companies/krogen/people")).text
        offered = re.findall(r'action="(/companies/krogen/people/[^"]+)"', page)
        assert sorted(one.rpartition("/")[2] for one in offered) == ["link", "role"]
        for address in offered:
            assert (await visitor.post(address, {"role": "viewer"})).status_code in {200, 303}

    visit(story)


def test_who_has_an_account_joins_another_company_by_its_own_link() -> None:
    """Whoever invited an address first may have begun its account: the second company's link comes to who is meant."""

    async def story(visitor: Visitor) -> None:
        engine = visitor.host.engine
        await anna(visitor)  # by an admin of krogen, who has typed the address of somebody at grannen
        [account] = await accounts.listed(engine, email=ANNA)
        before = await accounts.link(engine, account.account_id, by="an admin of krogen")
        await visitor.is_signed_in_as(DeskRole.ADMIN, "grannen")
        path = await link_of(visitor, "grannen", DeskRole.APPROVER)
        assert (await visitor.post(f"/invitation/{path.rpartition('/')[2]}", {"name": "X"})).status_code == 404
        assert "you are signed in with another one" in await visitor.see(path)
        assert (await visitor.post(path)).status_code == 404
        visitor.http.cookies.clear()
        assert (await visitor.get(path)).headers["location"] == f"/sign-in?to={quote(path, safe='')}"
        await visitor.signs_in(ANNA)
        assert (await visitor.get("/companies/grannen")).status_code == 404
        assert "The company invites you as approver." in await visitor.see(path)
        joined = await asyncio.gather(*(visitor.post(path) for _ in range(3)))
        assert sorted(one.status_code for one in joined) == [303, 404, 404]
        assert (await visitor.get("/companies/grannen")).status_code == 200
        assert (await visitor.get(f"/invitation/{before}")).status_code == 404

    visit(story)


def test_nobody_gets_a_link_to_an_account_that_joins_another_company_just_then() -> None:
    """What the admin may do is looked at when the link is made, and not before: here they wait for each other."""

    async def story(visitor: Visitor) -> None:
        engine = visitor.host.engine
        await anna(visitor)
        [account] = await accounts.listed(engine, email=ANNA)
        await visitor.is_signed_in_as(DeskRole.ADMIN, "krogen")
        async with engine.connect() as joining:
            await joining.execute(
                text("select account_id from accounts where email = :email for update"), {"email": ANNA}
            )
            asking = asyncio.create_task(visitor.post(f"/companies/krogen/people/{account.account_id}/link"))
            await stopped_at(visitor, "")
            joins = text("insert into memberships values (:id, 'grannen', 'viewer', 'test', now())")
            await joining.execute(joins, {"id": account.account_id})
            await joining.commit()
            answer = await asking
        assert answer.status_code == 403
        assert "also of companies where you are no admin" in answer.text

    visit(story)


def test_a_link_of_a_company_that_let_somebody_go_opens_no_account_of_the_next() -> None:
    """Its admin still holds what nobody has used, and would be them at the company that invites them now."""

    async def story(visitor: Visitor) -> None:
        await visitor.is_signed_in_as(DeskRole.ADMIN, "krogen")
        kept = await link_of(visitor, "krogen", DeskRole.VIEWER)
        [account] = await accounts.listed(visitor.host.engine, email=ANNA)
        await visitor.post(f"/companies/krogen/people/{account.account_id}/role", {"role": ""})
        await visitor.is_signed_in_as(DeskRole.ADMIN, "grannen")
        link = await link_of(visitor, "grannen", DeskRole.ACCOUNTANT)
        visitor.http.cookies.clear()
        form = {"name": "Anna", "password": PASSWORD}
        assert (await visitor.post(kept, form)).status_code == 404
        assert (await visitor.post(link, form)).status_code == 303
        assert (await visitor.get("/companies/grannen")).status_code == 200

    visit(story)


def test_a_link_of_a_company_that_let_somebody_go_opens_no_account_that_whoever_runs_bokbuss_invites() -> None:
    """Its admin made it while they were there, and would be them at the company that has them now."""

    async def story(visitor: Visitor) -> None:
        engine = visitor.host.engine
        await anna(visitor)
        [account] = await accounts.listed(engine, email=ANNA)
        kept = await accounts.link(engine, account.account_id, by="an admin of krogen")
        await accounts.give(engine, account.account_id, "krogen", None, by="an admin of krogen")
        await accounts.invite(engine, ANNA, {"grannen": DeskRole.ACCOUNTANT}, by="who runs bokbuss")
        form = {"name": "Anna", "password": f"{PASSWORD} igen"}
        assert (await visitor.post(f"/invitation/{kept}", form)).status_code == 404
        await visitor.signs_in(ANNA)
        assert (await visitor.get("/companies/grannen")).status_code == 200

    visit(story)


def test_who_becomes_admin_of_every_company_begins_anew() -> None:
    """A company's admin may have begun the account of that address: what they know of it opens nothing from then on."""

    async def story(visitor: Visitor) -> None:
        engine = visitor.host.engine
        await anna(visitor, DeskRole.VIEWER)
        await visitor.signs_in(ANNA)
        account, _ = await accounts.invite(engine, ANNA, {EVERY_COMPANY: DeskRole.ADMIN}, by="who runs bokbuss")
        assert (await visitor.get("/me")).status_code == 303
        visitor.http.cookies.clear()
        assert (await visitor.signs_in(ANNA)).status_code == 422
        link = await accounts.link(engine, account, by="who runs bokbuss")
        form = {"name": "Anna", "password": f"{PASSWORD} igen"}
        assert (await visitor.post(f"/invitation/{link}", form)).status_code == 303
        assert (await visitor.get("/companies/grannen")).status_code == 200

    visit(story)


def test_who_joins_is_what_was_said_last() -> None:
    """A link for more than was meant opens nothing once another is made, or once they have joined as less."""

    async def story(visitor: Visitor) -> None:
        engine = visitor.host.engine
        await anna(visitor)
        await visitor.is_signed_in_as(DeskRole.ADMIN, "grannen")
        mistaken = await link_of(visitor, "grannen", DeskRole.ADMIN)
        meant = await link_of(visitor, "grannen", DeskRole.VIEWER)
        visitor.http.cookies.clear()
        await visitor.signs_in(ANNA)
        assert (await visitor.post(mistaken)).status_code == 404
        assert (await visitor.post(meant)).status_code == 303
        [account] = await accounts.listed(engine, email=ANNA)
        assert account.roles["grannen"] == DeskRole.VIEWER
        await accounts.give(engine, account.account_id, "grannen", None, by="test")
        visitor.http.cookies.clear()
        await visitor.is_signed_in_as(DeskRole.ADMIN, "grannen")
        more = await link_of(visitor, "grannen", DeskRole.ADMIN)
        await accounts.invite(engine, ANNA, {"grannen": DeskRole.VIEWER}, by="who runs bokbuss")
        visitor.http.cookies.clear()
        await visitor.signs_in(ANNA)
        assert (await visitor.post(more)).status_code == 404
        [account] = await accounts.listed(engine, email=ANNA)
        assert account.roles["grannen"] == DeskRole.VIEWER

    visit(story)


def test_a_closed_account_opens_nothing() -> None:
    """Who is signed in by it is signed out at once."""

    async def story(visitor: Visitor) -> None:
        await anna(visitor)
        await visitor.signs_in(ANNA)
        account = (await accounts.listed(visitor.host.engine))[0].account_id
        await accounts.disable(visitor.host.engine, account, by="test")
        assert (await visitor.get("/me")).status_code == 303
        assert (await visitor.signs_in(ANNA)).status_code == 422

    visit(story)


def test_a_closed_account_begins_anew_by_who_runs_bokbuss_and_by_nobody_else(desk: Any) -> None:
    """With another password, no codes, and no role but the new one; a link that is printed opens it."""

    async def story(visitor: Visitor) -> None:
        await anna(visitor, DeskRole.ACCOUNTANT, "grannen")
        engine = visitor.host.engine
        [account] = await accounts.listed(engine, email=ANNA)
        await accounts.disable(engine, account.account_id, by="test")
        await visitor.is_signed_in_as(DeskRole.ADMIN, "grannen")
        answer = await visitor.post("/companies/grannen/people", {"email": ANNA, "role": "viewer"})
        assert answer.status_code == 409
        assert "The account is closed" in answer.text
        assert (await visitor.post(f"/companies/grannen/people/{account.account_id}/link")).status_code == 404
        roles = {"krogen": DeskRole.VIEWER}
        _, token = await accounts.invite(engine, ANNA, roles, by="test", opens_closed=True)
        told = await history.listed(engine, None)
        changes = [(one.tenant, one.what, one.value) for one in told if one.subject == ANNA]
        opened = [("krogen", "role", "viewer"), ("grannen", "role", ""), ("grannen", "account", "opened")]
        assert changes[:4] == [*opened, ("grannen", "account", "closed")]
        visitor.http.cookies.clear()
        assert (await visitor.signs_in(ANNA)).status_code == 422
        form = {"name": "Anna", "password": PASSWORD}
        assert (await visitor.post(f"/invitation/{token}", form)).status_code == 303
        assert (await visitor.get("/companies/krogen")).status_code == 200
        assert (await visitor.get("/companies/grannen")).status_code == 404

    visit(story)
    assert desk.json("desk", "close", ANNA) == {"closed": ANNA}
    assert desk.json("desk", "invite", ANNA, "--tenant", "krogen")["link"]


def test_who_was_let_into_what_is_on_record(desk: Any) -> None:
    """Who had a role can be told when they have none any more; what changes nothing is no change."""

    async def story(visitor: Visitor) -> None:
        await anna(visitor, DeskRole.VIEWER, "krogen")
        await visitor.is_signed_in_as(DeskRole.ADMIN, "krogen")
        [account] = await accounts.listed(visitor.host.engine, email=ANNA)
        for role in ("approver", "approver", ""):
            await visitor.post(f"/companies/krogen/people/{account.account_id}/role", {"role": role})
        await accounts.give(visitor.host.engine, account.account_id, "grannen", DeskRole.VIEWER, by="test")
        await visitor.post("/companies/krogen/sources/openpos/secret")
        page = (await visitor.get("/companies/krogen/people")).text
        assert "no role" in page
        assert "a new signing secret" in page

    visit(story)
    assert desk.json("desk", "close", ANNA, "--by", "Bo") == {"closed": ANNA}
    told = [
        (one["tenant"], one["subject"], one["value"], one["by"])
        for one in desk.json("desk", "history")
        if one["subject"] in {ANNA, "openpos"}
    ]
    admin = told[1][3]
    assert told == [
        ("grannen", ANNA, "closed", "Bo"),
        ("krogen", "openpos", "renewed", admin),
        ("grannen", ANNA, "viewer", "test"),
        ("krogen", ANNA, "", admin),
        ("krogen", ANNA, "approver", admin),
        ("krogen", ANNA, "viewer", "test"),
    ]
    assert "@" in admin
    of_one = desk("desk", "history", "--tenant", "grannen").stdout
    assert "account closed" in of_one
    assert "openpos" not in of_one


def test_an_open_page_hears_nothing_more_of_a_company_that_let_somebody_go(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its stream ends, with a word that makes the page ask; and an open page alone keeps no session alive."""
    monkeypatch.setattr(today, "_ASK_EVERY", 0.1)

    async def story(visitor: Visitor) -> None:
        await visitor.is_signed_in_as(DeskRole.VIEWER, "krogen")
        engine = visitor.host.engine
        [account] = await accounts.listed(engine, "krogen")
        async with (
            asyncio.timeout(60),
            visitor.http.stream("GET", f"{visitor.url}/companies/krogen/changes") as stream,
        ):
            said = stream.aiter_lines()
            assert await anext(said) == "retry: 5000"
            async with engine.begin() as connection:
                await connection.execute(text("update sessions set seen_at = now() - interval '1 hour'"))
            await clock.sleep(3.0)
            await accounts.give(engine, account.account_id, "krogen", None, by="test")
            assert [line async for line in said if line] == ["event: news", "data: -"]
        async with engine.connect() as connection:
            assert await connection.scalar(text("select max(seen_at) < now() - interval '50 minutes' from sessions"))

    visit(story)


def test_what_somebody_is_in_every_company_is_shown_beside_what_they_are_in_this_one() -> None:
    """Whoever looks at the list sees that a reader of their company is admin of all, and may do everything there."""

    async def story(visitor: Visitor) -> None:
        await anna(visitor, DeskRole.VIEWER)
        await accounts.invite(visitor.host.engine, ANNA, {EVERY_COMPANY: DeskRole.ADMIN}, by="test")
        await visitor.is_signed_in_as(DeskRole.ADMIN, "krogen")
        page = (await visitor.get("/companies/krogen/people")).text
        row = page.partition(f'<span class="soft">{ANNA}</span>')[2].partition("</tr>")[0]
        assert '<option value="viewer" selected>' in row
        assert 'admin <span class="soft">in every company</span>' in row

    visit(story)


def test_a_form_of_a_session_that_has_ended_is_told_that_nothing_was_done() -> None:
    """And whoever signs in is back where they sent it from."""

    async def story(visitor: Visitor) -> None:
        await anna(visitor)
        sent = await visitor.post("/companies/krogen/connections/fortnox/examine")
        assert sent.status_code == 303
        page = await visitor.get(sent.headers["location"])
        assert '<div class="note stop" role="alert"><p>You were not signed in any more' in page.text
        to = re.search(r'name="to" value="(/companies[^"]*)"', page.text)
        assert to is not None
        back = await visitor.post("/sign-in", {"email": ANNA, "password": PASSWORD, "to": to[1]})
        assert (await visitor.get(back.headers["location"])).headers["location"] == "/companies/krogen/connections"

    visit(story)


def test_what_somebody_typed_is_not_lost_with_their_session() -> None:
    """The answer to the form holds it as it was, and sends it to where it went, however long it is."""

    async def story(visitor: Visitor) -> None:
        await anna(visitor)
        typed = 'employees:\n  system: huma\n# "så" <b>här</b> & så\n'
        sent = await visitor.post("/companies/krogen/settings", {"settings": typed, "act": "show"})
        assert sent.status_code == 401
        assert 'target="_blank"' in sent.text
        await visitor.signs_in(ANNA)
        again = re.search(r'<form method="post" action="(/companies[^"]*)"', sent.text)
        assert again is not None
        kept = dict(re.findall(r'<input type="hidden" name="(settings|act)" value="([^"]*)"', sent.text))
        form = {name: unescape(value) for name, value in kept.items()}
        assert form == {"settings": typed, "act": "show"}
        shown = await visitor.post(again[1], form)
        assert unescape(shown.text.partition("<textarea")[2].partition(">")[2].partition("</textarea>")[0]).strip() == (
            typed.strip()
        )

    visit(story)


def test_what_is_sent_again_is_said_and_who_typed_it() -> None:
    """Somebody else may sign in beside it and send it in their own name: they see what, where, and whose it is."""

    async def story(visitor: Visitor) -> None:
        await anna(visitor)
        await visitor.signs_in(ANNA)
        async with visitor.host.engine.begin() as connection:
            await connection.execute(text("update sessions set ends_at = clock_timestamp()"))
        rows = [str(UUID(int=number)) for number in (1, 2)]
        form = {"row": rows, "answer": "keep", "comment": "as <i>agreed</i>"}
        here = {"Sec-Fetch-Site": "same-origin"}
        sent = await visitor.http.post(visitor.url + "/companies/krogen/held/answers", data=form, headers=here)
        assert sent.status_code == 401
        said = words(sent.text)
        assert "Company krogen Page Waits for somebody Button Answer several Chosen 2 Answer Keep" in said
        assert f"Why as <i>agreed</i> Typed by {ANNA}" in said
        asked = re.search(r'href="(/sign-in[^"]*)"', sent.text)
        assert asked is not None
        to = parse_qs(urlsplit(unescape(asked[1])).query)["to"][0]
        assert to == f"/companies/krogen/held/answers?row={rows[0]}&row={rows[1]}"
        long = await visitor.post("/companies/krogen/settings", {"settings": "# " + "x" * 300_000, "act": "publish"})
        assert (long.status_code, long.text.count("x" * 300_000)) == (401, 1)
        assert "Put the settings in force" in words(long.text)
        own = await visitor.post("/me/codes", {"secret": "JBSWY3DPEHPK3PXP", "code": "123456"})
        assert (own.status_code, "JBSWY3DP" in own.text) == (303, False)
        visitor.http.cookies.clear()
        assert "the server does not know" in (await visitor.post("/companies/krogen/settings", {"settings": "a"})).text
        much = await visitor.post("/companies/krogen/settings", {"settings": "x" * 300_000})
        assert much.status_code == 303  # of nobody whom we know so much is not kept

    visit(story)


def test_the_other_language_keeps_where_somebody_is() -> None:
    """Also before they are signed in: they come to the page that they asked for."""

    async def story(visitor: Visitor) -> None:
        await anna(visitor)
        wanted = "/companies/krogen/held?state=closed"
        page = await visitor.see(wanted)
        assert "Sign in" in page
        address = (await visitor.get(wanted)).headers["location"]
        for answer in (await visitor.get(address), await visitor.post("/sign-in", {"to": wanted})):
            to = re.findall(r'name="to" value="([^"]*)"', answer.text)
            chosen = await visitor.post("/language", {"language": "sv", "to": unescape(to[-1])})
            assert chosen.headers["location"] == f"/sign-in?to={quote(wanted, safe='')}"
        form = {"email": ANNA, "password": PASSWORD, "to": wanted}
        assert (await visitor.post("/sign-in", form)).headers["location"] == wanted
        asked = re.search(r'name="to" value="([^"]*)"', (await visitor.get(wanted)).text)
        assert asked is not None
        assert asked[1] == wanted

    visit(story)


def test_an_open_desk_is_open_on_this_machine_only() -> None:
    """The demo signs in whoever sits at it; not who comes by a name of elsewhere, which any page could have."""

    async def story(visitor: Visitor) -> None:
        assert (await visitor.get("/", Host="evil.example")).status_code == 303
        assert (await visitor.get("/")).status_code == 200
        assert "bokbuss_session" in visitor.http.cookies

    visit(story, desk=DeskSettings(open=True))


def test_a_language_is_the_browsers_until_somebody_chooses() -> None:
    """The choice is kept with the account."""

    async def story(visitor: Visitor) -> None:
        await anna(visitor)
        await visitor.signs_in(ANNA)
        assert "Waits for somebody" in await visitor.see("/companies/krogen")
        await visitor.post("/language", {"language": "sv", "to": "/me"})
        assert "Väntar på någon" in await visitor.see("/companies/krogen")

    visit(story)
