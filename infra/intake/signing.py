"""Standard Webhooks signatures, of files and of questions: over bytes of any kind. The library verifies texts only."""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Callable, Iterator, Mapping, Sequence
from io import BytesIO
from typing import BinaryIO, Final

from infra import clock
from infra.access import signing_secrets
from infra.access.signing_secrets import SigningSecret
from infra.access.vault import Vault
from infra.postgres import Engine

_CHUNK: Final = 1 << 20
_TOLERANCE: Final = 300
"""Seconds that the sender's clock may be off, or its delivery on the way."""
_DIGITS: Final = 12
"""The most that a time in seconds has."""


class BadSignature(PermissionError):
    """It is not signed with a secret of the company's for this system that is good, or is older than five minutes."""


async def secrets_of(engine: Engine, vault: Vault, tenant: str, system: str) -> list[SigningSecret]:
    """Return what a company may sign with towards a system: the newest, and those replaced that are still good.

    Raises:
        UnknownTenant: no such company.
        BadSignature: there is nothing.
    """
    if found := await signing_secrets.good(engine, vault, tenant, system):
        return found
    raise BadSignature(f"{tenant} has no signing secret for {system}: bokbuss tenant add")


def tried(check: Callable[[str], str], secrets: Sequence[SigningSecret]) -> tuple[str, SigningSecret]:
    """Have a signature checked with each secret; return what the check says with the one that fits, and that one.

    It is checked with all of them, whichever fits: neither the answer nor its time tells which. Raises BadSignature.
    """
    fits: list[tuple[str, SigningSecret]] = []
    wrong: list[str] = []
    for secret in secrets:
        try:
            fits.append((check(secret.secret), secret))
        except PermissionError as error:
            wrong.append(str(error))
    if not fits:
        raise BadSignature(wrong[0])
    return fits[0]


async def asked_by(
    engine: Engine, vault: Vault, tenant: str, system: str, path: str, headers: Mapping[str, str]
) -> None:
    """Refuse a question that a company's system did not sign: in place of a body it signs ``GET`` and the path.

    Raises:
        UnknownTenant, BadSignature: see there.
    """
    secrets = await secrets_of(engine, vault, tenant, system)
    question = BytesIO(f"GET {path}".encode())
    _, fits = tried(lambda secret: verified(question, headers, secret), secrets)
    await signing_secrets.used(engine, fits)


def verified(file: BinaryIO, headers: Mapping[str, str], secret: str) -> str:
    """Return the id of a delivery that is signed with the company's secret.

    Raises:
        BadSignature: it is not, it lacks a header, or it is older or newer than five minutes.
    """
    sent = {name: headers.get(f"webhook-{name}", "") for name in ("id", "timestamp", "signature")}
    if missing := [f"webhook-{name}" for name, value in sent.items() if not value]:
        raise BadSignature(f"{', '.join(missing)}: missing")
    told = sent["timestamp"]
    is_time = told.isdecimal() and len(told) <= _DIGITS
    if not is_time or abs(int(told) - clock.now().timestamp()) > _TOLERANCE:
        raise BadSignature("webhook-timestamp: it is no time in seconds within five minutes of now")
    key = base64.b64decode(secret.removeprefix("whsec_") + "==")
    sealed = hmac.new(key, f"{sent['id']}.{sent['timestamp']}.".encode(), hashlib.sha256)
    for piece in pieces(file):
        sealed.update(piece)
    signatures = (one.removeprefix("v1,") for one in sent["signature"].split(" ") if one.startswith("v1,"))
    if not any(_matches(sealed.digest(), one) for one in signatures):
        raise BadSignature("webhook-signature: no signature matches")
    return sent["id"]


def pieces(file: BinaryIO) -> Iterator[bytes]:
    """Yield a file from its beginning."""
    file.seek(0)
    while piece := file.read(_CHUNK):
        yield piece


def _matches(expected: bytes, signature: str) -> bool:
    try:
        return hmac.compare_digest(expected, base64.b64decode(signature, validate=True))
    except (ValueError, binascii.Error):
        return False
