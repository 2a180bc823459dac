"""Consent: what is asked for and why, what a link and a state are worth, and whose company came. Pure."""

import hashlib
import json
import re
from base64 import urlsafe_b64decode
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any, Final, Literal
from urllib.parse import urlencode

from schemas.settings import TenantSettings

# --- What is asked for --------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Needs:
    """What a flow needs of a company's Fortnox: scopes to be consented to, its own one first, and licences."""

    scopes: tuple[str, ...]
    licences: tuple[str, ...]


NEEDS: Final[Mapping[str, Needs]] = {
    "daysales": Needs(("bookkeeping", "companyinformation", "settings", "costcenter"), ("integration", "bookkeeping")),
    "employees": Needs(
        ("salary", "companyinformation", "settings", "costcenter", "project"), ("integration", "salary")
    ),
    "invoices": Needs(
        ("invoice", "order", "customer", "companyinformation", "settings", "costcenter", "project"),
        ("integration", "invoicing", "order"),
    ),
    "attachments": Needs(
        ("bookkeeping", "connectfile", "archive", "inbox", "companyinformation"), ("integration", "bookkeeping")
    ),
}
"""By flow, which is also the name of its section of TenantSettings (facts §1.9; FEATURES P13-P16)."""

_FIRST: Final = ("daysales",)
"""Asked for while nothing is switched on: a company may connect before its accounts are mapped."""


def flows(settings: TenantSettings) -> tuple[str, ...]:
    """Return the flows that consent is asked for: those that are switched on."""
    return _switched_on(settings) or _FIRST


def is_switched_on(settings: TenantSettings) -> bool:
    """Tell whether any flow is."""
    return bool(_switched_on(settings))


def _switched_on(settings: TenantSettings) -> tuple[str, ...]:
    return tuple(flow for flow in NEEDS if getattr(settings, flow, None) is not None)


def scopes(settings: TenantSettings) -> tuple[str, ...]:
    """Return the scopes that are asked for, each once."""
    return _united(NEEDS[flow].scopes for flow in flows(settings))


def licences(settings: TenantSettings) -> tuple[str, ...]:
    """Return the licences that the company needs at Fortnox, each once."""
    return _united(NEEDS[flow].licences for flow in flows(settings))


def modules_that_open(refused: Iterable[str], settings: TenantSettings) -> tuple[str, ...]:
    """Return the modules of the flows whose lists a missing licence closes; those of all where no list tells which.

    A flow's first scope is its own; the others are shared.
    """
    closed = frozenset(refused)
    if not closed:
        return ()
    whose = [flow for flow in flows(settings) if NEEDS[flow].scopes[0] in closed] or flows(settings)
    return tuple(one for one in _united(NEEDS[flow].licences for flow in whose) if one != "integration")


def missing_scopes(settings: TenantSettings, granted: Iterable[str]) -> tuple[str, ...]:
    """Return the scopes that the switched-on flows need and nobody consented to; a refresh never widens them."""
    return tuple(scope for scope in scopes(settings) if scope not in frozenset(granted))


def has_to_consent(health: str, settings: TenantSettings, granted: Iterable[str]) -> bool:
    """Tell whether a company needs a link: to begin with, again, soon, or for more. Unknown scopes pass for enough."""
    known = tuple(granted)
    lost = {"not connected", "needs consent", "disconnected", "expiring"}
    return health in lost or (bool(known) and bool(missing_scopes(settings, known)))


def flows_that_need(scope: str, settings: TenantSettings) -> tuple[str, ...]:
    """Return the flows that a scope is asked for."""
    return tuple(flow for flow in flows(settings) if scope in NEEDS[flow].scopes)


def _united(lists: Iterable[tuple[str, ...]]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(each for one in lists for each in one))


TERMS: Final = "2026-11-29"
"""The version of what our page says that we do with the access, and never do: it goes on record with each consent."""


# --- The link -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Link:
    """An activation link: who made it, for which company, until when.

    Attributes:
        company: the company as we know it.
        service: a service account is asked for; else the access belongs to the person.
        another: a person has said that it may be another company at Fortnox than before.
        settings: the company's settings now; they say what is asked for.
        used_at: when a consent that it asked for stood.
    """

    link_id: str
    company: "Known"
    service: bool
    settings: TenantSettings
    made_by: str
    expires_at: datetime
    used_at: datetime | None = None
    another: bool = False


@dataclass(frozen=True, slots=True)
class Known:
    """A company as we know it, and what it is pinned to."""

    tenant: str
    name: str = ""
    organisation_number: str | None = None
    database_number: int | None = None

    @property
    def called(self) -> str:
        """Its name at Fortnox, once that is known; until then its name here."""
        return self.name or self.tenant


