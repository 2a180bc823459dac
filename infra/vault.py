"""Secrets at rest: encrypted with the key of this installation, bound to the company that they belong to."""

import base64
import hashlib
import os
import secrets
from contextlib import suppress
from pathlib import Path

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from pydantic import SecretStr

from infra.settings import Settings

_KEY_FILE = "secret-key"
_NONCE = 12


class Vault:
    """Encrypts with AES-256-GCM; the context (tenant and purpose) is authenticated, so rows cannot be swapped."""

    def __init__(self, key: SecretStr) -> None:
        self._cipher = AESGCM(hashlib.sha256(key.get_secret_value().encode()).digest())

    def lock(self, secret: str, *, context: str) -> bytes:
        """Return a secret encrypted."""
        nonce = os.urandom(_NONCE)
        return nonce + self._cipher.encrypt(nonce, secret.encode(), context.encode())

    def unlock(self, locked: bytes, *, context: str) -> str:
        """Return the secret. Raises cryptography.exceptions.InvalidTag when key or context is another one."""
        return self._cipher.decrypt(locked[:_NONCE], locked[_NONCE:], context.encode()).decode()


def open_vault(settings: Settings) -> Vault:
    """Return the vault of this installation; without BOKBUSS_SECRET_KEY a key is made once and kept in BOKBUSS_DATA."""
    if settings.secret_key is not None:
        return Vault(settings.secret_key)
    path: Path = settings.data / _KEY_FILE
    settings.data.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        _make_key(path)
    return Vault(SecretStr(path.read_text().strip()))


def _make_key(path: Path) -> None:
    """Write a key under another name and link it into place: of processes that start together, one gives the key."""
    fresh = path.with_name(f"{path.name}.{secrets.token_hex(8)}")
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(base64.urlsafe_b64encode(secrets.token_bytes(32)).decode())
    with suppress(FileExistsError):
        os.link(fresh, path)
    fresh.unlink()


def signing_secret() -> str:
    """Return a new secret for signing deliveries, in the form of Standard Webhooks."""
    return "whsec_" + base64.b64encode(secrets.token_bytes(24)).decode()
