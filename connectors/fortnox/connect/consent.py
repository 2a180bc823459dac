"""Consent: what is asked for and why, what a link and a state are worth, and whose company came. Pure."""

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Final, Literal
from urllib.parse import urlencode

from connectors.fortnox.whose import OpenedCompany, digits
from schemas.settings import TenantSettings

# --- What is asked for --------------------------------------------------------------------------------------------


TERMS: Final = "2026-11-29"
"""The version of what our page says that we do with the access, and never do: it goes on record with each consent."""


# --- The link -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ActivationLink:
    """An activation link: who made it, for which company, until when.

    Attributes:
        company: the company as we know it.
        service: a service account is asked for; else the access belongs to the person.
        another: a person has said that it may be another company at Fortnox than before.
        settings: the company's settings now; they say what is asked for.
        used_at: when a consent that it asked for stood.
        extras: what is asked for besides what the settings need (``needs.EXTRAS``).
    """

    link_id: str
    company: "KnownCompany"
    service: bool
    settings: TenantSettings
    made_by: str
    expires_at: datetime
    used_at: datetime | None = None
    another: bool = False
    extras: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class KnownCompany:
    """A company as we know it, and what it is pinned to."""

    tenant: str
    name: str = ""
    organisation_number: str | None = None
    database_number: int | None = None

    @property
    def called(self) -> str:
        """Its name at Fortnox, once that is known; until then its name here."""
        return self.name or self.tenant


def worth(link: ActivationLink, now: datetime) -> Literal["open", "link_used", "link_expired"]:
    """Tell what a link is good for now."""
    if link.used_at is not None:
        return "link_used"
    return "open" if now < link.expires_at else "link_expired"


# --- The state that Fortnox brings back ---------------------------------------------------------------------------

STATE_LASTS: Final = timedelta(hours=1)
"""From our page to the way back: a person has to log in, find a colleague, choose a company."""


@dataclass(frozen=True, slots=True)
class OAuthState:
    """What ``state`` holds, under the vault's lock: the link, the browser that left with it, and when."""

    link_id: str
    browser: str
    left_at: int

    def to_text(self) -> str:
        """Return it as the text that is locked."""
        return json.dumps([self.link_id, self.browser, self.left_at])

    @classmethod
    def from_text(cls, text: str) -> "OAuthState":
        """Return what was locked."""
        link_id, browser, left_at = json.loads(text)
        return cls(link_id, browser, left_at)


def fingerprint(nonce: str) -> str:
    """Return what the state knows of a browser's cookie: the state travels, the cookie's value does not."""
    return hashlib.sha256(nonce.encode()).hexdigest()[:32]


def state_worth(state: OAuthState, nonce: str, now: datetime) -> Literal["good", "state_old", "other_browser"]:
    """Tell whether an answer that came with this state and this cookie is one that we asked for."""
    if not nonce or state.browser != fingerprint(nonce):
        return "other_browser"
    return "good" if now.timestamp() - state.left_at < STATE_LASTS.total_seconds() else "state_old"


def authorization_url(
    auth_url: str, *, client_id: str, redirect_uri: str, asked: Iterable[str], state: str, service: bool
) -> str:
    """Return where a person is sent to consent (facts §1.1). ``offline`` is always asked for, also to revoke with."""
    query = {
        "client_id": client_id,
        "redirect_uri": redirect_uri,
        "scope": " ".join(asked),
        "state": state,
        "access_type": "offline",
        "response_type": "code",
        **({"account_type": "service"} if service else {}),
    }
    return f"{auth_url}/auth?{urlencode(query)}"


# --- What comes back ----------------------------------------------------------------------------------------------

ConsentOutcome = Literal[
    "connected",
    "link_unknown",
    "link_used",
    "link_expired",
    "not_registered",  # no client id here, or Fortnox refuses it
    "no_result",  # the page after the callback, without its cookie
    "other_browser",
    "state_old",
    "denied",
    "scope_not_registered",
    "licence_missing",
    "app_licence_missing",
    "right_missing",
    "service_not_allowed",
    "locked_company",
    "refused",  # an error that we do not know
    "exchange_lost",
    "company_unreadable",
    "other_company",
    "other_tenant",
    "other_database",
]
"""How an attempt to connect ended; each has its words and its page."""

_ERRORS: Final[Mapping[str, ConsentOutcome]] = {
    "access_denied": "denied",
    "invalid_scope": "scope_not_registered",
    "error_missing_license": "licence_missing",
    "error_missing_app_license": "app_licence_missing",
    "error_missing_system_admin_right": "right_missing",
    "error_client_not_allow_service_account": "service_not_allowed",
    "unauthorized_client": "not_registered",
    "invalid_client": "not_registered",
}
_CODE: Final = re.compile(r"[^A-Za-z0-9_.-]")


@dataclass(frozen=True, slots=True)
class AuthorizationCode:
    """The code that is exchanged for tokens: it works once, for ten minutes."""

    text: str


def read_answer(params: Mapping[str, str]) -> AuthorizationCode | tuple[ConsentOutcome, str]:
    """Read what Fortnox sent the browser back with: a code, or the outcome and Fortnox's own name for it."""
    if error := params.get("error"):
        return _ERRORS.get(error, "refused"), _CODE.sub("", error)[:60]
    if code := params.get("code"):
        return AuthorizationCode(code)
    return "locked_company", ""  # neither: an unpaid invoice has locked the company (facts §1.1)


def guard(
    known: KnownCompany, found: OpenedCompany, *, holder: str | None = None, another: bool = False
) -> Literal["own", "other_company", "other_tenant", "other_database"]:
    """Tell whether the company that consented is the one that was asked; what we do not know yet cannot differ.

    Args:
        holder: which other company of ours has this one at Fortnox; an organisation number does not tell them apart.
        another: a person has said that it may be another one than before.
    """
    theirs = digits(found.organisation_number)
    hidden = not theirs and known.database_number == found.database_number  # from whoever consents now; it is the same
    if known.organisation_number and digits(known.organisation_number) != theirs and not hidden:
        return "other_company"
    if holder is not None:
        return "other_tenant"
    if known.database_number not in {None, found.database_number} and not another:
        return "other_database"
    return "own"


@dataclass(frozen=True, slots=True)
class Result:
    """How an attempt ended, as the page after it tells it.

    Attributes:
        said: Fortnox's own name for it, of a closed alphabet.
        revoked: whether Fortnox has taken back what another company's consent gave.
        adopted: the company had no organisation number here and was given Fortnox's.
        missing: scopes that were asked for and not given.
        holder: which company of ours has the one that came, where that may not be connected.
    """

    outcome: ConsentOutcome
    link_id: str = ""
    found: OpenedCompany | None = None
    said: str = ""
    revoked: bool = False
    adopted: bool = False
    missing: tuple[str, ...] = ()
    holder: str = ""

    def to_text(self) -> str:
        """Return it as the text that a cookie holds under the vault's lock."""
        return json.dumps(asdict(self))

    @classmethod
    def from_text(cls, text: str) -> "Result":
        """Return what was locked."""
        content = json.loads(text)
        found, missing = content.pop("found"), content.pop("missing")
        return cls(**content, found=OpenedCompany(**found) if found else None, missing=tuple(missing))


def without_state(params: Mapping[str, str]) -> Result:
    """Return how an answer ended that brings no state of ours: an error can come so, a code is worth nothing."""
    answer = read_answer(params)
    if isinstance(answer, AuthorizationCode) or "error" not in params:
        return Result("other_browser")
    outcome, said = answer
    return Result(outcome, said=said)
