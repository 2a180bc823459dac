"""What became of a sink's orders, as its journal has it: read by whoever carries them out."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar
from uuid import UUID

from infra import store
from infra.postgres import Engine, text
from infra.rows import Resting
from schemas import envelope as envelopes
from schemas.commands import Order, VoucherRef

_Order = TypeVar("_Order", bound=Order)

_OF = "sink = :sink and tenant = :tenant and type = :type"
_OPEN = text(
    f"""select body::text from journal where {_OF} and state in ('queued', 'sending', 'unknown')
       order by place, seq limit :most"""  # noqa: S608 - no values in it
)
_REFUSED = text(
    f"""select distinct on (j.flow, j.key) j.body, j.code, j.age, j.refusals
       from (select body::text, body -> 'data' ->> 'flow' as flow, key, seq, outcome ->> 'code' as code,
                    extract(epoch from clock_timestamp() - finished_at)::float8 as age,
                    count(*) over (partition by body -> 'data' ->> 'flow', key, outcome ->> 'code') as refusals
             from journal where {_OF} and state = 'rejected') j
       join flow_state s on s.tenant = :tenant and s.flow = j.flow and s.key = j.key and s.waiting = j.code
       where j.code = any(cast(:codes as text[])) order by j.flow, j.key, j.seq desc limit :most"""  # noqa: S608 - the same
)
_WAITING = text(
    """select s.tenant, array_agg(distinct s.waiting),
              extract(epoch from clock_timestamp() - max(j.finished_at))::float8
       from flow_state s join journal j on j.sink = :sink and j.tenant = s.tenant and j.key = s.key
            and j.state = 'rejected' and j.outcome ->> 'code' = s.waiting
       where s.waiting = any(cast(:codes as text[])) group by s.tenant"""
)
_RESTING = text(
    """select type, count(*) as number,
              min(outcome ->> 'code') filter (where outcome ->> 'of_kind' = 'true') as code
       from journal where (sink = :system or starts_with(sink, :system || '-')) and tenant = :tenant
         and state in ('queued', 'sending', 'unknown') group by type
       having bool_or(outcome ->> 'of_kind' = 'true') order by type"""
)
_IDS = text(f"select order_id from journal where {_OF}")  # noqa: S608 - the same
_LAST = text(
    f"""select order_id, outcome -> 'voucher' as voucher from journal where {_OF} and state = 'delivered'
       order by finished_at desc limit 1"""  # noqa: S608 - the same
)
_WHOSE = text(
    f"""select body -> 'data' ->> 'flow' from journal where {_OF} and state = 'delivered'
        and outcome -> 'voucher' = cast(:voucher as jsonb) limit 1"""  # noqa: S608 - the same
)
_TAKEN = text(
    f"""select outcome ->> 'record' from journal where {_OF} and state = 'delivered'
        and outcome ->> 'record' = any(cast(:records as text[])) and order_id <> cast(:order_id as uuid)"""  # noqa: S608 - the same
)
_DELIVERED = text(
    f"select body::text from journal where {_OF} and state = 'delivered' and finished_at >= :since"  # noqa: S608 - the same
)
_WRITTEN = text(
    f"""select body::text, coalesce(outcome ->> 'record', '') from journal
       where {_OF} and (state in ('sending', 'unknown') or state = 'delivered' and finished_at >= :since)"""  # noqa: S608 - the same
)


@dataclass(frozen=True, slots=True)
class Refused(Generic[_Order]):
    """An order that was refused and whose key waits for that reason: how many seconds ago, and how often by now."""

    order: _Order
    code: str
    age: float
    refusals: int


@dataclass(frozen=True, slots=True)
class Waiting:
    """A company of which keys wait for reasons that orders were refused for, the last of them so many seconds ago."""

    tenant: str
    codes: tuple[str, ...]
    age: float


class Orders(Generic[_Order]):
    """One company's orders of a kind for a sink."""

    def __init__(self, engine: Engine, sink: str, tenant: str, kind: type[_Order]) -> None:
        self._engine = engine
        self._values = {"sink": sink, "tenant": tenant, "type": envelopes.type_of(kind)}

    async def open(self, most: int) -> list[_Order]:
        """Return those that have not ended, the first ones, in their order."""
        bodies = await store.scalars(self._engine, _OPEN, self._values | {"most": most})
        return [_order(body) for body in bodies]

    async def refused(self, codes: Iterable[str], most: int) -> list[Refused[_Order]]:
        """Return the last refused one of each key that waits for one of these reasons."""
        values = self._values | {"codes": sorted(codes), "most": most}
        return [Refused(_order(body), *rest) for body, *rest in await store.rows(self._engine, _REFUSED, values)]

    async def ids(self) -> tuple[UUID, ...]:
        """Return the ids of all of them, whatever became of each."""
        return tuple(await store.scalars(self._engine, _IDS, self._values))

    async def last_voucher(self) -> tuple[UUID, VoucherRef] | None:
        """Return the order that was carried out last, and its voucher, if it has one."""
        row = await store.row(self._engine, _LAST, self._values)
        return (row.order_id, VoucherRef.model_validate(row.voucher)) if row and row.voucher else None

    async def flow_of(self, voucher: VoucherRef) -> str | None:
        """Return the flow that gave the one that was carried out as this voucher; None: none was."""
        found: str | None = await store.scalar(
            self._engine, _WHOSE, self._values | {"voucher": voucher.model_dump_json()}
        )
        return found

    async def taken(self, records: Sequence[str], order_id: str) -> set[str]:
        """Return which of these records are what another order than this one was carried out as."""
        values = self._values | {"records": list(records), "order_id": order_id}
        return set(await store.scalars(self._engine, _TAKEN, values)) if records else set()

    async def delivered_since(self, since: datetime) -> list[_Order]:
        """Return those that were carried out since then."""
        return [_order(body) for body in await store.scalars(self._engine, _DELIVERED, self._values | {"since": since})]

    async def written_since(self, since: datetime) -> list[tuple[_Order, str]]:
        """Return those that were or may have been carried out since then, with the name of what was written."""
        rows = await store.rows(self._engine, _WRITTEN, self._values | {"since": since})
        return [(_order(body), record) for body, record in rows]


async def waiting(engine: Engine, sink: str, codes: Iterable[str]) -> list[Waiting]:
    """Return the companies of which something waits for one of these reasons."""
    rows = await store.rows(engine, _WAITING, {"sink": sink, "codes": sorted(codes)})
    return [Waiting(tenant, tuple(found), age) for tenant, found, age in rows]


async def resting(engine: Engine, system: str, tenant: str) -> tuple[Resting, ...]:
    """Return the kinds of a company's orders that wait for something at a system while the others go on."""
    rows = await store.rows(engine, _RESTING, {"system": system, "tenant": tenant})
    return tuple(Resting(row.type, row.code, row.number) for row in rows)


def _order(body: str) -> Any:
    return envelopes.decode(body.encode()).data
