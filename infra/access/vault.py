"""Secrets and personal data at rest: encrypted with this installation's data keys, bound to whose they are.

Data keys are random and stand in the database, wrapped by BOKBUSS_SECRET_KEY. There is a new one with each rotation
(``infra.access.rotation``): it locks, older ones still open. Personal data is sealed under the first for ever, as seals
are compared, and stand in Kafka, where nothing can be sealed anew.
"""

import base64
import hashlib
import os
import secrets
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM, AESSIV
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from pydantic import SecretStr

from infra import telemetry
from infra.folders import unwritable, writable
from infra.postgres import DatabaseConnection, Engine, text
from infra.settings import Settings

_log = telemetry.log(__name__)

KEY_FILE = "secret-key"
_NONCE = 12
_SEALED = "v1:"
_IS_THERE = text("select to_regclass('secrets_key') is not null")
_READ = text("select to_jsonb(k) from secrets_key k order by id")
"""Whole rows: it is read before the tables are brought up to date, when columns may be missing."""
_WRITE = text("insert into secrets_key (id, wrapped) values (1, :wrapped) on conflict do nothing")
_REWRAP = text(
    "update secrets_key set wrapped = :wrapped, wrapped_before = :before where id = :id and wrapped = :before"
)
FIRST: Final = 1
"""The data key under which personal data is sealed."""


class WrongKey(RuntimeError):
    """The key of this process does not open the secrets of this database; the message says which one to change."""


class Vault:
    """Encrypts with keys that are derived from the data keys.

    ``lock`` (AES-256-GCM) is for secrets: the same text never looks the same twice. ``seal`` (AES-SIV) is for personal
    data that rules compare: the same text of the same company and kind always gives the same seal. The context is
    authenticated by both, so rows cannot be swapped.

    Args:
        data_key: the first of this installation.
    """

    def __init__(self, data_key: bytes) -> None:
        self._seals = AESSIV(_derived(data_key, "personal data", 64))
        self._locks: dict[int, AESGCM] = {}
        self._newest = FIRST
        self.learn({FIRST: data_key}, FIRST)

    def learn(self, data_keys: Mapping[int, bytes], newest: int) -> None:
        """Take in data keys by their numbers; ``newest`` locks from now on, and all of them open."""
        fresh = {number: key for number, key in data_keys.items() if number not in self._locks}
        self._locks |= {number: AESGCM(_derived(key, "secrets", 32)) for number, key in fresh.items()}
        self._newest = newest

    def __contains__(self, number: int) -> bool:
        """Tell whether a data key is known by this number."""
        return number in self._locks

    @property
    def newest(self) -> int:
        """The number of the data key that locks."""
        return self._newest

    def lock(self, secret: str, *, context: str) -> bytes:
        """Return a secret encrypted."""
        return _locked(self._locks[self._newest], secret.encode(), context)

    def unlock(self, locked: bytes, *, context: str) -> str:
        """Return the secret. Raises cryptography.exceptions.InvalidTag when key or context is another one."""
        return self.unlocked(locked, context)[1]

    def unlocked(self, locked: bytes, context: str) -> tuple[int, str]:
        """Return the number of the data key that a secret is locked with, and the secret. Raises InvalidTag."""
        for number in sorted(self._locks, reverse=True):
            with suppress(InvalidTag):
                return number, _unlocked(self._locks[number], locked, context).decode()
        raise InvalidTag

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


async def open_vault(engine: Engine, settings: Settings) -> Vault:
    """Return this installation's vault; its first data key is made once, by whichever process comes first.

    Without BOKBUSS_SECRET_KEY a key is made and kept in BOKBUSS_DATA. With BOKBUSS_OLD_SECRET_KEY, what that one
    wrapped is wrapped by the new one as well: until the rotation ends, either opens.

    Raises:
        WrongKey: no key of ours opens the data keys.
        Unwritable: the key cannot be kept.
    """
    try:
        named = settings.secret_key or made_key(settings.data)
    except OSError as error:
        raise unwritable(settings.data, error) from error
    key = _wrapping(named)
    async with engine.begin() as connection:
        if not (rows := await _rows(connection)):
            await _nothing_is_locked(connection)
            await connection.execute(_WRITE, {"wrapped": _locked(key, secrets.token_bytes(32), KEY_FILE)})
            rows = await _rows(connection)
        data_keys = _opened(rows, settings, named)
        for row in rows if settings.old_secret_key else ():
            if _tried(key, row.wrapped) is None:
                fresh = _locked(key, data_keys[row.number], KEY_FILE)
                await connection.execute(_REWRAP, {"id": row.number, "wrapped": fresh, "before": row.wrapped})
                _log.warning("the new BOKBUSS_SECRET_KEY opens what the old one does", data_key=row.number)
    vault = Vault(data_keys[FIRST])
    vault.learn(data_keys, max(row.number for row in rows if row.locks))
    lend(engine, vault)
    return vault


