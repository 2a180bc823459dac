"""Signing in and out, choosing a password by an invitation, and one's own account: codes, sessions, language."""

from collections.abc import Sequence
from typing import Final, cast
from uuid import UUID

from starlette.datastructures import QueryParams
from starlette.responses import Response

from connectors.desk.access_words import ROLES
from connectors.desk.web.site import address_of, agent_of
from connectors.desk.web.visit import ANYBODY, SIGNED_IN, NoSuchPage, Page, Visit, below
from infra import clock
from infra.accounts import accounts, passwords, sessions
from schemas.words import LANGUAGES, Said

_WHY: Final = {
    "wrong": Said("Adressen, lösenordet eller koden är fel.", "The address, the password or the code is wrong."),
    "code": Said("Skriv också engångskoden.", "Type the one-time code, too."),
    "often": Said("För många försök. Vänta en kvart.", "Too many tries. Wait a quarter of an hour."),
}
_WEAK: Final = {
    "short": Said("Lösenordet har minst 12 tecken.", "The password has at least 12 characters."),
    "long": Said("Lösenordet har högst 200 tecken.", "The password has 200 characters at most."),
    "obvious": Said("Det lösenordet gissar man lätt.", "That password is easily guessed."),
}


def role_names(visit: Visit) -> dict[str, str]:
    """Return what each role is called, in the reader's language."""
    return {role.value: said.to(visit.language) for role, said in ROLES.items()}


def here(to: str) -> str:
    """Return an address of ours to go on to; anything else is the start page."""
    ours = to.startswith("/") and not to.startswith("//") and "\\" not in to and to.isprintable()
    return to if ours else "/"


# --- In and out ------------------------------------------------------------------------------------------------------


async def _show(visit: Visit) -> Response:
    if visit.person is not None:
        return visit.go(here(visit.asked("to")))
    return await sign_in_page(visit, 200, (), to=visit.asked("to"))


async def sign_in_page(
    visit: Visit, status: int, errors: Sequence[tuple[str, str]], *, email: str = "", to: str = ""
) -> Response:
    """Return the page at which somebody signs in, and why they were not."""
    to = here(to)
    return await visit.show(
        "sign_in.html",
        status=status,
        path="/sign-in",
        query=QueryParams({"to": to} if to != "/" else {}),
        errors=errors,
        email=email,
        to=to,
        passwords=with_passwords(visit),
    )


def with_passwords(visit: Visit) -> bool:
    """Tell whether people sign in by passwords; else only the provider vouches for them."""
    return visit.openid is None or not visit.openid.settings.only


async def _sign_in(visit: Visit) -> Response:
    host, form = visit.host, visit.form
    if not with_passwords(visit):
        raise NoSuchPage
    try:
        token = await sessions.sign_in(
            host.engine,
            host.vault,
            email=form.get("email", ""),
            password=form.get("password", ""),
            code=form.get("code", ""),
            now=clock.now(),
            address=address_of(visit.request),
            agent=agent_of(visit.request),
        )
    except sessions.NotSignedIn as refused:
        name = "code" if refused.why == "code" else "email"
        errors = [(name, _WHY[refused.why].to(visit.language))]
        status = 429 if refused.why == "often" else 422
        return await sign_in_page(visit, status, errors, email=form.get("email", ""), to=form.get("to", ""))
    response = visit.go(here(form.get("to", "")))
    visit.cookies.remember(response, token)
    return response


async def _sign_out(visit: Visit) -> Response:
    await sessions.end(visit.host.engine, visit.who.account_id, cast("UUID", visit.who.session_id), how="signed_out")
    response = visit.go("/sign-in", visit.say("Du är utloggad.", "You are signed out."))
    visit.cookies.forget(response)
    return response


async def _language(visit: Visit) -> Response:
    wish = visit.form.get("language")
    response = visit.go(here(visit.form.get("to", "")))
    if wish in LANGUAGES:
        if visit.person is not None:
            await accounts.choose_language(visit.host.engine, visit.person.account_id, wish)
        visit.cookies.choose(response, wish)
    return response


# --- Invitations ----------------------------------------------------------------------------------------------------


async def _invitation(visit: Visit) -> Response:
    found = await accounts.invited(visit.host.engine, visit.request.path_params["token"])
    return await visit.show(
        "invitation.html", errors=(), email=found.email, name=found.name, passwords=with_passwords(visit)
    )


