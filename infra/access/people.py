"""Each person's values are sealed under a key of their own wherever they are written; without it nobody reads them.

They are sealed before a message goes to Kafka and before a row is written, and opened as either is read. The key stands
in the database alone, in one row, locked by the vault: that row is all that an erasure drops. A seal is always the same
for the same values and key, so that what is told twice is the same fact.
"""

import base64
import re
import secrets
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any, Final, TypeVar, get_args

from pydantic import BaseModel
from pydantic_core import to_json

from infra.postgres import DatabaseConnection, text
from schemas.base import Message
from schemas.commands import HoldForReview
from schemas.events import EmployeeFields, Side
from schemas.personal import UNDER_A_KEY
from schemas.plans import FieldDifference, PlanRow

if TYPE_CHECKING:  # most commands meet nothing that is sealed, and never load what opens it
    from infra.access.vault import Vault

M = TypeVar("M", bound=BaseModel)
Record = tuple[str, str]
"""A company, and the key of the record whose values these are: a person in HR, an employee in the books."""

_BYTES: Final = 64
_TOKEN: Final = re.compile(b'"' + UNDER_A_KEY.pattern.encode() + b'"')
_ERASED: Final = "p1:erased:"
_TEXTS: Final[Mapping[type[BaseModel], tuple[str, ...]]] = {
    HoldForReview: ("lines",),
    FieldDifference: (*get_args(Side), "base"),
    PlanRow: ("name",),
}
"""Texts that hold somebody's values, beside the fields themselves."""

_FIND = text(
    """select k.tenant, k.record, k.key_id, k.locked from person_keys k
       join unnest(cast(:tenants as text[]), cast(:records as text[])) as r(t, n) on k.tenant = t and k.record = n"""
)
_MAKE = text(
    """insert into person_keys (tenant, record, key_id, locked, made_at)
       select t, n, i, l, now() from unnest(cast(:tenants as text[]), cast(:records as text[]), cast(:ids as text[]),
                                            cast(:locked as bytea[])) as r(t, n, i, l)
       where not exists (select from erasures e where e.tenant = t and e.record = n and e.released_at is null)
       on conflict do nothing"""
)
_BY_ID = text("select key_id, locked from person_keys where key_id = any(cast(:ids as text[]))")


class _Key:
    """A person's key."""

    def __init__(self, key_id: str, key: bytes) -> None:
        from cryptography.hazmat.primitives.ciphers.aead import AESSIV

        self._id = key_id
        self._cipher = AESSIV(key)

    def seal(self, value: object) -> str:
        """Return a value as a text of JSON's, sealed."""
        sealed = self._cipher.encrypt(to_json(value), [self._id.encode()])
        return f"p1:{self._id}:{base64.urlsafe_b64encode(sealed).decode()}"

    def open(self, sealed: bytes) -> bytes:
        """Return what was sealed, as JSON. Raises InvalidTag."""
        return self._cipher.decrypt(base64.urlsafe_b64decode(sealed), [self._id.encode()])


async def seal(connection: DatabaseConnection, models: Sequence[tuple[Record, M]]) -> list[M]:
    """Return models in which every value of a person is sealed; of somebody who is erased there is none left.

    Keys that are missing are made in this transaction: it must be over before what was sealed goes anywhere else.
    """
    wanted = {record for record, model in models if _tells(model)}
    if not wanted or (vault := await _vault(connection)) is None:
        return [model for _, model in models]
    found = await _find(connection, vault, sorted(wanted))
    if missing := sorted(wanted - found.keys()):
        ids = [secrets.token_hex(8) for _ in missing]
        keys = [base64.b64encode(secrets.token_bytes(_BYTES)).decode() for _ in missing]
        locked = [vault.lock(key, context=_context(i)) for i, key in zip(ids, keys, strict=True)]
        await connection.execute(_MAKE, _records(missing) | {"ids": ids, "locked": locked})
        found = await _find(connection, vault, sorted(wanted))
    return [_sealed(model, found.get(record)) if record in wanted else model for record, model in models]


