"""The journal of orders and the audit trail: written together, so that neither can tell another story."""

import asyncio
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic_core import to_json

from infra import clock, store, telemetry
from infra.access import people
from infra.incarnations import COMPANY_REMOVED, former, removed_company
from infra.kafka.outbox import arrived
from infra.kafka.parking import fault_of
from infra.postgres import DatabaseConnection, Engine, text
from infra.store import Asked, lines, together
from infra.trail import Entry, put_on_record
from infra.verdicts import RetryLater
from schemas import envelope as envelopes
from schemas.audit import Call
from schemas.envelope import Envelope

_log = telemetry.log(__name__)

# --- The journal ------------------------------------------------------------------------------------------------

_ENDED = """select case body ->> 'outcome' when 'rejected' then 'rejected' else 'delivered' end as state,
              jsonb_build_object('outcome', body -> 'outcome', 'voucher', body -> 'voucher', 'record', body -> 'record',
                                 'code', body -> 'code', 'why', body -> 'why', 'who', body -> 'who') as outcome,
              (body ->> 'at')::timestamptz as at
       from audit where tenant = {tenant} and message_id = {order}
         and body ->> 'outcome' in ('delivered', 'already_there', 'rejected') order by sequence desc limit 1"""
"""How an order ended, as the trail has it: after a restore it can know more than the journal."""
_INSERT = text(
    f"""insert into journal (order_id, seq, place, sink, partition, tenant, key, type, fact_id, body, replaces, hop,
                            state, sent_at, due_at, accepted_at, journaled_at, outcome, finished_at)
       select i, s, coalesce((select e.place from journal e where e.order_id = r and e.tenant = t and e.key = k), s),
              :sink, p, t, k, y, f, b, r, nullif(h, ''),
              case when w then 'withdrawn' when ended.state is not null then ended.state
                   when looked_for then 'unknown' else 'queued' end,
              case when looked_for then clock_timestamp() end, to_timestamp(0), a, :now, ended.outcome,
              case when w then clock_timestamp() else ended.at end
       from (select nextval('journal_seq') as s, o.*
             from unnest(cast(:ids as uuid[]), cast(:partitions as int[]), cast(:tenants as text[]),
                         cast(:keys as text[]), cast(:types as text[]), cast(:facts as text[]),
                         cast({lines(":bodies")} as jsonb[]), cast(:replaces as uuid[]),
                         cast(:accepted as timestamptz[]), cast(:withdrawn as bool[]), cast(:hops as text[]))
                  as o(i, p, t, k, y, f, b, r, a, w, h)) as x
       left join lateral ({_ENDED.format(tenant="t", order="cast(i as text)")}) as ended on true
       cross join lateral (
         select coalesce((select coalesce(opened_at, 'infinity') from fenced where tenant = t),
                         (select fenced_at from installation)) as at,
                (select coalesce(jsonb_array_length(found -> 'unclear'), 1) > 0 from fenced where tenant = t)
                  as unclear) as fence
       cross join lateral (
         select exists (select from journal e where e.order_id = i and e.tenant <> t)
                or fence.at is not null and (a <= fence.at
                     or y = any(cast(:unswept as text[])) and (select epoch > 0 from installation)
                        and clock_timestamp() < fence.at + interval '14 days'
                     or fence.unclear and cast(b -> 'data' ->> 'voucher_date' as date) <= fence.at + interval '1 day'
                     or exists (
                     select from decided d where d.tenant = t and d.fact_id = f and d.decided_at <= fence.at))
                as looked_for) as e
       on conflict (order_id, tenant) do nothing returning order_id, state"""  # noqa: S608 - no values in it
)
"""A new order is due, whatever a clock says or is set to. What may have been sent already is looked for first: by the
company that had this name before, or, when this database was restored from a backup, since then. What no comparison
after a restore shows is looked for two weeks longer: its source may tell again what neither the database nor Kafka
remembers. So is, for ever, a voucher of a day until a person has opened a company of which not all agreed: its books
may hold it. A new installation, of epoch 0, has nothing."""
_SEAL_ANEW = text(
    f"""update journal j set body = cast(x.b as jsonb)
       from unnest(cast(:ids as uuid[]), cast(:tenants as text[]), {lines(":bodies")}) as x(i, t, b)
       where j.order_id = x.i and j.tenant = x.t and j.state in ('queued', 'unknown')
         and starts_with(j.body -> 'data' ->> 'fields', 'p1:')
         and not exists (select from person_keys k where k.key_id = split_part(j.body -> 'data' ->> 'fields', ':', 2))
         and exists (select from person_keys k
                     where k.key_id = split_part(cast(x.b as jsonb) -> 'data' ->> 'fields', ':', 2))"""  # noqa: S608 - no values in it
)
"""After a restore without the newest keys of people an order that Kafka remembers cannot be read. Decided anew it is
the same order, of the same id, under a key that is there."""
_END_AS_ON_RECORD = text(
    f"""update journal j set state = e.state, outcome = e.outcome, finished_at = e.at
        from unnest(cast(:tenants as text[]), cast(:orders as text[])) as x(t, o)
        cross join lateral ({_ENDED.format(tenant="x.t", order="x.o")}) as e
        where j.tenant = x.t and j.order_id::text = x.o and j.state in ('queued', 'sending', 'unknown')"""  # noqa: S608 - the same
)
_REMOVED = "the company was removed before it was carried out"
_OPEN_TENANTS = text(
    """select distinct tenant, partition from journal where sink = :sink
       and state in ('queued', 'sending', 'unknown') and partition = any(cast(:partitions as int[]))
       and not exists (select from installation where not writing)
       and tenant not in (select tenant from fenced where opened_at is null)"""
)
_TAKE_OVER = text(
    """update journal set state = 'unknown', sent_at = clock_timestamp(), due_at = clock_timestamp()
       where sink = :sink and tenant = :tenant and state = 'sending'
         and exists (select from leases where name = :lease and epoch = :epoch)"""
)
# An order waits behind an earlier one of its key that is open, or rejected and not replaced yet. What replaces an order
# takes its place: otherwise it and what waited behind the rejected order would wait for each other.
# What only reads neither waits for a rejected one nor is waited for: it may tell what the next one is decided on.
# Nothing of a key is sent while one of it is in doubt, so what is to be looked for need not wait its turn.
_NEXT = text(
    """select order_id, state, body::text as body, attempt, looks,
              extract(epoch from clock_timestamp() - sent_at)::float8, calls, accepted_at, coalesce(hop, '') as hop
       from ((select * from journal
              where sink = :sink and tenant = :tenant and state = 'unknown' and due_at <= clock_timestamp()
                and type <> all(cast(:resting as text[]))
              order by due_at limit :page)
             union all
             (select * from journal j
              where sink = :sink and tenant = :tenant and state = 'queued' and due_at <= clock_timestamp()
                and type <> all(cast(:resting as text[]))
                and not exists (
                  select from journal e
                  where e.sink = j.sink and e.tenant = j.tenant and e.key = j.key
                    and (e.place, e.seq) < (j.place, j.seq)
                    and (e.state in ('queued', 'sending', 'unknown')
                         or e.state = 'rejected'
                            and e.type <> all(cast(:reads as text[])) and j.type <> all(cast(:reads as text[]))
                            and not exists (select from journal r where r.tenant = e.tenant and r.key = e.key
                                            and r.replaces = e.order_id)))
              order by place, seq
              limit greatest(least(cast(:page as bigint), :doubts - (
                  select count(*) from journal where sink = :sink and tenant = :tenant and state = 'unknown'
                    and type <> all(cast(:resting as text[])) and order_id <> all(cast(:unread as uuid[])))), 0))
            ) as due
       order by state desc, place, seq"""
)
_PUT_OFF = text(
    f"""update journal set due_at = clock_timestamp() + make_interval(secs => :wait), outcome = x.o
        from unnest(cast(:ids as uuid[]), cast({lines(":outcomes")} as jsonb[])) as x(i, o)
        where sink = :sink and tenant = :tenant and order_id = x.i and state in ('queued', 'unknown')"""  # noqa: S608 - the same
)
_NEXT_DUE = text(
    """select extract(epoch from min(due_at) - clock_timestamp())::float8 from journal
       where sink = :sink and tenant = :tenant and state in ('queued', 'unknown') and due_at > clock_timestamp()
         and type <> all(cast(:resting as text[]))"""
)
_UNTIL_READ_AGAIN = 60.0
"""Seconds until an order is looked at again that cannot be read here."""
_FENCED = """ and exists (select from leases l where l.name = x.l and l.epoch = x.e)"""
# A process that is stopped between two statements holds its locks: the server ends such a transaction, so that other
# companies' lanes, whose changes share a transaction with the locked rows, wait for seconds only. Set where rows are.
_NOT_FROZEN = "set_config('idle_in_transaction_session_timeout', '3000', true)"
_SENDING = text(
    """update journal j set state = 'sending', attempt = attempt + 1, sent_at = clock_timestamp()
       from unnest(cast(:ids as uuid[]), cast(:leases as text[]), cast(:epochs as bigint[])) as x(i, l, e)
       where j.order_id = x.i and j.state = 'queued'
         and not exists (select from installation
                         where not writing or epoch <> coalesce(cast(:epoch as bigint), epoch) or pulse < :pulse)
         and not exists (select from fenced f where f.tenant = j.tenant and f.opened_at is null)"""  # noqa: S608 - no values in it
    + _FENCED
    + " returning j.order_id, x.e, "
    + _NOT_FROZEN
)
_CHANGE = text(
    f"""update journal j set state = x.s, looks = x.k, calls = x.c,
           due_at = clock_timestamp() + make_interval(secs => x.w),
           sent_at = case when x.u then clock_timestamp() else j.sent_at end,
           outcome = x.o,
           finished_at = case when x.s in ('delivered', 'rejected') then clock_timestamp() end
       from unnest(cast(:ids as uuid[]), cast(:leases as text[]), cast(:epochs as bigint[]), cast(:states as text[]),
                   cast(:looks as int[]), cast({lines(":calls")} as jsonb[]), cast(:waits as float8[]),
                   cast(:unknown as bool[]), cast({lines(":outcomes")} as jsonb[])) as x(i, l, e, s, k, c, w, u, o)
       where j.order_id = x.i and j.state in ('sending', 'unknown')"""  # noqa: S608 - no values in it
    + _FENCED
    + " returning j.order_id, x.e, "
    + _NOT_FROZEN
)