def worth(link: Link, now: datetime) -> Literal["open", "link_used", "link_expired"]:
    """Tell what a link is good for now."""
    if link.used_at is not None:
        return "link_used"
    return "open" if now < link.expires_at else "link_expired"


# --- The state that Fortnox brings back ---------------------------------------------------------------------------

STATE_LASTS: Final = timedelta(hours=1)
"""From our page to the way back: a person has to log in, find a colleague, choose a company."""


@dataclass(frozen=True, slots=True)
class State:
    """What ``state`` holds, under the vault's lock: the link, the browser that left with it, and when."""

    link_id: str
    browser: str
    left_at: int

    def to_text(self) -> str:
        """Return it as the text that is locked."""
        return json.dumps([self.link_id, self.browser, self.left_at])

    @classmethod
    def from_text(cls, text: str) -> "State":
        """Return what was locked."""
        link_id, browser, left_at = json.loads(text)
        return cls(link_id, browser, left_at)


def fingerprint(nonce: str) -> str:
    """Return what the state knows of a browser's cookie: the state travels, the cookie's value does not."""
    return hashlib.sha256(nonce.encode()).hexdigest()[:32]


def state_worth(state: State, nonce: str, now: datetime) -> Literal["good", "state_old", "other_browser"]:
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

Outcome = Literal[
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
    "locked_company",
    "refused",  # an error that we do not know
    "exchange_lost",
    "company_unreadable",
    "other_company",
    "other_tenant",
    "other_database",
]
"""How an attempt to connect ended; each has its words and its page."""

_ERRORS: Final[Mapping[str, Outcome]] = {
    "access_denied": "denied",
    "invalid_scope": "scope_not_registered",
    "error_missing_license": "licence_missing",
    "error_missing_app_license": "app_licence_missing",
    "error_missing_system_admin_right": "right_missing",
    "unauthorized_client": "not_registered",
    "invalid_client": "not_registered",
}
_CODE: Final = re.compile(r"[^A-Za-z0-9_.-]")


@dataclass(frozen=True, slots=True)
class Code:
    """The code that is exchanged for tokens: it works once, for ten minutes."""

    text: str


def read_answer(params: Mapping[str, str]) -> Code | tuple[Outcome, str]:
    """Read what Fortnox sent the browser back with: a code, or the outcome and Fortnox's own name for it."""
    if error := params.get("error"):
        return _ERRORS.get(error, "refused"), _CODE.sub("", error)[:60]
    if code := params.get("code"):
        return Code(code)
    return "locked_company", ""  # neither: an unpaid invoice has locked the company (facts §1.1)


@dataclass(frozen=True, slots=True)
class Found:
    """The company that a consent opened, as Fortnox calls it."""

    name: str
    organisation_number: str
    database_number: int


def company(body: bytes) -> Found | None:
    """Read company information; None when it is not whole."""
    try:
        information = json.loads(body)["CompanyInformation"]
    except (ValueError, LookupError, TypeError, RecursionError):
        return None
    return found(information) if isinstance(information, dict) else None


def found(information: Mapping[str, Any]) -> Found | None:
    """Return whose information it is; None when it does not say. DatabaseNumber comes as a number or as a string."""
    try:
        database_number = int(information["DatabaseNumber"])
    except (ValueError, LookupError, TypeError):
        return None
    name, number = information.get("CompanyName") or "", information.get("OrganizationNumber") or ""
    return Found(str(name).strip()[:200], str(number).strip()[:20], database_number) if database_number > 0 else None


def digits(number: str | None) -> str:
    """Return the ten digits that tell organisations apart: written with or without a hyphen, or a century before."""
    return "".join(c for c in number or "" if c in "0123456789")[-10:]


def guard(
    known: Known, found: Found, *, holder: str | None = None, another: bool = False
) -> Literal["own", "other_company", "other_tenant", "other_database"]:
    """Tell whether the company that consented is the one that was asked; what we do not know yet cannot differ.

    Args:
        holder: which other company of ours has this one at Fortnox; an organisation number does not tell them apart.
        another: a person has said that it may be another one than before.
    """
    if known.organisation_number and digits(known.organisation_number) != digits(found.organisation_number):
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
        holder: which other company of ours has the one that came.
    """

    outcome: Outcome
    link_id: str = ""
    found: Found | None = None
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
        return cls(**content, found=Found(**found) if found else None, missing=tuple(missing))


def without_state(params: Mapping[str, str]) -> Result:
    """Return how an answer ended that brings no state of ours: an error can come so, a code is worth nothing."""
    answer = read_answer(params)
    if isinstance(answer, Code) or "error" not in params:
        return Result("other_browser")
    outcome, said = answer
    return Result(outcome, said=said)


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
    except (ValueError, LookupError, TypeError):
        return None
