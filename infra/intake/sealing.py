"""Personal data is sealed before a message is written, and opened right before it is sent to a target."""

from functools import cache
from typing import Any, TypeVar

from infra.access.vault import Vault
from schemas.base import Message
from schemas.personal import Personal, Unsealed

_M = TypeVar("_M", bound=Message)


def sealed(message: _M, vault: Vault, tenant: str) -> _M:
    """Return a message in which everything that was just read and is personal is sealed for this company."""
    if not may_hold_personal_data(type(message)):
        return message
    changed = {}
    for name in type(message).model_fields:
        value = getattr(message, name)
        if (fresh := _sealed(value, vault, tenant)) is not value:
            changed[name] = fresh
    return message.model_copy(update=changed) if changed else message


def opened(value: Any, vault: Vault, tenant: str) -> Any:
    """Return a value in plain; what is not personal is as it is.

    Raises cryptography.exceptions.InvalidTag when it was sealed for another company.
    """
    match value:
        case Unsealed():
            return value.plain
        case Personal():
            return vault.open(value.sealed, value.kind, tenant)
        case _:
            return value


def _sealed(value: Any, vault: Vault, tenant: str) -> Any:
    match value:
        case Unsealed():
            return Personal(
                kind=value.kind,
                sealed=vault.seal(value.plain, value.kind, tenant),
                shown=value.shown,
                flaw=value.flaw,
                warning=value.warning,
            )
        case Message():
            return sealed(value, vault, tenant)
        case tuple() if any(isinstance(each, Message) for each in value):
            fresh = tuple(_sealed(each, vault, tenant) for each in value)
            return fresh if any(a is not b for a, b in zip(fresh, value, strict=True)) else value
        case _:
            return value


@cache
def may_hold_personal_data(model: type[Message]) -> bool:
    """Tell whether a kind of message can hold personal data at all: most cannot, and cost nothing here."""
    return Personal.__name__ in model.model_json_schema().get("$defs", {})
