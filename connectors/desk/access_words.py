"""What people may do at the desk, and what was changed of it, in both languages."""

from collections.abc import Mapping
from typing import Final

from infra.accounts.history import AccessChange
from infra.accounts.permissions import DeskRole
from schemas.base import Language
from schemas.words import Said

ROLES: Final[Mapping[DeskRole, Said]] = {
    DeskRole.VIEWER: Said("läsare", "viewer"),
    DeskRole.ACCOUNTANT: Said("ekonom", "accountant"),
    DeskRole.APPROVER: Said("attestant", "approver"),
    DeskRole.ADMIN: Said("admin", "admin"),
}
_IS_NOW: Final[Mapping[tuple[str, str], Said]] = {
    ("role", ""): Said("ingen roll", "no role"),
    ("account", "closed"): Said("kontot stängt", "account closed"),
    ("account", "opened"): Said("kontot öppnat på nytt", "account opened again"),
    ("signing_secret", "renewed"): Said("en ny hemlighet", "a new signing secret"),
    ("signing_secret", "renewed_at_once"): Said(
        "en ny hemlighet, och den gamla slutade gälla genast", "a new signing secret, and the old one ended at once"
    ),
    ("signing_secret", "old_ended"): Said("den gamla hemligheten avslutad", "the old signing secret ended"),
}


def is_now(change: AccessChange, language: Language) -> str:
    """Return what somebody or something is since a change; of one that a newer version wrote, what it calls it."""
    if change.what == "role" and change.value:
        return ROLES[DeskRole(change.value)].to(language)
    said = _IS_NOW.get((change.what, change.value))
    return said.to(language) if said else change.value
