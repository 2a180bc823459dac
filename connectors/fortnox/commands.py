"""The verbs of Fortnox: connect and disconnect a company."""

import asyncio
from collections.abc import Sequence
from enum import StrEnum
from typing import Annotated, Any
from urllib.parse import parse_qsl, urlsplit

import typer

from connectors.fortnox import needs, tokens, words
from connectors.fortnox.connect import connecting, consent, views
from connectors.fortnox.connect.consent import ActivationLink, Result
from connectors.fortnox.doctor import examining, report
from connectors.fortnox.settings import FortnoxSettings, settings_of
from infra import clock, tenants
from infra.access.connections import Connections, health
from infra.commanding import By, Company, Failed, Json, WrongUsage, asker, print_json, print_lines, print_out
from infra.office import Office, in_office
from infra.plugin import Host
from schemas.base import Language


class Grant(StrEnum):
    """How a connection is held: by the company's service account, or by a person's user and a rotating token."""

    SERVICE = "service"
    PERSON = "person"


def connect(
    tenant: Annotated[str | None, typer.Argument(metavar="TENANT", help="The company.")] = None,
    grant: Annotated[
        Grant | None,
        typer.Option(help="What is asked for: as before, else service; a person's lasts as long as their user."),
    ] = None,
    everybody: Annotated[bool, typer.Option("--all", help="A link for each company that needs one.")] = False,
    paste: Annotated[bool, typer.Option("--paste", help="Consent here and now, without our pages.")] = False,
    another: Annotated[
        bool, typer.Option("--another-company", help="It may be another company at Fortnox than before.")
    ] = False,
    documents: Annotated[
        bool, typer.Option("--documents", help="Ask for the vouchers' documents as well, to be read.")
    ] = False,
    supplier_documents: Annotated[
        bool, typer.Option("--supplier-documents", help="Those of suppliers' invoices, too: it takes that licence.")
    ] = False,
    invoice_documents: Annotated[
        bool, typer.Option("--invoice-documents", help="Customers' invoices, too, as they look.")
    ] = False,
    open_invoices: Annotated[
        bool, typer.Option("--open-invoices", help="Which customers' invoices were open at a balance date.")
    ] = False,
    open_supplier_invoices: Annotated[
        bool, typer.Option("--open-supplier-invoices", help="Suppliers', too: it takes that licence.")
    ] = False,
    valid_days: Annotated[int, typer.Option(min=1, max=90, help="How long the link works.")] = 7,
    by: By = None,
    as_json: Json = False,
) -> None:
    """Make a link that asks a company for access to its Fortnox, to be sent to the person who may approve."""
    if (tenant is None) != everybody or (everybody and (paste or another)):
        raise typer.BadParameter("name one company, or --all without --paste and --another-company")
    made_by = asker(by)
    wanted = {
        "documents": documents or supplier_documents or invoice_documents,
        "supplier_documents": supplier_documents,
        "invoice_documents": invoice_documents,
        "open_customer_invoices": open_invoices or open_supplier_invoices,
        "open_supplier_invoices": open_supplier_invoices,
    }

    async def link_for(host: Host, company: str) -> ActivationLink:
        service, had = await connecting.asked_before(host, company)
        made = await connecting.new_link(
            host,
            company,
            made_by=made_by,
            days=valid_days,
            service=service if grant is None else grant is Grant.SERVICE,
            another=another,
            extras=tuple(name for name, asked in wanted.items() if asked or name in had),
        )
        if (link := await connecting.find(host, made)) is None:
            raise WrongUsage(f"{company} was removed just now: bokbuss tenant list")
        return link

    async def work(place: Office) -> None:
        host = await place.host()
        if paste and tenant is not None:
            await _paste(host, await link_for(host, tenant), as_json=as_json)
            return
        companies = [tenant] if tenant is not None else await _unconnected(host)
        links = [await link_for(host, company) for company in companies]
        if as_json:
            told = [_json(host, link) for link in links]
            print_json(told if everybody else told[0])
        else:
            _print_links(host, links)

    in_office(work, tenant)