NO_HOPS: Mapping[str, str] = {}


@dataclass(frozen=True, slots=True)
class Work:
    """An order that is due: to be sent, or (``state`` unknown) to be looked for.

    ``since_sent`` are seconds of the database's clock, which is one for every process and read before a look begins.
    """

    order: Envelope[Any]
    state: str
    attempt: int
    looks: int
    since_sent: float | None
    calls: tuple[Call, ...]
    accepted_at: datetime
    hop: str = ""
    """The traceparent of the step that gave the order, if that was traced."""

    @property
    def order_id(self) -> UUID:
        """The order's id."""
        return UUID(self.order.id)


@dataclass(frozen=True, slots=True)
class Transition:
    """What became of an order: its new state, when it is due again, and what goes on record."""

    work: Work
    lease: str
    epoch: int
    state: str
    calls: tuple[Call, ...]
    looks: int = 0
    wait: float = 0.0
    just_sent: bool = False
    outcome: Mapping[str, Any] | None = None
    entry: Entry | None = None
    others: tuple[Entry, ...] = ()


@dataclass(frozen=True, slots=True)
class _Mark:
    work: Work
    lease: str
    epoch: int


Seen = tuple[int | None, int]
"""Epoch and pulse of the database (``infra.installation``)."""
_Step = _Mark | Transition
_Done = set[tuple[UUID, int]]
"""Order and epoch of each step that was ours to take."""


