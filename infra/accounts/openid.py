"""Signing in at an OpenID provider: where a browser is sent to, and who comes back. Code flow with PKCE, state, nonce.

What must be the same when somebody comes back (state, nonce, verifier) goes along in a cookie that only we can read, so
that nothing is kept here for who never does. Sources: OpenID Connect Core 1.0, 3.1 and 5.3; RFC 7636, 9207, 9700.
"""

import asyncio
import base64
import hashlib
import hmac
import math
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, TypeVar
from urllib.parse import quote, urlencode, urlsplit

from joserfc import jwt
from joserfc.errors import InvalidKeyIdError, JoseError
from joserfc.jwk import KeySet
from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from infra import clock
from infra.http import Client, NoAnswer, NotSent, Response
from infra.settings import Guarded, OpenIdSettings

_ALGORITHMS: Final = ("RS256", "PS256", "ES256")
_TIMEOUT: Final = 10.0
_KNOWN_SECONDS: Final = 3600.0
_KEYS_SECONDS: Final = 60.0
_LEEWAY: Final = 60
_LASTS_SECONDS: Final = 600
_OK: Final = 200


class NotVouchedFor(Exception):
    """The provider vouches for nobody. ``why``: away, denied, forged, late, unverified; ``detail``: for the log."""

    def __init__(self, why: str, detail: str = "") -> None:
        self.why = why
        self.detail = detail
        super().__init__(f"{why}: {detail}" if detail else why)


class Departure(BaseModel):
    """What somebody left with, for their return. ``to``: where they want to go then; ``at``: seconds since 1970."""

    model_config = ConfigDict(frozen=True)

    state: str
    nonce: str
    verifier: str
    to: str
    at: int


@dataclass(frozen=True, slots=True)
class Vouched:
    """Whom a provider vouches for.

    Attributes:
        openid: issuer and subject: its own name for them, for ever theirs.
        email: their address of mail, which it has verified.
        name: what they are called, or nothing.
    """

    openid: str
    email: str
    name: str


class _Provider(BaseModel):
    """What a provider says of itself."""

    issuer: str
    authorization_endpoint: Guarded
    token_endpoint: Guarded
    jwks_uri: Guarded
    userinfo_endpoint: Guarded | None = None
    token_endpoint_auth_methods_supported: tuple[str, ...] = ("client_secret_basic",)
    authorization_response_iss_parameter_supported: bool = False


class _Tokens(BaseModel):
    id_token: str
    access_token: str = ""


_Said = TypeVar("_Said", _Provider, _Tokens)
_JSON: Final = TypeAdapter(dict[str, Any])


