"""What companies' decisions are made with: the settings in force and whose books they are."""

from collections.abc import Sequence
from dataclasses import replace

from infra.plugin import Terms
from infra.postgres import DatabaseConnection, text
from infra.store import Asked, together
from schemas.settings import TenantSettings

_VERSIONS = text(
    """select n.tenant, coalesce(t.incarnation, 0), coalesce(s.version, 0), t.organisation_number,
              t.tenant is null and s.tenant is null
       from unnest(cast(:tenants as text[])) as n(tenant)
       left join settings s using (tenant) left join tenants t using (tenant)"""
)
_SETTINGS = text("select tenant, version, body from settings where tenant = any(cast(:tenants as text[]))")


class KnownTerms:
    """Each company's terms as they were read last; a name can be another company's later."""

    def __init__(self) -> None:
        self._none = Terms()
        self._known: dict[tuple[str, int], Terms] = {}

    @staticmethod
    def asking(tenants: Sequence[str]) -> Asked:
        """Return what asks for the versions that are in force."""
        return Asked(_VERSIONS, {"tenants": list(tenants)})

    async def of(self, connection: DatabaseConnection, tenants: Sequence[str]) -> dict[str, Terms]:
        """Return what companies' decisions are made with, as ``read`` does, asking for nothing else."""
        await together(connection, [asked := self.asking(tenants)])
        return await self.read(connection, asked)

    async def read(self, connection: DatabaseConnection, asked: Asked) -> dict[str, Terms]:
        """Return what companies' decisions are made with; settings that were read before are not read again."""
        rows = asked.rows
        new = {t: i for t, i, version, *_ in rows if version and self._known.get((t, i), self._none).version != version}
        if new:
            for tenant, version, body in await connection.execute(_SETTINGS, {"tenants": list(new)}):
                terms = Terms(TenantSettings.model_validate(body, strict=False), version)
                self._known[tenant, new[tenant]] = terms
        return {
            tenant: replace(
                self._known.get((tenant, incarnation), self._none) if version else self._none,
                organisation_number=number,
            )
            for tenant, incarnation, version, number, _ in rows
        }

    @staticmethod
    def strangers(asked: Asked) -> frozenset[str]:
        """Return the names that no company has.

        One that has settings was added after the backup that was restored last: only we write them.
        """
        return frozenset(tenant for tenant, *_, is_none in asked.rows if is_none)
