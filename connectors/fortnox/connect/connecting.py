"""Connecting a company: the activation link, the way to Fortnox and back, and what is done with what came back."""

import asyncio
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from http import HTTPStatus
from typing import Final

from cryptography.exceptions import InvalidTag

from connectors.fortnox import needs, tokens, whose
from connectors.fortnox.connect import consent
from connectors.fortnox.connect.consent import (
    ActivationLink,
    AuthorizationCode,
    ConsentOutcome,
    KnownCompany,
    OAuthState,
    Result,
)
from connectors.fortnox.settings import FortnoxSettings
from connectors.fortnox.whose import OpenedCompany
from infra import clock, store, telemetry, tenants
from infra.access.connection_rows import holder
from infra.access.connections import Connections, Taken
from infra.delivery.budget import WINDOW
from infra.delivery.guests import LOOK_UP, guest
from infra.http import Client, NoAnswer, NotSent
from infra.plugin import Host
from infra.postgres import DatabaseConnection, text
from infra.settings import Settings, authority
from infra.verdicts import Granted, Refused, RetryLater
from schemas.identities import ten_of

SYSTEM: Final = "fortnox"
_LINK: Final = "fortnox/activation-link"
_STATE: Final = "fortnox/consent-state"
RESULT: Final = "fortnox/consent-result"
"""What a text is locked for: one of these cannot pass for another."""

CALLBACK: Final = "/oauth/callback"
_TRIES: Final = 5
_PAUSE: Final = 1.0
_LOOKS_WITHIN: Final = 60.0
"""Seconds in which Fortnox must have told whose consent it is: a person waits for the page."""

_TURNS: Final = store.Turns(2)
"""Of answers that one process takes: each keeps a connection for as long as Fortnox takes."""
_log = telemetry.log(__name__)

_ADD = text(
    """insert into activation_links (link_id, tenant, system, service, another, extras, made_by, made_at, expires_at)
       values (:link_id, :tenant, :system, :service, :another, :extras, :made_by, :now, :expires_at)"""
)
_READ = text(
    """select tenant, service, another, extras, made_by, expires_at, used_at from activation_links
       where link_id = :link_id and system = :system"""
)
_ONE_AT_A_TIME = text("select pg_advisory_xact_lock(hashtext('consent of ' || :tenant))")
_USED = text("update activation_links set used_at = :now where link_id = :link_id")


# --- The link -----------------------------------------------------------------------------------------------------


async def consent_link(host: Host, tenant: str, made_by: str, asked: needs.Extras | None) -> str:
    """Make a link that asks a company for its consent, once, within a week; return its address.

    It asks for what the company's connection was before, with these extras or those of before. Whoever opens it learns
    who asks and for what, and can approve at Fortnox. It holds nothing that can be guessed.
    """
    service, before = await asked_before(host, tenant)
    extras = before if asked is None else asked
    return address(host, await new_link(host, tenant, made_by=made_by, days=7.0, service=service, extras=extras))


async def asked_before(host: Host, tenant: str) -> tuple[bool, tuple[str, ...]]:
    """Return what a company was asked for: a service account or not, and which extras; a new consent replaces it."""
    held = await Connections(host.engine, host.vault).held(tenant, SYSTEM)
    settings = (await tenants.known(host.engine, tenant)).settings
    service = held is None or held.grant_type != "authorization_code"
    return service, needs.extras_of(settings, held.scopes if held else ())


async def new_link(
    host: Host,
    tenant: str,
    *,
    made_by: str,
    days: float,
    service: bool,
    another: bool = False,
    extras: tuple[str, ...] = (),
) -> str:
    """Write a link down; return its id. Raises UnknownTenant.

    Args:
        service: whether a service account is asked for.
        another: whether it may be another company at Fortnox than the one that was connected before.
        extras: what is asked for besides what the settings need (``needs.EXTRAS``).
    """
    link_id, now = secrets.token_urlsafe(9), clock.now()
    values = {"link_id": link_id, "tenant": tenant, "system": SYSTEM, "service": service, "another": another}
    values |= {
        "extras": " ".join(extras),
        "made_by": made_by[:200],
        "now": now,
        "expires_at": now + timedelta(days=days),
    }
    await tenants.must_be_known(host.engine, tenant)
    await store.write(host.engine, _ADD, values)
    return link_id