async def _begin(visit: Visit) -> Response:
    if not with_passwords(visit):
        raise NoSuchPage
    engine, token = visit.host.engine, visit.request.path_params["token"]
    name, password = visit.form.get("name", "").strip()[:200], visit.form.get("password", "")
    found = await accounts.invited(engine, token)
    errors = []
    if not name:
        errors.append(("name", visit.say("Skriv ditt namn.", "Type your name.")))
    if weak := passwords.weakness(password, found.email, name):
        errors.append(("password", _WEAK[weak].to(visit.language)))
    if errors:
        values = {"errors": errors, "email": found.email, "name": name, "passwords": True}
        return await visit.show("invitation.html", status=422, **values)
    account = await accounts.begin(engine, token, name=name, password=password)
    try:
        cookie = await sessions.begin(engine, account, address=address_of(visit.request), agent=agent_of(visit.request))
    except sessions.NotSignedIn:
        raise accounts.NotInvited from None
    response = visit.go("/", visit.say(f"Välkommen, {name}.", f"Welcome, {name}."))
    visit.cookies.remember(response, cookie)
    return response


async def _joins(visit: Visit) -> Response:
    """Ask somebody who is signed in whether they join the company whose link this is."""
    found = await accounts.asked(visit.host.engine, visit.request.path_params["token"])
    return await visit.show("joining.html", found=found, role=ROLES[found.role].to(visit.language))


async def _join(visit: Visit) -> Response:
    tenant = await accounts.join(visit.host.engine, visit.request.path_params["token"], visit.who.account_id)
    return visit.go(below(tenant), visit.say("Du ser nu företaget.", "You see the company now."))


# --- One's own account -----------------------------------------------------------------------------------------------


async def _me(visit: Visit) -> Response:
    secret = passwords.new_code_secret() if visit.asked("codes") else ""
    return await _account(visit, secret=secret)


async def _account(visit: Visit, *, secret: str = "", error: str = "") -> Response:
    engine, me = visit.host.engine, visit.who.account_id
    [mine] = await accounts.listed(engine, account=me)
    return await visit.show(
        "me.html",
        status=422 if error else 200,
        errors=[("code", error)] if error else (),
        codes=mine.codes,
        secret=secret if not mine.codes else "",
        sessions=await sessions.listed(engine, me),
        role_names=role_names(visit),
    )


async def _codes_on(visit: Visit) -> Response:
    secret = visit.form.get("secret", "")
    try:
        step = passwords.step_of(secret, visit.form.get("code", ""), clock.now().timestamp(), 0)
    except ValueError:
        raise NoSuchPage from None
    if step is None:
        return await _account(visit, secret=secret, error=visit.say("Koden stämmer inte.", "The code is not right."))
    if not await accounts.use_codes(visit.host.engine, visit.host.vault, visit.who.account_id, secret, step):
        there = visit.say("De är redan på. Slå av dem först.", "They are on already. Switch them off first.")
        return await _account(visit, error=there)
    return visit.go("/me", visit.say("Engångskoder är på.", "One-time codes are on."))


async def _codes_off(visit: Visit) -> Response:
    host, code = visit.host, visit.form.get("code", "")
    try:
        await sessions.prove_again(host.engine, host.vault, visit.who, code, clock.now())
    except sessions.NotSignedIn as refused:
        wrong = visit.say("Koden stämmer inte.", "The code is not right.")
        return await _account(visit, error=_WHY["often"].to(visit.language) if refused.why == "often" else wrong)
    await accounts.end_codes(host.engine, visit.who.account_id)
    return visit.go("/me", visit.say("Engångskoder är av.", "One-time codes are off."))


async def _end_session(visit: Visit) -> Response:
    await sessions.end(visit.host.engine, visit.who.account_id, visit.request.path_params["session"], how="ended")
    return visit.go("/me", visit.say("Sessionen är avslutad.", "The session has ended."))


PAGES: Final = (
    Page("/sign-in", ANYBODY, _show),
    Page("/sign-in", ANYBODY, _sign_in, act=True),
    Page("/sign-out", SIGNED_IN, _sign_out, act=True),
    Page("/language", ANYBODY, _language, act=True),
    Page("/invitation/{token}", ANYBODY, _invitation),
    Page("/invitation/{token}", ANYBODY, _begin, act=True),
    Page("/join/{token}", SIGNED_IN, _joins),
    Page("/join/{token}", SIGNED_IN, _join, act=True),
    Page("/me", SIGNED_IN, _me),
    Page("/me/codes", SIGNED_IN, _codes_on, act=True),
    Page("/me/codes/off", SIGNED_IN, _codes_off, act=True),
    Page("/me/sessions/{session:uuid}/end", SIGNED_IN, _end_session, act=True),
)