async def opened(connection: DatabaseConnection, texts: Sequence[bytes]) -> list[bytes]:
    """Return texts of JSON's in which every sealed value is opened, but those whose key was dropped."""
    ids = {match[1].decode() for each in texts if b'"p1:' in each for match in _TOKEN.finditer(each)} - {"erased"}
    if not ids or (vault := await _vault(connection)) is None:
        return list(texts)
    from cryptography.exceptions import InvalidTag

    keys = {
        key_id: _key(vault, key_id, locked) for key_id, locked in await connection.execute(_BY_ID, {"ids": sorted(ids)})
    }

    def plain(match: re.Match[bytes]) -> bytes:
        key = keys.get(match[1].decode())
        try:
            return key.open(match[0][1:-1].rpartition(b":")[2]) if key is not None else match[0]
        except (InvalidTag, ValueError):  # not a seal of ours
            return match[0]

    return [_TOKEN.sub(plain, each) if b'"p1:' in each else each for each in texts]


async def models(connection: DatabaseConnection, kind: type[M], texts: Sequence[str]) -> list[M]:
    """Return models as they stand in the database, opened as far as their keys are there."""
    if not holds_people(kind):
        return [kind.model_validate_json(each) for each in texts]
    return [kind.model_validate_json(each) for each in await opened(connection, [each.encode() for each in texts])]


def is_sealed(written: bytes) -> bool:
    """Tell whether something in a text of JSON's is still sealed."""
    return b'"p1:' in written and _TOKEN.search(written) is not None


class KeyMissing(RuntimeError):
    """The key of somebody's values is not there: it was dropped, or the database was restored without it."""

    code: Final = "key_missing"


def must_be_open(order: Message) -> None:
    """Refuse to carry out, or look for, what is still sealed: with no value, anything would do. Raises KeyMissing."""
    fields = getattr(order, "fields", None)
    if isinstance(fields, EmployeeFields) and fields.sealed is not None:
        raise KeyMissing("the key of what is to be written is not there: were people's keys restored too?")


@cache
def holds_people(model: type[BaseModel]) -> bool:
    """Tell whether a kind of model can hold somebody's values: most cannot, and cost nothing here."""
    return model in _TEXTS or EmployeeFields.__name__ in model.model_json_schema().get("$defs", {})


def _tells(value: object) -> bool:
    """Tell whether a model holds a value of somebody's that is not sealed yet."""
    match value:
        case EmployeeFields():
            return value.sealed is None and value != EmployeeFields()
        case HoldForReview():
            return value.personal and any(value.lines)
        case BaseModel():
            if not holds_people(type(value)):
                return False
            return any(getattr(value, name) for name in _TEXTS.get(type(value), ())) or any(
                _tells(getattr(value, name)) for name in type(value).model_fields
            )
        case tuple():
            return any(_tells(each) for each in value)
        case _:
            return False


def _sealed(value: Any, key: _Key | None) -> Any:
    match value:
        case EmployeeFields():
            if not _tells(value):
                return value
            return EmployeeFields(sealed=key.seal(value) if key is not None else _ERASED)
        case BaseModel() if _tells(value):
            names = _TEXTS.get(type(value), ())
            changed = {name: _text(getattr(value, name), key) for name in names}
            changed |= {n: _sealed(getattr(value, n), key) for n in type(value).model_fields if n not in names}
            return value.model_copy(update=changed)
        case tuple():
            return tuple(_sealed(each, key) for each in value)
        case _:
            return value


def _text(value: Any, key: _Key | None) -> Any:
    if isinstance(value, tuple):
        return tuple(_text(each, key) for each in value)
    if not value or UNDER_A_KEY.fullmatch(value):
        return value
    return key.seal(value) if key is not None else _ERASED


async def _find(connection: DatabaseConnection, vault: "Vault", records: Sequence[Record]) -> dict[Record, _Key]:
    rows = await connection.execute(_FIND, _records(records))
    return {(tenant, record): _key(vault, key_id, locked) for tenant, record, key_id, locked in rows}


def _records(records: Iterable[Record]) -> dict[str, Any]:
    tenants, names = zip(*records, strict=True)
    return {"tenants": list(tenants), "records": list(names)}


def _key(vault: "Vault", key_id: str, locked: bytes) -> _Key:
    return _Key(key_id, base64.b64decode(vault.unlock(locked, context=_context(key_id))))


def _context(key_id: str) -> str:
    return f"person/{key_id}"


async def _vault(connection: DatabaseConnection) -> "Vault | None":
    """Return what was lent with the engine, opened now if it was not yet; None: nobody lent one, and nothing opens."""
    lent: Callable[[], Awaitable[Vault]] | None = connection.engine.lent
    return await lent() if lent is not None else None