def address(host: Host, link_id: str, base: str | None = None) -> str:
    """Return the address that a link is opened at: where Fortnox sends browsers back to, or below ``base``."""
    base = base or redirect_uri(host.settings).removesuffix(CALLBACK)
    return f"{base}/connect/{sealed(host, link_id, _LINK)}"


def redirect_uri(settings: Settings, base: str | None = None) -> str:
    """Return where Fortnox sends browsers back to: as registered, else below ``base``, else at this host and port."""
    if settings.of(FortnoxSettings).redirect_uri is not None:
        return str(settings.of(FortnoxSettings).redirect_uri)
    return (base or f"http://{authority(settings.host, settings.port)}").rstrip("/") + CALLBACK


async def open_link(host: Host, token: str) -> ActivationLink | None:
    """Return what a link's address leads to; None when we did not make it."""
    link_id = unsealed(host, token, _LINK)
    return await find(host, link_id) if link_id else None


async def find(host: Host, link_id: str) -> ActivationLink | None:
    """Return a link; None when it, or its company, is not known."""
    row = await store.row(host.engine, _READ, {"link_id": link_id, "system": SYSTEM})
    company = await tenants.find(host.engine, row.tenant) if row else None
    if row is None or company is None:
        return None
    held = await Connections(host.engine, host.vault).held(company.tenant, SYSTEM)
    name = held.company_name if held else ""
    known = KnownCompany(company.tenant, name, company.organisation_number, company.database_number)
    return ActivationLink(
        link_id=link_id,
        company=known,
        service=row.service,
        settings=company.settings,
        made_by=row.made_by,
        expires_at=row.expires_at,
        used_at=row.used_at,
        another=row.another,
        extras=tuple(row.extras.split()),
    )


def sealed(host: Host, text: str, context: str) -> str:
    """Return a text under the vault's lock, as it can stand in an address or a cookie."""
    return urlsafe_b64encode(host.vault.lock(text, context=context)).rstrip(b"=").decode()


def unsealed(host: Host, token: str, context: str) -> str | None:
    """Return the text; None when it was not locked here, for this."""
    try:
        locked = urlsafe_b64decode(token.encode("ascii") + b"=" * (-len(token) % 4))
        return host.vault.unlock(locked, context=context)
    except (InvalidTag, ValueError):
        return None


# --- To Fortnox and back ------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Leaving:
    """The way to Fortnox: where to, and what the browser must bring back besides."""

    url: str
    nonce: str


def leave(host: Host, link: ActivationLink, redirect_to: str) -> Leaving:
    """Return the way to Fortnox for the browser that now gives permission."""
    nonce = secrets.token_urlsafe(16)
    state = OAuthState(link.link_id, consent.fingerprint(nonce), int(clock.now().timestamp()))
    fortnox = host.settings.of(FortnoxSettings)
    url = consent.authorization_url(
        fortnox.auth_url,
        client_id=fortnox.client_id,
        redirect_uri=redirect_to,
        asked=needs.scopes(link.settings, link.extras),
        state=sealed(host, state.to_text(), _STATE),
        service=link.service,
    )
    return Leaving(url, nonce)


def returning(host: Host, token: str) -> OAuthState | None:
    """Return what a state holds that Fortnox brought back; None when it is not ours."""
    text = unsealed(host, token, _STATE)
    return OAuthState.from_text(text) if text else None


async def complete(host: Host, state: OAuthState, nonce: str, params: Mapping[str, str], redirect_to: str) -> Result:
    """Take what Fortnox sent a browser back with; when it is the right company's consent, the company is connected.

    Of two answers for one company that come at once the second waits for the first, and exchanges nothing when that
    one stood. Only success uses the link up.
    """
    worth = consent.state_worth(state, nonce, clock.now())
    if worth != "good":
        return Result(worth, state.link_id)
    link = await find(host, state.link_id)
    if link is None:
        return Result("link_unknown")
    async with _TURNS.of(host.engine, link.company.tenant), host.engine.begin() as connection:
        await connection.execute(_ONE_AT_A_TIME, {"tenant": link.company.tenant})
        link = await find(host, state.link_id)
        result = await _take(host, connection, link, params, redirect_to) if link else Result("link_unknown")
    _log.info("consent", tenant=link.company.tenant if link else "", outcome=result.outcome, said=result.said)
    return result