class Journal:
    """The journal of one sink. Marks and changes of many lanes share a transaction (group commit)."""

    def __init__(
        self,
        engine: Engine,
        sink: str,
        seen: Callable[[], Seen] = lambda: (None, 0),
        unswept: Collection[str] = (),
    ) -> None:
        """Open a sink's journal.

        Args:
            seen: what this process knows of the database; nothing is sent on the word of an older one.
            unswept: types of orders of which no comparison after a restore shows what was written.
        """
        self._engine = engine
        self._sink = sink
        self._seen = seen
        self._unswept = list(unswept)
        self._unread: set[UUID] = set()  # what could not be read when it was due last
        self._pending: list[tuple[_Step, asyncio.Future[bool]]] = []
        self._wake = asyncio.Event()

    async def insert(self, orders: Iterable[tuple[int, Envelope[Any]]], hops: Mapping[str, str] = NO_HOPS) -> None:
        """Write (partition, order) pairs down; an order that is there already stays as it is, if it can be read.

        Those of a company that was removed meanwhile are withdrawn, and on record as that.

        Args:
            hops: of an order's id, the traceparent of the step that gave it.
        """
        rows = list(orders)
        if not rows:
            return
        now, bodies = clock.now(), [order.model_dump_json() for _, order in rows]
        async with self._engine.begin() as connection:
            formers = await former(connection, {o.tenant for _, o in rows})
            gone = {o.id: under for _, o in rows if (under := removed_company(o, o.acceptedtime or now, formers))}
            written = Asked(
                _INSERT,
                {
                    "sink": self._sink,
                    "now": now,
                    "ids": [UUID(o.id) for _, o in rows],
                    "partitions": [partition for partition, _ in rows],
                    "tenants": [gone.get(o.id, o.tenant) for _, o in rows],
                    "keys": [o.subject for _, o in rows],
                    "types": [o.type for _, o in rows],
                    "facts": [o.causationid for _, o in rows],
                    "bodies": "\n".join(bodies),
                    "replaces": [o.data.replaces for _, o in rows],
                    "accepted": [o.acceptedtime or now for _, o in rows],
                    "withdrawn": [o.id in gone for _, o in rows],
                    "hops": [hops.get(o.id, "") for _, o in rows],
                    "unswept": self._unswept,
                },
            )
            await together(connection, [written, arrived(o.id for _, o in rows)])
            if sealed := [
                (o, body) for (_, o), body in zip(rows, bodies, strict=True) if people.is_sealed(body.encode())
            ]:
                told = {"ids": [UUID(o.id) for o, _ in sealed], "tenants": [o.tenant for o, _ in sealed]}
                await connection.execute(_SEAL_ANEW, told | {"bodies": "\n".join(body for _, body in sealed)})
            withdrawn = {str(order_id) for order_id, state in written.rows if state == "withdrawn"}
            await put_on_record(
                connection,
                [
                    Entry(o.model_copy(update={"tenant": gone[o.id]}), "withdrawn", code=COMPANY_REMOVED, why=_REMOVED)
                    for _, o in rows
                    if o.id in withdrawn
                ],
            )

    async def open_tenants(self, partitions: Iterable[int]) -> dict[str, int]:
        """Return the companies with open orders among these partitions, and the partition of each."""
        rows = await store.rows(self._engine, _OPEN_TENANTS, {"sink": self._sink, "partitions": list(partitions)})
        return {tenant: partition for tenant, partition in rows}  # noqa: C416 - rows are no pairs to mypy

    async def take_over(self, tenant: str, lease: str, epoch: int) -> int:
        """Make every order that a predecessor was sending unknown; return how many there were."""
        values = {"sink": self._sink, "tenant": tenant, "lease": lease, "epoch": epoch}
        return await store.write(self._engine, _TAKE_OVER, values)

    async def next(
        self, tenant: str, doubts: int, page: int = 50, resting: Collection[str] = (), reads: Collection[str] = ()
    ) -> list[Work]:
        """Return what is due: orders to look for, then those to send in their sequence, at most one of each key.

        Of the latter so few that no more than ``doubts`` are in doubt at once, whatever becomes of them. Orders of
        ``resting`` types are left out, and what is in doubt of them is not counted: it is not looked for meanwhile. Nor
        is what cannot be read here. Those of ``reads`` only read.
        """
        values = {"sink": self._sink, "tenant": tenant, "doubts": doubts, "page": page}
        values |= {"resting": list(resting), "reads": list(reads), "unread": list(self._unread)}
        async with store.alone(self._engine) as connection:
            rows = (await connection.execute(_NEXT, values)).all()
            bodies = await people.opened(connection, [row.body.encode() for row in rows])
            found, unread = list[Work](), dict[UUID, envelopes.Unreadable | people.KeyMissing]()
            for body, row in zip(bodies, rows, strict=True):
                order_id, state, _, attempt, looks, since_sent, calls, accepted_at, hop = row
                try:
                    order = envelopes.decode(body)
                    people.must_be_open(order.data)
                except (envelopes.Unreadable, people.KeyMissing) as error:
                    unread[order_id] = error
                    continue
                known = tuple(Call.model_validate(c, strict=False) for c in calls)
                found.append(Work(order, state, attempt, looks, since_sent, known, accepted_at, hop))
            self._unread -= {work.order_id for work in found}
            if unread:
                self._unread |= unread.keys()
                await self._put_off(connection, tenant, unread)
            return found

    async def _put_off(
        self,
        connection: DatabaseConnection,
        tenant: str,
        unread: Mapping[UUID, envelopes.Unreadable | people.KeyMissing],
    ) -> None:
        """Let orders wait that cannot be read here, after a roll-back say: only their keys wait behind them."""
        waits = [RetryLater(_UNTIL_READ_AGAIN, e.code, str(e), "operator") for e in unread.values()]
        outcomes = "\n".join(to_json(put_off(each)).decode() for each in waits)
        values = {"sink": self._sink, "tenant": tenant, "ids": list(unread), "outcomes": outcomes}
        await connection.execute(_PUT_OFF, values | {"wait": _UNTIL_READ_AGAIN})
        for order_id, error in unread.items():
            _log.warning("order not read", tenant=tenant, order_id=str(order_id), code=error.code, why=str(error))

    async def next_due(self, tenant: str, resting: Collection[str] = ()) -> float | None:
        """Return the seconds until a company's next order is due, but for ``resting`` types; None: none waits so."""
        values = {"sink": self._sink, "tenant": tenant, "resting": list(resting)}
        due = await store.scalar(self._engine, _NEXT_DUE, values)
        return None if due is None else float(due)

    async def mark_sending(self, work: Work, lease: str, epoch: int) -> bool:
        """Make 'sending' durable before the first byte; False when this lane is not ours any more."""
        return await self._written(_Mark(work, lease, epoch))

    async def change(self, change: Transition) -> bool:
        """Make what became of an order durable, with its audit entry; False when the lane is not ours any more."""
        return await self._written(change)

    async def _written(self, step: _Step) -> bool:
        future: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._pending.append((step, future))
        self._wake.set()
        return await future

    async def write(self) -> None:
        """Commit marks and changes for ever: everything that came while the last transaction ran goes into the next."""
        while True:
            await self._wake.wait()
            self._wake.clear()
            pending, self._pending = self._pending, []
            try:
                await self._commit(pending)
            except Exception as error:  # noqa: BLE001 - each lane gets it and decides
                if fault_of(error) is None:
                    _tell(pending, error)
                    continue
                for one in pending:  # one of them cannot be written, and takes nobody with it
                    await self._commit_alone(one)

    async def _commit_alone(self, one: tuple[_Step, asyncio.Future[bool]]) -> None:
        try:
            await self._commit([one])
        except Exception as error:  # noqa: BLE001 - its lane gets it and decides
            _tell([one], error)

    async def _commit(self, pending: Sequence[tuple[_Step, asyncio.Future[bool]]]) -> None:
        marks = [step for step, _ in pending if isinstance(step, _Mark)]
        changes = [step for step, _ in pending if isinstance(step, Transition)]
        async with self._engine.begin() if changes else store.alone(self._engine) as connection:
            done = await _mark(connection, marks, self._seen()) | await _change(connection, changes)
            entries = [e for c in changes if c.entry is not None and _name(c) in done for e in (c.entry, *c.others)]
            await put_on_record(connection, await _sealed(connection, entries))
        for step, future in pending:
            if not future.done():  # its lane may have been ended meanwhile
                future.set_result(_name(step) in done)


