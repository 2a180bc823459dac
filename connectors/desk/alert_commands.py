"""The verbs of alerts: where a company's own systems and people are told what waits for somebody, and what was told."""

from dataclasses import asdict
from typing import Annotated

import typer

from connectors.desk import words
from infra.commanding import By, Company, Failed, Json, WrongUsage, asker, print_out, width
from infra.office import Office, in_office

alerts = typer.Typer(no_args_is_help=True, help="Where a company is told what waits for somebody, and what was told.")


@alerts.command("set")
def alerts_set(
    tenant: Company,
    url: Annotated[str | None, typer.Option("--url", help="Signed webhooks go there: https://...")] = None,
    mail: Annotated[list[str] | None, typer.Option("--mail", help="An address; once for each.")] = None,
    by: By = None,
    as_json: Json = False,
) -> None:
    """Set where alerts are told; a new URL gets a secret, which is shown once. What was given up is told again."""
    from infra.accounts.accounts import address_of
    from infra.alerting import hooks

    async def work(place: Office) -> None:
        if not url and not mail:
            raise WrongUsage("name a --url, an address with --mail, or both; bokbuss alerts remove ends them")
        if url and not hooks.is_url(url):
            raise WrongUsage(
                "--url: it begins with https://, or is on this machine (http://localhost, http://127.0.0.1)"
            )
        for address in mail or ():
            try:
                address_of(address)
            except ValueError as error:
                raise WrongUsage(f"--mail: {error}") from None
        host = await place.host()
        if mail and host.settings.mail.host is None:
            raise WrongUsage("--mail: there is no mail server; set BOKBUSS_MAIL__HOST")
        made = await hooks.change(host.engine, host.vault, tenant, url=url, mail_to=tuple(mail or ()), by=asker(by))
        told = [f"alerts of {tenant} are told {' and '.join(filter(None, ('there' if url else '', *(mail or ()))))}"]
        told += [f"signed with {made}; shown only now"] if made else []
        print_out({"secret": made}, told, as_json=as_json)

    in_office(work, tenant)


@alerts.command("test")
def alerts_test(tenant: Company, as_json: Json = False) -> None:
    """Send a company's URL an alert that says that it is a test; 1: it is not taken."""
    from infra.alerting import hooks, telling

    async def work(place: Office) -> None:
        host = await place.host()
        hook = await hooks.of(host.engine, host.vault, tenant)
        if hook is None or hook.url is None:
            raise WrongUsage(f"{tenant} has no URL for alerts: bokbuss alerts set {tenant} --url URL")
        if why := await telling.attempt(tenant, hook):
            raise Failed(f"the alert was not taken: {why}")
        print_out({"taken": True}, ["it was taken"], as_json=as_json)

    in_office(work, tenant)


@alerts.command("list")
def alerts_list(tenant: Company, as_json: Json = False) -> None:
    """List what is wrong with a company now, and what was told of it."""
    from infra.alerting import conditions, hooks, telling

    async def work(place: Office) -> None:
        found = await conditions.known(place.engine, tenant)
        if tenant not in await hooks.companies(place.engine):
            typer.echo(f"Nobody is told of it: bokbuss alerts set {tenant}", err=True)
        rows = [("SINCE", "TOLD", "ALERT")]
        for one in found:
            state = (
                f"given up: {one.why}" if one.given_up else f"in vain: {one.why}" if one.why else one.told or "not yet"
            )
            rows.append((words.when(one.alert.raised_at), state, telling.said(one.alert)))
        lines = words.columns(rows, width=width()) if found else (f"nothing is wrong with {tenant}",)
        print_out([asdict(one) for one in found], lines, as_json=as_json)

    in_office(work, tenant)


@alerts.command("remove")
def alerts_remove(tenant: Company, as_json: Json = False) -> None:
    """Tell a company's alerts nowhere any more."""
    from infra.alerting import hooks

    async def work(place: Office) -> None:
        removed = await hooks.remove(place.engine, tenant)
        print_out({"removed": removed}, [f"alerts of {tenant} are told nowhere"], as_json=as_json)

    in_office(work, tenant)
