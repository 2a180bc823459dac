"""Change anything that is kept by naming only what changes: JSON merge patch (RFC 7396), where ``*`` is every one."""

from collections.abc import Mapping
from typing import Any, Final

from connectors.fortnox.sandbox import state
from connectors.fortnox.sandbox.books import Books, Company

SETTINGS: Final = (
    "clients",
    "users",
    "token_seconds",
    "code_seconds",
    "refresh_seconds",
    "limit",
    "retry_after",
    "scope_status",
    "licence_status",
    "codes",
    "php_json",
    "clock_offset",
)
"""What of the books is a setting; the rest comes from what clients and users do."""


def merged(content: Any, patch: Any) -> Any:
    """Return content with a patch: null removes, ``*`` stands for every member that is there, the rest is replaced."""
    if not isinstance(patch, Mapping):
        return patch
    known = content if isinstance(content, Mapping) else {}
    every = dict.fromkeys(known, patch["*"]) if "*" in patch else {}
    result = dict(known)
    for changes in (every, {name: change for name, change in patch.items() if name != "*"}):
        for name, change in changes.items():
            if change is None:
                result.pop(name, None)
            else:
                result[name] = merged(result.get(name), change)
    return result


def company(kept: Company, patch: Mapping[str, Any]) -> None:
    """Patch a company.

    Raises:
        ValueError: the result is no company, or has another number, or a voucher was changed or has lost its account.
    """
    changed = Company(kept.database_number)
    state.fill(changed, merged(state.shown(kept), patch))
    if changed.database_number != kept.database_number:
        raise ValueError("database_number: it is never changed")
    vouchers = list(changed.vouchers())
    if vouchers != list(kept.vouchers()):
        raise ValueError("years: vouchers are neither changed nor deleted")
    for one in vouchers:
        for row in one.draft.rows:
            if row.account not in changed.years[one.draft.year_id].accounts:
                raise ValueError(f"years: account {row.account} stands in vouchers and must stay")
    state.fill(kept, state.shown(changed))


def settings(books: Books) -> dict[str, Any]:
    """Return the settings, without the secrets of the integrations."""
    content = {name: value for name, value in state.shown(books).items() if name in SETTINGS}
    content["clients"] = {
        client: {name: value for name, value in known.items() if name != "secret"}
        for client, known in content["clients"].items()
    }
    return content


def change_settings(books: Books, patch: Mapping[str, Any]) -> None:
    """Patch the settings.

    Raises:
        ValueError: one is no setting, or a value is none that it can have.
    """
    for name in patch:
        if name not in SETTINGS:
            raise ValueError(f"{name}: there is no such setting; there are {', '.join(SETTINGS)}")
    state.fill(books, merged(state.shown(books), patch))
