"""What people may do: roles per company, and one frozen mapping of what each role allows. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import Final
from uuid import UUID

from schemas.base import Language

EVERY_COMPANY: Final = "*"
"""In place of a company's name: whoever has a role there has it in all of them, also in those that come later."""


class DeskRole(StrEnum):
    """What somebody is in a company; each may do what the one before may."""

    VIEWER = "viewer"
    ACCOUNTANT = "accountant"
    APPROVER = "approver"
    ADMIN = "admin"


class Permission(StrEnum):
    """What a page asks for."""

    SEE = "see"
    DECIDE = "decide"
    APPROVE = "approve"
    MANAGE = "manage"


_ROLES: Final = tuple(DeskRole)
ALLOWED: Final[Mapping[DeskRole, frozenset[Permission]]] = MappingProxyType(
    {role: frozenset(tuple(Permission)[: place + 1]) for place, role in enumerate(_ROLES)}
)


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who is signed in.

    Attributes:
        email: also what their acts are on record under.
        roles: by company; ``EVERY_COMPANY`` counts where nothing higher is named.
        language: that they chose; None: as their browser says.
        session_id: the session's, which is no secret.
    """

    account_id: UUID
    email: str
    name: str
    roles: Mapping[str, DeskRole] = field(default_factory=dict)
    language: Language | None = None
    session_id: UUID | None = None

    def role(self, tenant: str) -> DeskRole | None:
        """Return what somebody is in a company; None: nothing, and it must look as if it were not there."""
        found = [self.roles[name] for name in (tenant, EVERY_COMPANY) if name in self.roles]
        return max(found, key=_ROLES.index, default=None)

    def may(self, permission: Permission, tenant: str) -> bool:
        """Tell whether somebody may do this in a company."""
        role = self.role(tenant)
        return role is not None and permission in ALLOWED[role]

    def sees(self, tenants: Iterable[str]) -> tuple[str, ...]:
        """Return the companies of these that somebody sees, in their order."""
        return tuple(tenant for tenant in tenants if self.role(tenant) is not None)
