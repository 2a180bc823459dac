"""Whose books a token opens, and whose word it is: as the token says it, and as Fortnox does when it is asked."""

import json
from base64 import urlsafe_b64decode
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from connectors.fortnox import refusal_words
from infra.delivery.answers import Answer, json_object
from schemas.identities import shown_organisation, ten_of
from schemas.words import Text

_TEN: Final = 10
"""Digits of an organisation number."""


@dataclass(frozen=True, slots=True)
class OpenedCompany:
    """The company that a consent opened, as Fortnox calls it."""

    name: str
    organisation_number: str
    database_number: int


def company(answer: Answer) -> OpenedCompany | None:
    """Read company information; None when it is not whole."""
    information = json_object(answer).get("CompanyInformation")
    return found(information) if isinstance(information, dict) else None


def found(information: Mapping[str, Any]) -> OpenedCompany | None:
    """Return whose information it is; None when it does not say. DatabaseNumber comes as a number or as a string."""
    try:
        database_number = int(information["DatabaseNumber"])
    except (ValueError, LookupError, TypeError):
        return None
    name, number = information.get("CompanyName") or "", information.get("OrganizationNumber") or ""
    return (
        OpenedCompany(str(name).strip()[:200], str(number).strip()[:20], database_number)
        if database_number > 0
        else None
    )


def objection(
    opened: OpenedCompany, organisation_number: str | None, database_number: int | None
) -> tuple[str, Text] | None:
    """Return the code and the words of why books are not those that something is for; None: they are, or it is open.

    A number that is hidden from whoever consented (API_NORIGHT) has no digits, and is open.
    """
    wanted, theirs = digits(organisation_number), digits(opened.organisation_number)
    if wanted and theirs and wanted != theirs:
        return (
            "another_organisation",
            refusal_words.OTHER_ORGANISATION(wanted=shown(wanted), opened=shown(theirs)),
        )
    if database_number is not None and database_number != opened.database_number:
        return (
            "another_database",
            refusal_words.OTHER_DATABASE(wanted=str(database_number), opened=str(opened.database_number)),
        )
    return None


def digits(number: str | None) -> str:
    """Return the ten digits that tell organisations apart; of what is written as no number of ours its digits."""
    return ten_of(number or "") or "".join(c for c in number or "" if c in "0123456789")


def shown(number: str | None) -> str:
    """Return an organisation number as it may be shown, ``556016-0680``: a sole trader's is a person's."""
    ten = digits(number)
    return shown_organisation(ten) if len(ten) == _TEN else ten


def user_of(access: str) -> str:
    """Return the Fortnox user that an access token speaks for, as far as it tells."""
    user = _claim(access, "userId")
    return "" if user is None else str(user)


def company_of(access: str) -> int | None:
    """Return the DatabaseNumber that an access token says it opens, as far as it tells."""
    return _claim(access, "tenantId")


def _claim(access: str, name: str) -> int | None:
    """Return a number that stands in an access token, which is a JWT (facts §1.4)."""
    try:
        part = access.split(".")[1]
        claims: Any = json.loads(urlsafe_b64decode(part + "=" * (-len(part) % 4)))
        return int(claims[name])
    except (ValueError, LookupError, TypeError, ArithmeticError, RecursionError):
        return None