async def _take(
    host: Host, connection: DatabaseConnection, link: ActivationLink, params: Mapping[str, str], redirect_to: str
) -> Result:
    worth = consent.worth(link, clock.now())
    if worth != "open":
        return Result(worth, link.link_id)
    answer = consent.read_answer(params)
    if not isinstance(answer, AuthorizationCode):
        outcome, said = answer
        return Result(outcome, link.link_id, said=said)
    granted = await _exchanged(host.settings.of(FortnoxSettings), answer.text, redirect_to)
    if not isinstance(granted, Granted):
        return Result(granted, link.link_id)
    found = await _company(host, link.company.tenant, granted.access)
    if found is None:
        return Result("company_unreadable", link.link_id)
    ours, other = link.company, await holder(connection, link.company.tenant, found.database_number)
    verdict = consent.guard(ours, found, holder=other, another=link.another)
    if verdict == "own":
        try:
            return await _connected(host, connection, link, found, granted)
        except Taken as taken:  # by a consent that came at the same moment
            verdict, other = "other_tenant", taken.holder
    keeps = other or (ours.tenant if found.database_number == ours.database_number else "")
    revoked = not keeps and await _given_back(host, granted)
    return Result(verdict, link.link_id, found, revoked=revoked, holder=keeps)


async def _connected(
    host: Host, connection: DatabaseConnection, link: ActivationLink, found: OpenedCompany, granted: Granted
) -> Result:
    asked, tenant = needs.scopes(link.settings, link.extras), link.company.tenant
    given = granted.scopes or asked
    user = whose.user_of(granted.access)
    await Connections(host.engine, host.vault).consented(
        tenant,
        SYSTEM,
        grant_type="client_credentials" if link.service else "authorization_code",
        access=granted.access,
        access_seconds=granted.access_seconds,
        refresh=granted.refresh,
        refresh_seconds=granted.refresh_seconds,
        scopes=given,
        company_name=found.name,
        database_number=found.database_number,
        consented_by=f"user {user} at Fortnox, asked by {link.made_by}"[:200] if user else f"asked by {link.made_by}",
        terms=consent.TERMS,
    )
    number = ten_of(found.organisation_number) if link.company.organisation_number is None else None
    if number:
        await tenants.adopt(connection, tenant, number)
    await connection.execute(_USED, {"link_id": link.link_id, "now": clock.now()})
    missing = needs.missing_scopes(link.settings, given, link.extras)
    return Result("connected", link.link_id, found, adopted=bool(number), missing=missing)


async def _exchanged(fortnox: FortnoxSettings, code: str, redirect_to: str) -> Granted | ConsentOutcome:
    """Exchange a code; when no answer comes, ask again: had the first request arrived, this one is refused."""
    for attempt in range(_TRIES):
        if attempt:
            await clock.sleep(_PAUSE)
        match await tokens.exchange(fortnox, code, redirect_to):
            case Granted() as granted:
                return granted
            case Refused(state="licence_missing"):
                return "licence_missing"
            case Refused():
                return "exchange_lost"
            case RetryLater(code="client_refused"):
                return "not_registered"
            case RetryLater(code="auth_refused"):
                return "refused"
            case _:
                continue
    return "exchange_lost"


async def _company(host: Host, tenant: str, access: str) -> OpenedCompany | None:
    """Ask whose access this is; a read, so it is asked again until it is answered."""
    fortnox = host.settings.of(FortnoxSettings)
    headers = {"Authorization": f"Bearer {access}", "Accept": "application/json"}
    with suppress(TimeoutError):
        async with (
            asyncio.timeout(_LOOKS_WITHIN),
            guest(host, SYSTEM, tenant, LOOK_UP) as attempt,
            Client(timeout=fortnox.request_timeout, headers=headers) as client,
        ):
            for again in range(_TRIES):
                if again:
                    await clock.sleep(_PAUSE)
                await attempt.take()
                with suppress(NotSent, NoAnswer):
                    url = f"{fortnox.api_url}/companyinformation"
                    answer = await client.send("GET", url, may_send=attempt.may_send)
                    if answer.status == HTTPStatus.OK and (found := whose.company(answer)):
                        return found
                    if answer.status == HTTPStatus.TOO_MANY_REQUESTS:
                        await attempt.throttled(WINDOW)
    return None


async def _given_back(host: Host, granted: Granted) -> bool:
    """Revoke what another company gave; never what one of ours gave, this one itself included: it would be cut off."""
    return granted.refresh is not None and await tokens.revoke(host.settings.of(FortnoxSettings), granted.refresh)
