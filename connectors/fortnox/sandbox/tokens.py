"""Access tokens: who asks, for whom, until when. The recorded errors come with their odd content types."""

import base64
import binascii
import hashlib
import hmac
import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from connectors.fortnox.sandbox.answers import JSON, Answer
from connectors.fortnox.sandbox.books import Books, Company, Token

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
    return client_id if known is not None and hmac.compare_digest(known.encode(), secret.encode()) else None


def grant(
    books: Books, client_id: str | None, company: Company | None, form: Mapping[str, str], at: datetime
) -> Answer:
    """Answer a request for a token. Only client credentials can be had: no code or refresh token was ever given out."""
    if client_id is None:
        error = _error("invalid_client", "The client credentials are invalid")
        return Answer(401, error, "text/plain;charset=UTF-8", _NOT_KEPT)
    match form.get("grant_type"):
        case "client_credentials" if company is not None:
            return _granted(books, client_id, company, form.get("scope"), at)
        case "client_credentials":  # how Fortnox says this is not public
            error = _error("invalid_grant", "No service account consent for the tenant of the TenantId header")
        case "refresh_token":
            error = _error("invalid_grant", "Invalid refresh token")
            return Answer(400, error, "text/html; charset=UTF-8", _NOT_KEPT)
        case "authorization_code":
            error = _error("invalid_grant", "Authorization code doesn't exist or is invalid for the client")
        case _:
            error = _error("unsupported_grant_type", "The grant type is not supported")
    return Answer(400, error, JSON, _NOT_KEPT)


def holder(books: Books, authorization: str, at: datetime) -> tuple[str, Token] | None:
    """Return the access token of a call and whose it is; None when there is none, or it is unknown or over."""
    scheme, _, text = authorization.partition(" ")
    token = books.tokens.get(text) if scheme.lower() == "bearer" else None
    return (text, token) if token is not None and at < token.expires else None


def _granted(books: Books, client_id: str, company: Company, scope: str | None, at: datetime) -> Answer:
    consented = company.scopes.split()
    chosen = scope.split() if scope else consented
    if not set(chosen) <= set(consented):
        return Answer(400, _error("invalid_scope", "The scope was not consented to"), JSON, _NOT_KEPT)
    token = Token(client_id, company.database_number, " ".join(chosen), at + timedelta(seconds=books.token_seconds))
    books.issued += 1  # so that no two tokens are the same, nor is a dead one given out again
    text = _jwt(books, token, at)
    books.tokens[text] = token
    content = {
        "access_token": text,
        "scope": token.scope,
        "expires_in": books.token_seconds,
        "token_type": "bearer",
    }
    return Answer(200, json.dumps(content).encode(), JSON, _NOT_KEPT)


def _jwt(books: Books, token: Token, at: datetime) -> str:
    claims = {
        "userId": 1,
        "tenantId": token.database_number,
        "clientId": token.client_id,
        "scopes": token.scope.split(),
        "scope": token.scope,
        "authsource": "OAUTH2",
        "jti": f"{books.issued:08d}",
        "iss": "https://api.fortnox.se/oauth2",
        "aud": token.client_id,
        "sub": f"1@{token.database_number}",
        "iat": int(at.timestamp()),
        "exp": int(token.expires.timestamp()),
        "token_type": "bearer",
    }
    signed = f"{_part({'alg': 'HS256', 'typ': 'JWT'})}.{_part(claims)}"
    signature = hmac.new(books.signing_key, signed.encode(), hashlib.sha256).digest()
    return f"{signed}.{base64.urlsafe_b64encode(signature).rstrip(b'=').decode()}"


def _part(content: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(content, separators=(",", ":")).encode()).rstrip(b"=").decode()


def _error(error: str, description: str) -> bytes:
    return json.dumps({"error": error, "error_description": description}, separators=(",", ":")).encode()
