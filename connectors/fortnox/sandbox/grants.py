"""Who may do what for whom: integrations, users, consents, and the codes and tokens that were given for them."""

from dataclasses import dataclass, field
from datetime import datetime

from connectors.fortnox.sandbox.licences import SCOPES


@dataclass(slots=True)
class Integration:
    """An integration as its developers registered it in the portal.

    Attributes:
        redirect_uris: where a consent may return to, compared as a whole. None registered: any address of this machine.
        scopes: what it may ask for, separated by spaces.
        service_accounts: whether it may ask for ``account_type=service``.
    """

    secret: str = field(repr=False)
    name: str = "An integration"
    redirect_uris: tuple[str, ...] = ()
    scopes: str = " ".join(SCOPES)
    service_accounts: bool = True


@dataclass(slots=True)
class User:
    """A person who can log in.

    Attributes:
        administrator: system administrator: alone may approve a service account.
        companies: whose companies these are, by database number; None is every company.
    """

    name: str
    email: str
    administrator: bool = False
    companies: tuple[int, ...] | None = None

    def sees(self, database_number: int) -> bool:
        """Tell whether the user has a company."""
        return self.companies is None or database_number in self.companies


@dataclass(slots=True)
class Consent:
    """What a user allowed an integration to do in a company.

    Attributes:
        user: the user's id.
        scope: scopes, separated by spaces.
        service: given for a service account: client credentials work, whoever leaves the company.
        offline: whether its tokens can be refreshed.
    """

    client_id: str
    database_number: int
    user: int
    scope: str
    service: bool
    offline: bool
    at: datetime


@dataclass(slots=True)
class IssuedCode:
    """An authorization code. ``redirect_uri`` is what the request for it named; None named none."""

    consent: int
    redirect_uri: str | None
    expires: datetime
    used: bool = False


@dataclass(slots=True)
class RefreshToken:
    """A refresh token: good for one use."""

    consent: int
    expires: datetime
    used: bool = False


@dataclass(frozen=True, slots=True)
class Token:
    """An access token: who may do what, for whom, and until when."""

    client_id: str
    database_number: int
    scope: str
    expires: datetime
    user: int = 1
