"""Consent: what ``GET /oauth-v1/auth`` asks for, who may approve it, and where the browser goes then (facts §1.1)."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from urllib.parse import urlencode, urlsplit

from connectors.fortnox.sandbox import licences
from connectors.fortnox.sandbox.books import Books, Company
from connectors.fortnox.sandbox.grants import Consent, Integration, IssuedCode

_THIS_MACHINE: Final = frozenset({"127.0.0.1", "::1", "localhost"})


@dataclass(frozen=True, slots=True)
class AuthorizationRequest:
    """What an integration asks a person for. ``named_uri`` is the redirect address of the request, if it had one."""

    client_id: str
    redirect_uri: str
    named_uri: str | None
    state: str
    scope: str
    offline: bool
    service: bool


class Impossible(Exception):
    """A request that cannot be answered with a redirect: there is no address that is known to be the integration's."""


class Redirect(Exception):
    """The browser goes back to the integration: ``location`` says where, with what."""

    def __init__(self, location: str) -> None:
        self.location = location
        super().__init__(urlsplit(location).query)


def read(books: Books, params: Mapping[str, str]) -> AuthorizationRequest:
    """Return what is wanted.

    Raises:
        Impossible: nobody knows whose request it is, or where to go back to.
        Redirect: it is refused before anybody logs in.
    """
    client_id = params.get("client_id", "")
    client = books.clients.get(client_id)
    if client is None:
        raise Impossible("invalid_client: there is no integration with this client_id")
    redirect_uri = _redirect_uri(client, params.get("redirect_uri"))
    wanted = AuthorizationRequest(
        client_id,
        redirect_uri,
        params.get("redirect_uri"),
        params.get("state", ""),
        " ".join(dict.fromkeys(params.get("scope", "").split())),
        params.get("access_type") == "offline",
        params.get("account_type") == "service",
    )
    if not wanted.state or params.get("response_type") != "code":
        raise _back(wanted, error="invalid_request", error_description="state and response_type=code are required")
    if params.get("access_type", "offline") != "offline" or params.get("account_type", "service") != "service":
        raise _back(wanted, error="invalid_request", error_description="unknown access_type or account_type")
    if wanted.service and not client.service_accounts:
        raise _back(wanted, error="invalid_request", error_description="Client does not allow service account")
    scopes = wanted.scope.split()
    if not scopes or not set(scopes) <= set(client.scopes.split()):
        raise _back(wanted, error="invalid_scope")
    return wanted


def decide(
    books: Books, wanted: AuthorizationRequest, user_id: int, database_number: int, at: datetime, *, approved: bool
) -> Redirect:
    """Return where the browser goes when a user has approved, or denied, for a company. An approval is a consent.

    Raises:
        Impossible: there is no such user, or the user does not have this company.
    """
    user, company = books.users.get(user_id), books.companies.get(database_number)
    if user is None or company is None or not user.sees(database_number):
        raise Impossible("the user or the company is unknown, or the user does not have this company")
    if company.unpaid:
        return _back(wanted)
    if not approved:
        return _back(wanted, error="access_denied")
    if wanted.service and not user.administrator:
        return _back(wanted, error="error_missing_system_admin_right")
    if error := _licence_error(company, wanted.scope):
        return _back(wanted, error=error)
    consent = Consent(wanted.client_id, database_number, user_id, wanted.scope, wanted.service, wanted.offline, at)
    code = str(uuid.uuid4())
    expires = at + timedelta(seconds=books.code_seconds)
    books.authorization_codes[code] = IssuedCode(_keep(books, consent), wanted.named_uri, expires)
    return _back(wanted, code=code)


def withdraw(books: Books, consent_id: int) -> None:
    """End a consent with every code and refresh token given for it; access tokens run out by themselves."""
    consent = books.consents.pop(consent_id)
    for given in (books.authorization_codes, books.refresh_tokens):
        for text in [text for text, one in given.items() if one.consent == consent_id]:
            del given[text]
    if consent.service and (company := books.companies.get(consent.database_number)):
        company.consented = False


def service(books: Books, client_id: str, company: Company) -> str | None:
    """Return the scopes of a client's service account in a company; None when nobody gave one."""
    for consent in books.consents.values():
        if consent.service and (consent.client_id, consent.database_number) == (client_id, company.database_number):
            return consent.scope
    return company.scopes if company.consented else None


def _redirect_uri(client: Integration, asked: str | None) -> str:
    if asked is None and client.redirect_uris:
        return client.redirect_uris[0]
    if asked is None:
        raise Impossible("redirect_uri: none was named, and the integration has none registered")
    known = asked in client.redirect_uris if client.redirect_uris else urlsplit(asked).hostname in _THIS_MACHINE
    if not known:
        raise Impossible("redirect_uri_mismatch: the address is not one that the integration has registered")
    return asked


def _licence_error(company: Company, scope: str) -> str | None:
    refusals = {licences.lacking(each, company.licences) for each in scope.split()}
    if licences.NO_API_LICENCE in refusals:
        return "error_missing_app_license"
    return "error_missing_license" if licences.NO_LICENCE in refusals else None


def _keep(books: Books, consent: Consent) -> int:
    """Put a consent in the place of the one that it renews: a company has one service account for each client."""
    for number, known in books.consents.items():
        if (known.client_id, known.database_number, known.service) == (
            consent.client_id,
            consent.database_number,
            consent.service,
        ) and (consent.service or known.user == consent.user):
            books.consents[number] = consent
            return number
    number = max(books.consents, default=0) + 1
    books.consents[number] = consent
    return number


def _back(wanted: AuthorizationRequest, **answer: str) -> Redirect:
    mark = "&" if urlsplit(wanted.redirect_uri).query else "?"
    return Redirect(f"{wanted.redirect_uri}{mark}{urlencode({**answer, 'state': wanted.state})}")
