"""Identity: the same fact always gives the same ids, whenever and wherever it is decided. No clock, no random."""

import base64
import hashlib
import json
from collections.abc import Iterator
from itertools import count
from typing import Any
from uuid import UUID, uuid5

from schemas.base import Message, once

NAMESPACE = UUID("6f0c3c5e-5a0e-5c0b-9d1f-b0cb55000001")
_SEPARATOR = "\x1f"  # not in any id, so that ("a", "bc") and ("ab", "c") differ
MARK_PREFIX = "bb-"
_LONGEST_PART = 80
"""Letters of a name in a key: a key has 200, and with 64 slashes, each written as three, a name would have most."""


_CANONICAL = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def canonical(value: Any) -> bytes:
    """Return JSON with sorted keys and no spaces: equal values give equal bytes."""
    return _CANONICAL.encode(value).encode()


def digest(value: Any) -> str:
    """Return the SHA-256 of a JSON value in hexadecimal."""
    return hashlib.sha256(canonical(value)).hexdigest()


@once
def revision(content: Message) -> str:
    """Return 16 hexadecimal digits that stand for this content: another content, another revision.

    What has its default value does not count, so that a field added later changes no revision of older content.
    """
    return hashlib.sha256(content.model_dump_json(exclude_defaults=True).encode()).hexdigest()[:16]


def in_a_key(name: str) -> str:
    """Return a name as a part of a key, so that the parts can be told apart; of what would be too long its digest."""
    part = name.replace("/", "%2F")
    return part if len(part) <= _LONGEST_PART else digest(name)[:32]


def fact_id(key: str, revision: str) -> str:
    """Return a fact's id: the business key and the revision of its content."""
    return f"{key}@{revision}"


def order_id(*, tenant: str, flow: str, key: str, revision: str, step: str) -> UUID:
    """Return an order's id, the same for the same step of the same fact."""
    return uuid5(NAMESPACE, _SEPARATOR.join((tenant, flow, key, revision, step)))


def steps(step: str) -> Iterator[str]:
    """Yield ``book``, ``book/2``, ``book/3``, ...: the id of an order that was refused is used up."""
    yield step
    yield from (f"{step}/{number}" for number in count(2))


def mark(order_id: UUID) -> str:
    """Return the mark that a voucher carries in its description: ``bb-`` and 12 letters or digits (60 bits)."""
    return MARK_PREFIX + base64.b32encode(order_id.bytes[8:])[:12].decode().lower()
