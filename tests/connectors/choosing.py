"""Settings in which a company chooses which of its HR system's own fields are read and written."""

import json

from infra.plugin import Host
from infra.postgres import text
from tests.connectors.fake_acceptor import TENANT

_CHOOSE = text(
    """insert into settings values (:tenant, 1, cast(:body as jsonb), 'x', clock_timestamp())
       on conflict (tenant) do update set version = settings.version + 1, body = excluded.body"""
)


async def choose(host: Host, system: str, **fields: str) -> None:
    """Put settings in force that choose these fields of a system, each for one of ours."""
    rules = [{"field": ours, "hr_field": theirs} for ours, theirs in fields.items()]
    body = {"employees": {"system": system, "source_of_truth": "hr", "fields": rules}}
    async with host.engine.begin() as connection:
        await connection.execute(_CHOOSE, {"tenant": TENANT, "body": json.dumps(body)})
