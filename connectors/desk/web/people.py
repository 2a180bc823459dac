"""Who sees a company and what they may do there: invited, given another role, given a new link."""

from typing import Any, Final
from uuid import UUID

from starlette.responses import Response

from connectors.desk.access_words import is_now
from connectors.desk.web.signing_in import role_names, with_passwords
from connectors.desk.web.visit import NoSuchPage, Page, Visit
from infra.accounts import accounts, history
from infra.accounts.accounts import Account
from infra.accounts.permissions import EVERY_COMPANY, DeskRole, Permission
from schemas.base import seen

_CHANGES: Final = 100
"""The last ones, on a page."""


async def _shown(visit: Visit, *, status: int = 200, **values: Any) -> Response:
    known: dict[str, Any] = {"link": "", "email": "", "errors": (), "form": {"email": "", "role": "viewer"}}
    people = await accounts.listed(visit.host.engine, visit.tenant)
    changes = await history.listed(visit.host.engine, visit.tenant, _CHANGES + 1)
    known |= {"people": people, "changes": [(one, is_now(one, visit.language)) for one in changes[:_CHANGES]]}
    known |= {"more": len(changes) > _CHANGES}
    return await visit.show("people.html", status=status, role_names=role_names(visit), **known | values)


async def _invite(visit: Visit) -> Response:
    # As somebody types it: without what other programs copy along with it unseen.
    form = {"email": seen(visit.form.get("email", "")), "role": visit.form.get("role", "")}
    try:
        path = await _path(visit, form["email"], DeskRole(form["role"]))
    except ValueError:
        error = visit.say("Skriv en e-postadress som anna@example.se.", "Type an e-mail address like anna@example.se.")
        return await _shown(visit, status=422, errors=[("email", error)], form=form)
    except accounts.Closed:
        error = visit.say(
            "Kontot är stängt: den som driver bokbuss öppnar det igen.",
            "The account is closed: whoever runs bokbuss opens it again.",
        )
        return await _shown(visit, status=409, errors=[("email", error)], form=form)
    if not path:
        said = visit.say("har redan ett konto och ser företaget.", "has an account already, and sees the company.")
        return visit.go(visit.at("people"), f"{form['email']} {said}")
    return await _shown(visit, link=visit.from_outside(path), email=form["email"])


async def _path(visit: Visit, email: str, role: DeskRole) -> str:
    """Invite somebody; return the path of the link that they open, if they need one."""
    if with_passwords(visit):
        link = await accounts.ask(visit.host.engine, email, visit.tenant, role, by=visit.by)
        return f"/{'join' if link.joins else 'invitation'}/{link.token}" if link else ""
    _, token = await accounts.invite(visit.host.engine, email, {visit.tenant: role}, by=visit.by)
    return f"/invitation/{token}" if token else ""  # the provider vouches for the address, whoever invited it first


async def _role(visit: Visit) -> Response:
    account = await _account(visit)
    wish = visit.form.get("role", "")
    if wish and wish not in set(DeskRole):
        raise NoSuchPage
    role = DeskRole(wish) if wish else None
    await accounts.give(visit.host.engine, account.account_id, visit.tenant, role, by=visit.by)
    said = visit.say("Rollen är ändrad.", "The role is changed.")
    return visit.go(visit.at("people"), f"{account.email}: {said}")


async def _link(visit: Visit) -> Response:
    account = await _account(visit)
    if account.disabled_at is not None:
        raise NoSuchPage
    everywhere = visit.may(Permission.MANAGE, EVERY_COMPANY)
    theirs = None if everywhere else [one for one in visit.who.roles if visit.may(Permission.MANAGE, one)]
    try:
        token = await accounts.link(visit.host.engine, account.account_id, by=visit.by, only_of=theirs)
    except accounts.OfOthers:
        error = visit.say(
            "Personen hör också till företag där du inte är admin: någon som är admin där måste göra länken.",
            "This person is also of companies where you are no admin: an admin of those must make the link.",
        )
        return await _shown(visit, status=403, errors=[("", error)])
    return await _shown(visit, link=visit.from_outside(f"/invitation/{token}"), email=account.email)


async def _account(visit: Visit) -> Account:
    """Return the account of the address. Raises NoSuchPage: it has no role of its own here, or is one's own."""
    wanted: UUID = visit.request.path_params["account"]
    if wanted == visit.who.account_id:
        raise NoSuchPage
    for account in await accounts.listed(visit.host.engine, visit.tenant, account=wanted):
        if visit.tenant in account.roles:
            return account
    raise NoSuchPage


PAGES: Final = (
    Page("/companies/{tenant}/people", Permission.MANAGE, _shown),
    Page("/companies/{tenant}/people", Permission.MANAGE, _invite, act=True),
    Page("/companies/{tenant}/people/{account:uuid}/role", Permission.MANAGE, _role, act=True),
    Page("/companies/{tenant}/people/{account:uuid}/link", Permission.MANAGE, _link, act=True),
)