class OpenId:
    """The provider that is set; what it says of itself and its keys are kept for an hour."""

    def __init__(self, settings: OpenIdSettings) -> None:
        self.settings = settings
        self._provider: _Provider | None = None
        self._keys: KeySet | None = None
        self._asked_at = self._keys_at = -math.inf
        self._asking = asyncio.Lock()

    async def leave(self, back: str, to: str, now: datetime) -> tuple[str, Departure]:
        """Return the address that somebody is sent to, and what they leave with. Raises NotVouchedFor.

        Args:
            back: the address at which they come back, as the provider knows it.
        """
        provider = await self._known()
        state, nonce, verifier = (secrets.token_urlsafe(32) for _ in range(3))
        kept = Departure(state=state, nonce=nonce, verifier=verifier, to=to, at=int(now.timestamp()))
        asked = {
            "response_type": "code",
            "client_id": self.settings.client_id,
            "redirect_uri": back,
            "scope": "openid email profile",
            "state": kept.state,
            "nonce": kept.nonce,
            "code_challenge": _challenge(kept.verifier),
            "code_challenge_method": "S256",
        }
        joint = "&" if urlsplit(provider.authorization_endpoint).query else "?"
        return f"{provider.authorization_endpoint}{joint}{urlencode(asked)}", kept

    async def come_back(self, kept: Departure, said: Mapping[str, str], back: str, now: datetime) -> Vouched:
        """Return who it is, by what their browser brings back. Raises NotVouchedFor.

        Args:
            said: the query of the address at which they came back.
            back: that address, as it was told when they left.
        """
        if not hmac.compare_digest(kept.state.encode(), said.get("state", "").encode()):
            raise NotVouchedFor("forged", "state")
        if not 0 <= now.timestamp() - kept.at <= _LASTS_SECONDS:
            raise NotVouchedFor("late")
        provider = await self._known()
        unsaid = "" if provider.authorization_response_iss_parameter_supported else provider.issuer
        if said.get("iss", unsaid) != provider.issuer:
            raise NotVouchedFor("forged", "iss of the answer")
        if not said.get("code"):
            raise NotVouchedFor("denied", "no code")
        tokens = await self._tokens(provider, said["code"], kept.verifier, back)
        claims = await self._claims(provider, tokens.id_token, kept.nonce, now)
        if "email" not in claims and provider.userinfo_endpoint and tokens.access_token:
            claims |= await self._userinfo(provider.userinfo_endpoint, tokens.access_token, claims["sub"])
        email, verified = claims.get("email"), claims.get("email_verified")
        if not isinstance(email, str) or verified is not True:
            raise NotVouchedFor("unverified", "email_verified is not true")
        name = claims.get("name")
        return Vouched(f"{provider.issuer} {claims['sub']}", email, name if isinstance(name, str) else "")

    # --- What the provider is asked ---------------------------------------------------------------------------------

    async def _known(self) -> _Provider:
        async with self._asking:
            if self._provider is None or clock.monotonic() - self._asked_at > _KNOWN_SECONDS:
                issuer = self.settings.issuer
                answer = await _ask("GET", f"{issuer.rstrip('/')}/.well-known/openid-configuration")
                found = _read(_Provider, answer, "its configuration")
                if found.issuer != issuer:
                    raise NotVouchedFor("away", "it calls itself by another name than BOKBUSS_DESK__OIDC__ISSUER")
                self._provider, self._asked_at, self._keys = found, clock.monotonic(), None
            return self._provider

    async def _tokens(self, provider: _Provider, code: str, verifier: str, back: str) -> _Tokens:
        form = {"grant_type": "authorization_code", "code": code, "redirect_uri": back, "code_verifier": verifier}
        identity, secret = self.settings.client_id, self.settings.client_secret.get_secret_value()
        headers = {}
        if secret and "client_secret_basic" in provider.token_endpoint_auth_methods_supported:
            pair = f"{quote(identity, safe='')}:{quote(secret, safe='')}".encode()  # RFC 6749, 2.3.1
            headers = {"Authorization": f"Basic {base64.b64encode(pair).decode()}"}
        else:
            form |= {"client_id": identity} | ({"client_secret": secret} if secret else {})
        answer = await _ask("POST", provider.token_endpoint, form=form, headers=headers)
        return _read(_Tokens, answer, "its tokens")

    async def _claims(self, provider: _Provider, token: str, nonce: str, now: datetime) -> dict[str, Any]:
        demands = jwt.JWTClaimsRegistry(
            now=int(now.timestamp()),
            leeway=_LEEWAY,
            iss={"essential": True, "value": provider.issuer},
            aud={"essential": True, "value": self.settings.client_id},
            nonce={"essential": True, "value": nonce},
            sub={"essential": True},
            exp={"essential": True},
            iat={"essential": True},
        )
        try:
            try:
                claims = jwt.decode(token, await self._key_set(provider), _ALGORITHMS).claims
            except InvalidKeyIdError:
                claims = jwt.decode(token, await self._key_set(provider, anew=True), _ALGORITHMS).claims
            demands.validate(claims)
        except (JoseError, ValueError, TypeError, KeyError) as error:
            raise NotVouchedFor("forged", f"the id token: {type(error).__name__}") from None
        several = isinstance(claims["aud"], list) and len(claims["aud"]) > 1
        if claims.get("azp", None if several else self.settings.client_id) != self.settings.client_id:
            raise NotVouchedFor("forged", "azp of the id token")
        return claims

    async def _key_set(self, provider: _Provider, *, anew: bool = False) -> KeySet:
        """Return the provider's keys. ``anew``: a token names an unknown one; looked for once a minute at most."""
        async with self._asking:
            if self._keys is None or (anew and clock.monotonic() - self._keys_at > _KEYS_SECONDS):
                found = _JSON.validate_json((await _ask("GET", provider.jwks_uri)).body)
                self._keys, self._keys_at = KeySet.import_key_set({"keys": found["keys"]}), clock.monotonic()
            return self._keys

    @staticmethod
    async def _userinfo(address: str, token: str, subject: str) -> dict[str, Any]:
        answer = await _ask("GET", address, headers={"Authorization": f"Bearer {token}"})
        try:
            found = _JSON.validate_json(answer.body)
        except ValidationError:
            raise NotVouchedFor("away", "its userinfo is no JSON") from None
        if found.get("sub") != subject:
            raise NotVouchedFor("forged", "sub of its userinfo")
        return {name: found[name] for name in ("email", "email_verified", "name") if name in found}


async def _ask(method: str, url: str, **sent: Any) -> Response:
    try:
        async with Client(timeout=_TIMEOUT, headers={"Accept": "application/json"}) as client:
            answer = await client.send(method, url, **sent)
    except (NotSent, NoAnswer) as error:
        raise NotVouchedFor("away", str(error)) from None
    if answer.status != _OK:
        raise NotVouchedFor("away" if method == "GET" else "denied", f"{urlsplit(url).hostname} says {answer.status}")
    return answer


def _read(model: type[_Said], answer: Response, what: str) -> _Said:
    try:
        return model.model_validate_json(answer.body)
    except ValidationError as error:
        wrong = ", ".join(sorted({".".join(map(str, one["loc"])) for one in error.errors()}))
        raise NotVouchedFor("away", f"{what} cannot be read: {wrong}") from None


def _challenge(verifier: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
