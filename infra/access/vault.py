"""Secrets and personal data at rest: encrypted with this installation's data key, bound to whose they are.

The data key is random and stands in the database, wrapped by BOKBUSS_SECRET_KEY: replacing that one re-wraps 32 bytes,
and nothing else is touched.
"""

import base64
import hashlib
import os
import secrets
from contextlib import suppress
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM, AESSIV
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from pydantic import SecretStr
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from infra import telemetry
from infra.folders import unwritable
from infra.settings import Settings

_log = telemetry.log(__name__)

KEY_FILE = "secret-key"
_NONCE = 12
_SEALED = "v1:"
_READ = text("select wrapped from secrets_key where id = 1")
_WRITE = text("insert into secrets_key (id, wrapped) values (1, :wrapped) on conflict do nothing")
_REPLACE = text("update secrets_key set wrapped = :wrapped where id = 1 and wrapped = :before")


class WrongKey(RuntimeError):
    """The key of this process does not open the secrets of this database; the message says which one to change."""


class Vault:
    """Encrypts with keys that are derived from the data key.

    ``lock`` (AES-256-GCM) is for secrets: the same text never looks the same twice. ``seal`` (AES-SIV) is for personal
    data that rules compare: the same text of the same company and kind always gives the same seal. The context is
    authenticated by both, so rows cannot be swapped.
    """

    def __init__(self, data_key: bytes) -> None:
        self._locks = AESGCM(_derived(data_key, "secrets", 32))
        self._seals = AESSIV(_derived(data_key, "personal data", 64))

    def lock(self, secret: str, *, context: str) -> bytes:
        """Return a secret encrypted."""
        return _locked(self._locks, secret.encode(), context)

    def unlock(self, locked: bytes, *, context: str) -> str:
        """Return the secret. Raises cryptography.exceptions.InvalidTag when key or context is another one."""
        return _unlocked(self._locks, locked, context).decode()

    def seal(self, plain: str, kind: str, tenant: str) -> str:
        """Return a text that is not empty as ``v1:`` and base64url, always the same for this kind and company."""
        sealed = self._seals.encrypt(plain.encode(), [tenant.encode(), kind.encode()])
        return _SEALED + base64.urlsafe_b64encode(sealed).decode()

    def open(self, sealed: str, kind: str, tenant: str) -> str:
        """Return the text. Raises InvalidTag when key, kind or company is another one, or it is no seal at all."""
        try:
            data = base64.b64decode(sealed.removeprefix(_SEALED), altchars=b"-_", validate=True)
        except ValueError:
            raise InvalidTag from None
        return self._seals.decrypt(data, [tenant.encode(), kind.encode()]).decode()


async def open_vault(engine: AsyncEngine, settings: Settings) -> Vault:
    """Return this installation's vault; its data key is made once, by whichever process comes first.

    Without BOKBUSS_SECRET_KEY a key is made and kept in BOKBUSS_DATA. With BOKBUSS_OLD_SECRET_KEY, what that one
    wrapped is wrapped anew.

    Raises:
        WrongKey: no key of ours opens the data key.
        Unwritable: the key cannot be kept.
    """
    try:
        named = settings.secret_key or made_key(settings.data)
    except OSError as error:
        raise unwritable(settings.data, error) from error
    key, old = _wrapping(named), settings.old_secret_key
    before = _wrapping(old) if old else None
    async with engine.begin() as connection:
        wrapped = await connection.scalar(_READ)
        if wrapped is None:
            await connection.execute(_WRITE, {"wrapped": _locked(key, secrets.token_bytes(32), KEY_FILE)})
            wrapped = await connection.scalar(_READ)
        with suppress(InvalidTag):
            return Vault(_unlocked(key, wrapped, KEY_FILE))
        if before is not None:
            with suppress(InvalidTag):
                data_key = _unlocked(before, wrapped, KEY_FILE)
                fresh = _locked(key, data_key, KEY_FILE)
                await connection.execute(_REPLACE, {"wrapped": fresh, "before": wrapped})
                _log.warning("the data key is wrapped by the new BOKBUSS_SECRET_KEY; the old one opens nothing now")
                return Vault(data_key)
    raise WrongKey(_advice(settings))


def _advice(settings: Settings) -> str:
    if settings.old_secret_key is not None:
        return (
            "neither BOKBUSS_SECRET_KEY nor BOKBUSS_OLD_SECRET_KEY opens this database's secrets: "
            "set BOKBUSS_OLD_SECRET_KEY to the key that was used last"
        )
    if settings.secret_key is not None:
        return (
            "BOKBUSS_SECRET_KEY does not open this database's secrets: set it to the key that they were locked with, "
            "or, to replace that one, set BOKBUSS_OLD_SECRET_KEY to it (a key that was made stands in "
            f"{settings.data / KEY_FILE})"
        )
    return (
        f"the key in {settings.data / KEY_FILE} does not open this database's secrets: set BOKBUSS_SECRET_KEY to the "
        "key that they were locked with, or BOKBUSS_DATA to the folder that holds it"
    )


def _derived(key: bytes, purpose: str, length: int) -> bytes:
    return HKDF(algorithm=SHA256(), length=length, salt=None, info=f"bokbuss {purpose}".encode()).derive(key)


def _wrapping(secret: SecretStr) -> AESGCM:
    return AESGCM(hashlib.sha256(secret.get_secret_value().encode()).digest())


def _locked(cipher: AESGCM, plain: bytes, context: str) -> bytes:
    nonce = os.urandom(_NONCE)
    return nonce + cipher.encrypt(nonce, plain, context.encode())


def _unlocked(cipher: AESGCM, locked: bytes, context: str) -> bytes:
    return cipher.decrypt(locked[:_NONCE], locked[_NONCE:], context.encode())


def made_key(data: Path) -> SecretStr:
    """Return the key that is kept in a folder; of processes that start together, one makes it."""
    path = data / KEY_FILE
    data.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        _make_key(path)
    return SecretStr(path.read_text().strip())


def _make_key(path: Path) -> None:
    """Write a key under another name and link it into place, so that nobody reads half of one."""
    fresh = path.with_name(f"{path.name}.{secrets.token_hex(8)}")
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(base64.urlsafe_b64encode(secrets.token_bytes(32)).decode())
    with suppress(FileExistsError):
        os.link(fresh, path)
    fresh.unlink()


def signing_secret() -> str:
    """Return a new secret for signing deliveries, in the form of Standard Webhooks."""
    return "whsec_" + base64.b64encode(secrets.token_bytes(24)).decode()