def lend(engine: Engine, vault: Vault) -> None:
    """Let whoever works with this engine read and write the values of people (``infra.access.people``)."""

    async def lent() -> Vault:
        return vault

    engine.lent = lent


async def refresh(vault: Vault, engine: Engine, settings: Settings) -> None:
    """Let a vault learn of data keys that were made since it was opened. Raises WrongKey."""
    async with engine.connect() as connection:
        rows = await _rows(connection)
    newest = max(row.number for row in rows if row.locks)
    if newest != vault.newest or any(row.number not in vault for row in rows):
        named = settings.secret_key or made_key(settings.data)
        vault.learn(_opened(rows, settings, named), newest)


async def must_not_be_replaced(engine: Engine, settings: Settings) -> None:
    """Raise WrongKey when our key is the one that another one replaces: what is wrapped by it now is lost with it."""
    async with engine.connect() as connection:
        rows = await _rows(connection)
    key = _wrapping(settings.secret_key or made_key(settings.data))
    if any(_tried(key, row.wrapped) is None for row in rows):
        ours = f"the key in {settings.data / KEY_FILE}" if settings.secret_key is None else "BOKBUSS_SECRET_KEY"
        raise WrongKey(
            f"{ours} is the key that is being replaced: do this with the new one as BOKBUSS_SECRET_KEY, as the roles "
            "have it, and with this one as BOKBUSS_OLD_SECRET_KEY"
        )


async def prove(settings: Settings, connection: DatabaseConnection) -> None:
    """Prove that a key of ours opens what is stored in a database, before anything is done to it.

    Raises:
        WrongKey: none does.
    """
    if not await connection.scalar(_IS_THERE) or not (rows := await _rows(connection)):
        return
    named = settings.secret_key
    if named is None and (settings.data / KEY_FILE).exists():
        named = made_key(settings.data)
    _opened(rows, settings, named)


def wrapped(data_key: bytes, by: SecretStr | None, settings: Settings) -> bytes:
    """Return a data key as it is kept, wrapped by this key; None: the one in BOKBUSS_DATA."""
    return _locked(_wrapping(by or made_key(settings.data)), data_key, KEY_FILE)


async def _nothing_is_locked(connection: DatabaseConnection) -> None:
    """Raise WrongKey where secrets are stored without the data key that opens them: another one would open none."""
    from infra.tables import metadata  # noqa: PLC0415 - SQLAlchemy is loaded by whoever needs it

    for table in metadata.sorted_tables:
        for column in table.columns:
            if "locked" in column.info and await connection.scalar(
                text(f"select exists (select from {table.name} where {column.name} is not null)")  # noqa: S608 - our names
            ):
                raise WrongKey(
                    f"there are secrets in {table.name}, and the data key that opens them is not in this database: "
                    "restore secrets_key from the backup that they are from"
                )


class _Row:
    """A row of secrets_key; ``before``: the same under the BOKBUSS_SECRET_KEY of before, while it may still open."""

    def __init__(self, stored: Mapping[str, object]) -> None:
        self.number = int(str(stored["id"]))
        self.wrapped = _bytes(stored["wrapped"]) or b""
        self.before = _bytes(stored.get("wrapped_before"))
        self.locks = bool(stored.get("locks", True))


def _bytes(stored: object) -> bytes | None:
    return bytes.fromhex(str(stored).removeprefix("\\x")) if stored is not None else None


async def _rows(connection: DatabaseConnection) -> list[_Row]:
    return [_Row(stored) for stored in await connection.scalars(_READ)]


def _tried(key: AESGCM, locked: bytes | None) -> bytes | None:
    with suppress(InvalidTag):
        return _unlocked(key, locked, KEY_FILE) if locked is not None else None
    return None


def _opened(rows: list[_Row], settings: Settings, named: SecretStr | None) -> dict[int, bytes]:
    """Return the data keys by their numbers. Raises WrongKey."""
    keys = [_wrapping(each) for each in (named, settings.old_secret_key) if each is not None]
    opened = {
        row.number: data_key
        for row in rows
        for stored in (row.before, row.wrapped)
        for key in keys
        if (data_key := _tried(key, stored)) is not None
    }
    if len(opened) < len(rows):
        raise WrongKey(_advice(settings))
    return opened


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
    if not (settings.data / KEY_FILE).exists():
        return (
            f"there is no key in {settings.data / KEY_FILE}, and this database's secrets are locked: set "
            "BOKBUSS_SECRET_KEY to the key that they were locked with, or BOKBUSS_DATA to the folder that holds it"
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
    writable(data)
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
