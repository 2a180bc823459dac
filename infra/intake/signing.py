"""Standard Webhooks signatures of files: over bytes of any kind, piece by piece. The library verifies texts only."""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Iterator, Mapping
from typing import BinaryIO, Final

from infra import clock

_CHUNK: Final = 1 << 20
_TOLERANCE: Final = 300
"""Seconds that the sender's clock may be off, or its delivery on the way."""


def verified(file: BinaryIO, headers: Mapping[str, str], secret: str) -> str:
    """Return the id of a delivery that is signed with the company's secret.

    Raises:
        PermissionError: it is not, it lacks a header, or it is older or newer than five minutes.
    """
    sent = {name: headers.get(f"webhook-{name}", "") for name in ("id", "timestamp", "signature")}
    if missing := [f"webhook-{name}" for name, value in sent.items() if not value]:
        raise PermissionError(f"{', '.join(missing)}: missing")
    if not sent["timestamp"].isdecimal() or abs(int(sent["timestamp"]) - clock.now().timestamp()) > _TOLERANCE:
        raise PermissionError("webhook-timestamp: it is no time in seconds within five minutes of now")
    key = base64.b64decode(secret.removeprefix("whsec_") + "==")
    sealed = hmac.new(key, f"{sent['id']}.{sent['timestamp']}.".encode(), hashlib.sha256)
    for piece in pieces(file):
        sealed.update(piece)
    signatures = (one.removeprefix("v1,") for one in sent["signature"].split(" ") if one.startswith("v1,"))
    if not any(_matches(sealed.digest(), one) for one in signatures):
        raise PermissionError("webhook-signature: no signature matches")
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
