"""The verbs of people at the desk: the first admin, who there is, and who is shut out."""

from dataclasses import asdict
from typing import Annotated

import typer

from connectors.desk.access_words import is_now
from connectors.desk.words import columns, when
from infra.accounts import accounts, history
from infra.accounts.permissions import EVERY_COMPANY, DeskRole
from infra.commanding import By, Failed, Json, OfCompany, WrongUsage, asker, print_out, width
from infra.office import Office, in_office

desk = typer.Typer(no_args_is_help=True, help="People who sign in at the desk.")

Email = Annotated[str, typer.Argument(help="Their e-mail address.")]


@desk.command("admin")
def admin(email: Email, by: By = None, as_json: Json = False) -> None:
    """Make somebody admin of every company, and print the link with which they choose a password: also a new one."""
    _invite(email, EVERY_COMPANY, DeskRole.ADMIN, by, as_json=as_json)


@desk.command("invite")
def invite(
    email: Email,
    tenant: Annotated[str, typer.Option("--tenant", help="The company.")],
    role: Annotated[DeskRole, typer.Option(help="What they are there.")] = DeskRole.VIEWER,
    by: By = None,
    as_json: Json = False,
) -> None:
    """Let somebody see a company, and print the link with which they choose a password, if they have none."""
    _invite(email, tenant, role, by, as_json=as_json)


def _invite(email: str, tenant: str, role: DeskRole, by: str | None, *, as_json: bool) -> None:
    async def work(place: Office) -> None:
        try:
            account, token = await accounts.invite(place.engine, email, {tenant: role}, by=asker(by), opens_closed=True)
        except ValueError as error:
            raise WrongUsage(f"{email!r}: {error}") from None
        [known] = await accounts.listed(place.engine, account=account)
        if tenant == EVERY_COMPANY or not known.begun:  # whoever has this terminal has the database, too
            token = token or await accounts.link(place.engine, account, by=asker(by))
        link = f"{place.settings.desk_url}/invitation/{token}" if token else None
        told = [f"{email} is {role} now. This link is good once, for seven days:", f"  {link}"]
        as_before = [f"{email} is {role} now, and signs in as before."]
        made = {"email": email, "tenant": tenant, "role": role.value, "link": link}
        print_out(made, told if link else as_before, as_json=as_json)

    in_office(work, None if tenant == EVERY_COMPANY else tenant)


@desk.command("people")
def people(as_json: Json = False) -> None:
    """List who can sign in, and what they are where."""

    async def work(place: Office) -> None:
        found = await accounts.listed(place.engine)
        rows = [("ADDRESS", "NAME", "ROLES", "LAST SEEN", "")]
        for one in found:
            roles = ", ".join(f"{role} of {'all' if t == EVERY_COMPANY else t}" for t, role in one.roles.items())
            state = "closed" if one.disabled_at else "" if one.begun else "invited"
            rows.append((one.email, one.name, roles, when(one.seen_at) if one.seen_at else "", state))
        lines = columns(rows, width=width()) if found else ("Nobody has an account: bokbuss desk admin ADDRESS",)
        print_out([_as_json(one) for one in found], lines, as_json=as_json)

    in_office(work, reads=True)


@desk.command("history")
def changes(tenant: OfCompany = None, as_json: Json = False) -> None:
    """List who was let into what, by whom and when: roles, accounts, the secrets that deliveries are signed with."""

    async def work(place: Office) -> None:
        found = await history.listed(place.engine, tenant)
        rows = [("WHEN", "COMPANY", "WHO OR WHAT", "IS NOW", "BY")]
        for one in found:
            company = "all" if one.tenant == EVERY_COMPANY else one.tenant
            rows.append((when(one.at), company, one.subject, is_now(one, place.settings.language), one.by))
        lines = columns(rows, width=width()) if found else ("Nothing was changed.",)
        print_out([asdict(one) for one in found], lines, as_json=as_json)

    in_office(work, tenant, reads=True)


@desk.command("close")
def close(email: Email, by: By = None, as_json: Json = False) -> None:
    """Close somebody's account: it opens nothing from now on, and who is signed in by it is signed out.

    desk invite opens it again: with another password, and with the role that it names only.
    """

    async def work(place: Office) -> None:
        found = await accounts.listed(place.engine, email=email.strip().casefold())
        if not found:
            raise Failed(f"{email!r} has no account: bokbuss desk people")
        [account] = found
        await accounts.disable(place.engine, account.account_id, by=asker(by))
        print_out({"closed": account.email}, [f"The account of {account.email} is closed."], as_json=as_json)

    in_office(work)


def _as_json(one: accounts.Account) -> dict[str, object]:
    return {
        "email": one.email,
        "name": one.name,
        "roles": {tenant: role.value for tenant, role in one.roles.items()},
        "begun": one.begun,
        "one_time_codes": one.codes,
        "made_by": one.made_by,
        "made_at": one.made_at.isoformat(),
        "closed_at": one.disabled_at.isoformat() if one.disabled_at else None,
        "last_seen_at": one.seen_at.isoformat() if one.seen_at else None,
    }
