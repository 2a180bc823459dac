"""The token endpoint: three grants, revocation, and who holds a token. Recorded errors keep their odd content types.

What is kept is kept by ``books``; a refresh token or a code is used up by being asked with, whether or not the answer
arrives.
"""

import base64
import binascii
import hashlib
import hmac
import json
import re
import uuid
from collections.abc import Mapping
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Any, Final

from connectors.fortnox.sandbox import consent, licences
from connectors.fortnox.sandbox.answers import JSON, ApiAnswer
from connectors.fortnox.sandbox.books import Books, Company
from connectors.fortnox.sandbox.grants import Consent, IssuedCode, RefreshToken, Token

_NUMBER: Final = re.compile(r"\d{1,9}", re.ASCII)
_NOT_KEPT: Final = {"Cache-Control": "no-store", "Pragma": "no-cache"}


def client_of(books: Books, authorization: str) -> str | None:
    """Return the client that Basic authentication proves, or None."""
    scheme, _, encoded = authorization.partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        client_id, _, secret = base64.b64decode(encoded, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return None
    known = books.clients.get(client_id)
    return client_id if known is not None and hmac.compare_digest(known.secret.encode(), secret.encode()) else None


def company_of(books: Books, form: Mapping[str, str], tenant_id: str) -> Company | None:
    """Return the company that a request for, or against, a token is about; None when it is about none."""
    match form.get("grant_type"):
        case "client_credentials":
            return books.companies.get(int(tenant_id)) if _NUMBER.fullmatch(tenant_id) else None
        case "authorization_code":
            given: IssuedCode | RefreshToken | None = books.authorization_codes.get(form.get("code", ""))
        case "refresh_token":
            given = books.refresh_tokens.get(form.get("refresh_token", ""))
        case _:
            given = books.refresh_tokens.get(form.get("token", ""))
    return books.companies.get(books.consents[given.consent].database_number) if given else None


def grant(
    books: Books, client_id: str | None, company: Company | None, form: Mapping[str, str], at: datetime
) -> ApiAnswer:
    """Answer a request for a token."""
    if client_id is None:
        return _WRONG_CLIENT
    match form.get("grant_type"):
        case "client_credentials":
            return _for_service(books, client_id, company, form.get("scope"), at)
        case "refresh_token":
            return _for_refresh_token(books, client_id, company, form.get("refresh_token", ""), at)
        case "authorization_code":
            return _for_code(books, client_id, form.get("code", ""), form.get("redirect_uri"), at)
        case _:
            return _refusal("unsupported_grant_type", "The grant type is not supported")


def revoke(books: Books, client_id: str | None, form: Mapping[str, str]) -> ApiAnswer:
    """End the consent that a refresh token stands for. The answer is the same for a token that nobody knows."""
    if client_id is None:
        return _WRONG_CLIENT
    given = books.refresh_tokens.get(form.get("token", ""))
    if given is not None and books.consents[given.consent].client_id == client_id:
        consent.withdraw(books, given.consent)
    return ApiAnswer(200, b'{"revoked": true}')


def holder(books: Books, authorization: str, at: datetime) -> tuple[str, Token] | None:
    """Return the access token of a call and whose it is; None when there is none, or it is unknown or over."""
    scheme, _, text = authorization.partition(" ")
    token = books.tokens.get(text) if scheme.lower() == "bearer" else None
    good = token is not None and at < token.expires and token.database_number in books.companies
    return (text, token) if token is not None and good else None


def _for_service(books: Books, client_id: str, company: Company | None, scope: str | None, at: datetime) -> ApiAnswer:
    consented = consent.service(books, client_id, company) if company else None
    if company is None or consented is None:  # how Fortnox says this is not public
        return _refusal("invalid_grant", "No service account consent for the tenant of the TenantId header")
    chosen = scope.split() if scope else consented.split()
    if not set(chosen) <= set(consented.split()):
        return _refusal("invalid_scope", "The scope was not consented to")
    return _given(books, Token(client_id, company.database_number, " ".join(chosen), _expires(books, at)), at)


def _for_refresh_token(books: Books, client_id: str, company: Company | None, text: str, at: datetime) -> ApiAnswer:
    given = books.refresh_tokens.get(text)
    if given is None or given.used or at >= given.expires or books.consents[given.consent].client_id != client_id:
        return _refusal("invalid_grant", "Invalid refresh token", "text/html; charset=UTF-8")
    if company is None or licences.INTEGRATION not in company.licences:
        return _refusal("error_missing_license", "The integration license is missing")
    given.used = True
    return _pair(books, given.consent, at)


def _for_code(books: Books, client_id: str, text: str, redirect_uri: str | None, at: datetime) -> ApiAnswer:
    code = books.authorization_codes.get(text)
    if (
        code is None
        or code.used
        or at >= code.expires
        or books.consents[code.consent].client_id != client_id
        or (code.redirect_uri is not None and code.redirect_uri != redirect_uri)
    ):
        return _refusal("invalid_grant", "Authorization code doesn't exist or is invalid for the client")
    code.used = True
    return _pair(books, code.consent, at)


def _pair(books: Books, consent_id: int, at: datetime) -> ApiAnswer:
    """Give an access token for a consent and, for one with offline access, the next refresh token."""
    allowed: Consent = books.consents[consent_id]
    token = Token(allowed.client_id, allowed.database_number, allowed.scope, _expires(books, at), allowed.user)
    if not allowed.offline:
        return _given(books, token, at)
    refresh = str(uuid.uuid4())
    books.refresh_tokens[refresh] = RefreshToken(consent_id, at + timedelta(seconds=books.refresh_seconds))
    return _given(books, token, at, refresh)


def _given(books: Books, token: Token, at: datetime, refresh: str | None = None) -> ApiAnswer:
    books.issued += 1  # so that no two tokens are the same, nor is a dead one given out again
    for over in [text for text, one in books.tokens.items() if at >= one.expires]:
        del books.tokens[over]
    text = _jwt(books, token, at)
    books.tokens[text] = token
    content = {
        "access_token": text,
        **({"refresh_token": refresh} if refresh else {}),
        "scope": token.scope,
        "expires_in": books.token_seconds,
        "token_type": "bearer",
    }
    return ApiAnswer(200, json.dumps(content).encode(), JSON, _NOT_KEPT)


def _expires(books: Books, at: datetime) -> datetime:
    return at + timedelta(seconds=books.token_seconds)


def _jwt(books: Books, token: Token, at: datetime) -> str:
    claims = {
        "userId": token.user,
        "tenantId": token.database_number,
        "clientId": token.client_id,
        "scopes": token.scope.split(),
        "scope": token.scope,
        "authsource": "OAUTH2",
        "jti": f"{books.issued:08d}",
        "iss": "https://api.fortnox.se/oauth2",
        "aud": token.client_id,
        "sub": f"{token.user}@{token.database_number}",
        "iat": int(at.timestamp()),
        "exp": int(token.expires.timestamp()),
        "token_type": "bearer",
    }
    signed = f"{_part({'alg': 'HS256', 'typ': 'JWT'})}.{_part(claims)}"
    signature = hmac.new(books.signing_key, signed.encode(), hashlib.sha256).digest()
    return f"{signed}.{base64.urlsafe_b64encode(signature).rstrip(b'=').decode()}"


def _part(content: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(content, separators=(",", ":")).encode()).rstrip(b"=").decode()


def _refusal(error: str, description: str, content_type: str = JSON, status: int = 400) -> ApiAnswer:
    content = json.dumps({"error": error, "error_description": description}, separators=(",", ":"))
    return ApiAnswer(status, content.encode(), content_type, _NOT_KEPT)


_WRONG_CLIENT: Final = _refusal(
    "invalid_client", "The client credentials are invalid", "text/plain;charset=UTF-8", HTTPStatus.UNAUTHORIZED
)
