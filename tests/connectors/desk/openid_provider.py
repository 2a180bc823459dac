"""A small OpenID provider over HTTP, as strict as a real one; and one that forges, where it is told to."""

import base64
import hashlib
import json
import secrets
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import OctKey, RSAKey
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from infra import clock
from infra.intake import web

CLIENT = "bokbuss-desk"
SECRET = "hemligt: 100%"


@dataclass
class Provider:
    """Who is signed in there, and what is forged.

    Attributes:
        claims: of whoever is signed in there, beside those that every token has.
        userinfo: what userinfo says; the id token says nothing of it then.
        forge: changes the claims of the next id tokens.
        answer: added to the query that a browser brings back.
        signs: makes the id token of its claims; None: as it should.
    """

    url: str = ""
    key: RSAKey = field(default_factory=lambda: RSAKey.generate_key(2048, {"kid": "one"}))
    claims: dict[str, Any] = field(default_factory=dict)
    userinfo: dict[str, Any] = field(default_factory=dict)
    forge: dict[str, Any] = field(default_factory=dict)
    answer: dict[str, str] = field(default_factory=dict)
    signs: Callable[[dict[str, Any]], str] | None = None
    codes: dict[str, dict[str, str]] = field(default_factory=dict)

    async def configuration(self, _request: Request) -> Response:
        """Say where everything is."""
        places = {
            "authorization_endpoint": "/authorize",
            "token_endpoint": "/token",
            "jwks_uri": "/jwks",
            "userinfo_endpoint": "/userinfo",
        }
        said = {name: self.url + path for name, path in places.items()}
        return JSONResponse({"issuer": self.url, "authorization_response_iss_parameter_supported": True} | said)

    async def jwks(self, _request: Request) -> Response:
        """Say which keys it signs with."""
        return JSONResponse({"keys": [self.key.as_dict(private=False, use="sig")]})

    async def authorize(self, request: Request) -> Response:
        """Let whoever asks be who the claims say."""
        asked = dict(request.query_params)
        assert asked["response_type"] == "code"
        assert asked["client_id"] == CLIENT
        assert asked["code_challenge_method"] == "S256"
        assert set(asked["scope"].split()) >= {"openid", "email"}
        code = secrets.token_urlsafe(8)
        self.codes[code] = asked
        back = {"code": code, "state": asked["state"], "iss": self.url} | self.answer
        return RedirectResponse(f"{asked['redirect_uri']}?{urlencode(back)}", 302)

    async def token(self, request: Request) -> Response:
        """Give a code's tokens, once, to who proves that they asked for it."""
        form = {name: value[0] for name, value in parse_qs((await request.body()).decode()).items()}
        pair = base64.b64encode(f"{CLIENT}:hemligt%3A%20100%25".encode()).decode()
        asked = self.codes.pop(form["code"], None)
        proof = base64.urlsafe_b64encode(hashlib.sha256(form["code_verifier"].encode()).digest()).rstrip(b"=").decode()
        if (
            asked is None
            or request.headers["authorization"] != f"Basic {pair}"
            or asked["redirect_uri"] != form["redirect_uri"]
            or asked["code_challenge"] != proof
        ):
            return JSONResponse({"error": "invalid_grant"}, 400)
        now = int(clock.now().timestamp())
        claims = {
            "iss": self.url,
            "aud": CLIENT,
            "sub": "248289761001",
            "nonce": asked["nonce"],
            "iat": now,
            "exp": now + 300,
            **({} if self.userinfo else self.claims),
            **self.forge,
        }
        claims = {name: value for name, value in claims.items() if value is not None}
        sign = self.signs or self.signed
        return JSONResponse({"id_token": sign(claims), "access_token": "opens-userinfo", "token_type": "Bearer"})

    async def said_of_user(self, request: Request) -> Response:
        """Say who somebody is, beside the token."""
        assert request.headers["authorization"] == "Bearer opens-userinfo"
        return JSONResponse(self.userinfo)

    def signed(self, claims: dict[str, Any]) -> str:
        """Return an id token as it should be."""
        return jwt.encode({"alg": "RS256", "kid": self.key.kid}, claims, self.key)

    @staticmethod
    def unsigned(claims: dict[str, Any]) -> str:
        """Return an id token that says that it needs no signature."""
        parts = (json.dumps(part).encode() for part in ({"alg": "none", "typ": "JWT"}, claims))
        return ".".join(base64.urlsafe_b64encode(part).rstrip(b"=").decode() for part in parts) + "."

    def signed_with_its_public_key(self, claims: dict[str, Any]) -> str:
        """Return an id token whose signature anybody can make who knows the public key."""
        key = OctKey.import_key(self.key.as_pem(private=False))
        return jwt.encode({"alg": "HS256", "kid": self.key.kid}, claims, key)

    def signed_by_somebody_else(self, claims: dict[str, Any]) -> str:
        """Return an id token that names the provider's key and is signed by another one."""
        return jwt.encode({"alg": "RS256", "kid": self.key.kid}, claims, RSAKey.generate_key(2048))


@asynccontextmanager
async def provider() -> AsyncIterator[Provider]:
    """Serve a provider."""
    made = Provider()
    routes = [
        Route("/.well-known/openid-configuration", made.configuration),
        Route("/jwks", made.jwks),
        Route("/authorize", made.authorize),
        Route("/token", made.token, methods=["POST"]),
        Route("/userinfo", made.said_of_user),
    ]
    async with web.serving(Starlette(routes=routes), "127.0.0.1", 0) as made.url:
        yield made


def query(address: str) -> dict[str, str]:
    """Return what an address asks."""
    return {name: value[0] for name, value in parse_qs(urlsplit(address).query).items()}
