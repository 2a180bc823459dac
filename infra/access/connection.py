"""What is held of a company's connection to a system: the values that are read, compared and written down."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, Protocol

from schemas.words import Text, Wording

_DAY: Final = 86_400.0


def told(reason: Text | str) -> dict[str, Any]:
    """Return a reason as a connection holds it."""
    return {"reason": str(reason), "wording": reason.wording if isinstance(reason, Text) else None}


@dataclass(frozen=True, slots=True)
class Connection:
    """What is held of a company's connection to a system; its tokens are not in here.

    Attributes:
        grant_type: client_credentials, authorization_code or token (the system's own secret).
        state: connected, needs_consent, licence_missing, paused or disconnected; ``reason`` says why, for people.
        wording: of the reason, for readers of other languages.
        generation: one more with each new pair of tokens.
        refresh_until: when the refresh token ends, unless it is used before.
        database_number: the company's number in the ledger.
        opened: another company's number, which its tokens were found to open; until a new consent.
    """

    tenant: str
    system: str
    grant_type: str = "client_credentials"
    state: str = "connected"
    reason: str = ""
    wording: Wording | None = None
    generation: int = 0
    access_until: datetime | None = None
    refresh_until: datetime | None = None
    scopes: tuple[str, ...] = ()
    company_name: str = ""
    database_number: int | None = None
    consented_by: str = ""
    consented_at: datetime | None = None
    opened: int | None = None


@dataclass(frozen=True, slots=True)
class ConnectionRow:
    """A connection as it stands: times in seconds from now by the database's clock, tokens encrypted.

    Attributes:
        good_for, fresh_for: until the access token ends, and until it is to be renewed.
        unchanged_for: since the state was last written.
        renewer: who renews it now, for ``busy_for`` at most; without one nobody may try for ``busy_for``.
        renewing_until: what a claim is compared with.
        asked: a renewal was asked for, and its answer is not known.
    """

    held: Connection
    access: bytes | None = field(default=None, repr=False)
    refresh: bytes | None = field(default=None, repr=False)
    good_for: float = 0.0
    fresh_for: float = 0.0
    unchanged_for: float = 0.0
    renewer: str = ""
    busy_for: float = 0.0
    renewing_until: Any = None
    asked: bool = False

    @property
    def generation(self) -> int:
        """The generation of its tokens."""
        return self.held.generation


@dataclass(frozen=True, slots=True)
class Tokens:
    """Tokens to write down, encrypted, and how many seconds they last."""

    access: bytes | None = field(repr=False)
    access_seconds: float
    renew_seconds: float
    refresh: bytes | None = field(repr=False)
    refresh_seconds: float | None


@dataclass(frozen=True, slots=True)
class Consent:
    """Who consented to what, for which company, and to which version of the terms."""

    grant_type: str
    scopes: tuple[str, ...]
    company_name: str
    database_number: int | None
    consented_by: str
    terms: str = ""


class Taken(Exception):
    """Another company of ours has this number at the system."""

    def __init__(self, holder: str) -> None:
        self.holder = holder
        super().__init__(f"it is {holder}'s")


class ConnectionRows(Protocol):
    """Where connections are kept: the database, or a test's memory."""

    async def all(self, system: str | None) -> tuple[Connection, ...]: ...  # noqa: D102 - see PostgresRows
    async def read(self, tenant: str, system: str) -> ConnectionRow | None: ...  # noqa: D102
    async def claim(self, row: ConnectionRow, claim: str, seconds: float) -> bool: ...  # noqa: D102
    async def granted(self, row: ConnectionRow, tokens: Tokens, scopes: tuple[str, ...]) -> bool: ...  # noqa: D102
    async def refused(self, row: ConnectionRow, claim: str, state: str, why: Text) -> bool: ...  # noqa: D102
    async def later(self, row: ConnectionRow, claim: str, seconds: float, why: Text | str, *, asked: bool) -> None: ...  # noqa: D102
    async def drop_access(self, row: ConnectionRow) -> None: ...  # noqa: D102
    async def consented(self, tenant: str, system: str, consent: Consent, tokens: Tokens) -> None: ...  # noqa: D102
    async def disconnect(self, row: ConnectionRow, by: str) -> bool: ...  # noqa: D102
    async def become(  # noqa: D102
        self,
        tenant: str,
        system: str,
        state: str,
        reason: Text,
        *,
        by: str = "",
        only: Sequence[str] = ...,
        opened: int | None = None,
    ) -> bool: ...
    async def pin(self, tenant: str, number: int) -> int | None: ...  # noqa: D102


def days_left(held: Connection, now: float) -> float | None:
    """Return the days until an unused refresh token ends, at a time (seconds since 1970); None without one."""
    if held.grant_type != "authorization_code" or held.refresh_until is None:
        return None
    return (held.refresh_until.timestamp() - now) / _DAY