async def _sealed(connection: DatabaseConnection, entries: Sequence[Entry]) -> list[Entry]:
    """Return entries of which the trail can be read and proved for ever, and what records showed as long as may be."""
    records = [((e.message.tenant, e.message.subject), e.shown) for e in entries if e.shown is not None]
    sealed = iter(await people.seal(connection, records))
    return [entry if entry.shown is None else replace(entry, shown=next(sealed)) for entry in entries]


def _name(step: _Step) -> tuple[UUID, int]:
    return step.work.order_id, step.epoch


def _tell(pending: Sequence[tuple[_Step, asyncio.Future[bool]]], error: Exception) -> None:
    for _, future in pending:
        if not future.done():
            future.set_exception(error)


async def _mark(connection: DatabaseConnection, marks: Sequence[_Mark], seen: Seen) -> _Done:
    if not marks:
        return set()
    rows = await connection.execute(
        _SENDING,
        {
            "ids": [m.work.order_id for m in marks],
            "leases": [m.lease for m in marks],
            "epochs": [m.epoch for m in marks],
            "epoch": seen[0],
            "pulse": seen[1],
        },
    )
    return {(order_id, epoch) for order_id, epoch, _ in rows}


async def _change(connection: DatabaseConnection, changes: Sequence[Transition]) -> _Done:
    if not changes:
        return set()
    rows = await connection.execute(
        _CHANGE,
        {
            "ids": [c.work.order_id for c in changes],
            "leases": [c.lease for c in changes],
            "epochs": [c.epoch for c in changes],
            "states": [c.state for c in changes],
            "looks": [c.looks for c in changes],
            "calls": "\n".join(to_json(c.calls).decode() for c in changes),
            "waits": [c.wait for c in changes],
            "unknown": [c.just_sent for c in changes],
            "outcomes": "\n".join(to_json(c.outcome).decode() if c.outcome else "" for c in changes),
        },
    )
    return {(order_id, epoch) for order_id, epoch, _ in rows}


def put_off(later: RetryLater) -> dict[str, Any]:
    """Return why an order is not carried out yet, for whoever asks meanwhile."""
    wording = later.wording.to_json() if later.wording else None
    said = {"code": later.code, "why": later.why, "wording": wording}
    return {"outcome": "put_off", **said, "who": later.who, "of_kind": later.of_kind}


async def end_as_on_record(connection: DatabaseConnection, orders: Iterable[tuple[str, str]]) -> int:
    """Let orders (company, id) end as the trail has it, where the journal does not know yet; return how many did."""
    tenants, names = zip(*orders, strict=True)
    return (await connection.execute(_END_AS_ON_RECORD, {"tenants": list(tenants), "orders": list(names)})).rowcount