def disconnect(tenant: Company, by: By = None, as_json: Json = False) -> None:
    """End a company's access to its Fortnox: revoked there, forgotten here; what is to be written waits."""

    async def work(place: Office) -> None:
        host = await place.host()
        connections = Connections(host.engine, host.vault)
        held = await connections.held(tenant, connecting.SYSTEM)
        if held is None or held.state == "disconnected":
            raise WrongUsage(f"{tenant} is not connected to Fortnox: bokbuss tenant list")
        refresh = await connections.disconnect(tenant, connecting.SYSTEM, asker(by))
        revoked = await tokens.revoke(settings_of(host, tenant), refresh) if refresh else False
        company, language = held.company_name or tenant, host.settings.language
        print_out(
            {"tenant": tenant, "disconnected": True, "revoked": revoked},
            [words.COMMANDS["disconnected"].to(language, company=company, tenant=tenant)],
            as_json=as_json,
        )
        if not revoked and not as_json:
            print_lines([words.COMMANDS["not_revoked"].to(language)])

    in_office(work, tenant)


def doctor(
    tenant: Company,
    lang: Annotated[Language | None, typer.Option(help="Of what it says; yours by default.")] = None,
    as_json: Json = False,
) -> None:
    """Check everything about a company's Fortnox that can be known before the first write; 1: not all is green."""

    async def work(place: Office) -> None:
        host = await place.host()
        found = await examining.examine(host, tenant)
        language = lang or host.settings.language
        print_out(report.as_json(found, language), report.lines(found, language), as_json=as_json)
        if not found.ok:
            raise typer.Exit(1)

    in_office(work, tenant)


async def _unconnected(host: Host) -> list[str]:
    """Return the companies that have to consent: to begin with, again, or to more."""
    now = clock.now().timestamp()
    held = {each.tenant: each for each in await Connections(host.engine, host.vault).all(connecting.SYSTEM)}
    return [
        each.tenant
        for each in await tenants.everyone(host.engine)
        for connection in [held.get(each.tenant)]
        if needs.has_to_consent(health(connection, now), each.settings, connection.scopes if connection else ())
    ]


async def _paste(host: Host, link: ActivationLink, *, as_json: bool) -> None:
    """Let somebody consent in a browser anywhere, and take the address that it ends up at."""
    language, redirect_to = host.settings.language, connecting.redirect_uri(host.settings)
    if not host.settings.of(FortnoxSettings).client_id:
        raise WrongUsage(_told(Result("not_registered"), link, host))
    leaving = connecting.leave(host, link, redirect_to)
    print_lines([words.COMMANDS["paste"].to(language), "", leaving.url, ""], err=as_json)
    question = words.COMMANDS["paste_back"].to(language, redirect_uri=redirect_to)
    pasted = await asyncio.to_thread(typer.prompt, question, err=as_json)
    params = dict(parse_qsl(urlsplit(str(pasted).strip()).query))
    state = connecting.returning(host, params.get("state", ""))
    if state is None or state.link_id != link.link_id:
        result = consent.without_state(params)
    else:
        result = await connecting.complete(host, state, leaving.nonce, params, redirect_to)
    if result.outcome != "connected":
        raise Failed(_told(result, link, host))
    found = result.found
    if as_json and found is not None:
        company = {"company_name": found.name, "database_number": found.database_number}
        print_json({"tenant": link.company.tenant, "outcome": result.outcome, **company})
    else:
        print_lines(_told(result, link, host).splitlines())


def _told(result: Result, link: ActivationLink, host: Host) -> str:
    """Return what the page about an outcome says, as lines."""
    page = views.outcome(result, link, host.settings.language)
    facts = [f"  {label}: {value}" for label, value in page.facts]
    return "\n".join([page.title, page.happened, *facts, *page.notes, *(f"- {step}" for step in page.steps)])


def _print_links(host: Host, links: Sequence[ActivationLink]) -> None:
    language = host.settings.language
    for link in links:
        text = words.COMMANDS["link" if link.service else "link_person"]
        said = [text.to(language, **views.values_of(link, language))]
        if not needs.is_switched_on(link.settings):
            said.append(words.COMMANDS["first"].to(language, tenant=link.company.tenant))
        if link.settings.employees is not None:
            said.append(words.COMMANDS["staff"].to(language, tenant=link.company.tenant))
        print_lines([*said, "", connecting.address(host, link.link_id), ""])
    if not links:
        print_lines([words.COMMANDS["none"].to(language)])


def _json(host: Host, link: ActivationLink) -> dict[str, Any]:
    return {
        "tenant": link.company.tenant,
        "link": connecting.address(host, link.link_id),
        "expires_at": link.expires_at.isoformat(),
        "grant": str(Grant.SERVICE if link.service else Grant.PERSON),
        "scopes": list(needs.scopes(link.settings, link.extras)),
    }
