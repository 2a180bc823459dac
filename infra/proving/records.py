"""What the proof reads and keeps: our orders out of the journal, each year's last proof, and what people accepted."""

import asyncio
from collections import Counter
from collections.abc import Collection
from datetime import date, datetime
from typing import Any, Final

from infra import ledgers, registry, store, telemetry
from infra import proof_words as words
from infra.postgres import Engine, text
from infra.proving.books import Posted, posted
from infra.trail import Entry, put_on_record
from schemas import envelope as envelopes
from schemas import ids
from schemas.commands import PostVoucher, VoucherRef
from schemas.proofs import BooksProved, Difference
from schemas.words import named

_LONGEST_WHY: Final = 400

# A company that was removed and added again, with the same books, finds there what it posted under its former name.
# They stand as an array, by which an index is read: with "or" each proof would read every company's journal.
_NAMES = """array(select cast(:tenant as text) union all
    select r.tenant from removed_tenants r join tenants t on t.tenant = :tenant
    where r.name = :tenant and r.database_number = t.database_number)"""
_TYPE = envelopes.type_of(PostVoucher)
_OURS = f"j.tenant = any({_NAMES}) and type = '{_TYPE}'"
_DAY = "body -> 'data' ->> 'voucher_date'"
"""As the index has it: text, which for these days has their order."""
_SELECT = f"""select order_id, (body -> 'data')::text,
               case when state = 'delivered' then (outcome -> 'voucher')::text end,
               case when state = 'delivered' and finished_at <= :as_of then 'posted'
                    when state in ('rejected', 'withdrawn') then 'refused' else 'on_its_way' end
        from journal j where {_OURS}"""  # noqa: S608 - no values in it
_ORDERS = text(
    f"""{_SELECT} and body -> 'data' ->> 'flow' <> :but_of
          and {_DAY} between :first and :last order by seq"""
)
_IDS = text(f"select order_id from journal j where {_OURS}")  # noqa: S608 - the same
_BY_ID = text(f"{_SELECT} and order_id = any(:ids) order by seq")
_NOW = text("select clock_timestamp()")
_LATEST = text(
    f"""select max(day)::date from unnest({_NAMES}) as ours(name) cross join lateral (
            select {_DAY} as day from journal j where j.tenant = ours.name and type = '{_TYPE}' and state = 'delivered'
              and {_DAY} < :before order by {_DAY} desc limit 1) as newest"""  # noqa: S608 - the same
)
_ROUNDS = text(
    """insert into proof_rounds (tenant, due_at)
       select t.tenant, clock_timestamp() from tenants t
       where exists (select from journal j where j.tenant = t.tenant and j.type = :type and j.state = 'delivered')
       on conflict do nothing"""
)
_POSTING = text("select tenant from proof_rounds")
_DUE = text(
    """select tenant from proof_rounds r where coalesce(done_at, due_at) < :night
         and not exists (select from connections c
                         where c.tenant = r.tenant and c.system = :ledger and c.state = 'disconnected')"""
)
_DONE = text("update proof_rounds set done_at = clock_timestamp(), trouble = '' where tenant = :tenant")
_FAILED = text("update proof_rounds set trouble = :why where tenant = :tenant")
_ACCEPTED = text("select id from accepted_differences where tenant = :tenant")
_ACCEPT = text(
    """insert into accepted_differences (tenant, id, accepted_by, comment, accepted_at)
       values (:tenant, :id, :by, :comment, clock_timestamp()) on conflict do nothing"""
)
_KEEP = text(
    """insert into proofs (tenant, source, year_to, read_at, differences, body)
       values (:tenant, :source, :year_to, :read_at, :differences, cast(:body as jsonb))
       on conflict (tenant, source, year_to) do update
       set read_at = excluded.read_at, differences = excluded.differences, body = excluded.body
       where proofs.read_at <= excluded.read_at"""
)
_FORGET = text(
    """delete from proofs where tenant = :tenant and source = :source and year_to <> :year_to and read_at < :read_at
       and year_to >= :year_from and cast(body ->> 'year_from' as date) <= :year_to"""
)
"""Of a year that has another last day by now: its differences would be told of for ever, and nobody could end that."""
_PROVED = text("select tenant, cast(body ->> 'year_from' as date), year_to, source, read_at from proofs")
_KEPT = text("select body::text from proofs where tenant = :tenant order by year_to, source")


async def orders(
    engine: Engine, tenant: str, first: date, last: date, as_of: datetime, *, but_of: str = ""
) -> list[Posted]:
    """Return every voucher that we ordered for a day of these; what was not delivered by ``as_of`` is on its way.

    Args:
        but_of: a flow whose orders are left out.
    """
    values = {"tenant": tenant, "first": first.isoformat(), "last": last.isoformat(), "as_of": as_of, "but_of": but_of}
    rows = await store.rows(engine, _ORDERS, values)
    return await asyncio.to_thread(lambda: list(map(_posted, rows)))  # of a large company's year it takes a second


async def marked(engine: Engine, tenant: str, marks: Collection[str], as_of: datetime) -> list[Posted]:
    """Return every voucher that we ordered under these marks, for whichever day, as ``orders`` does."""
    if not marks:
        return []
    values = {"tenant": tenant}
    every = await store.scalars(engine, _IDS, values)
    named = await asyncio.to_thread(lambda: [each for each in every if ids.mark(each) in marks])
    rows = await store.rows(engine, _BY_ID, values | {"ids": named, "as_of": as_of}) if named else []
    return list(map(_posted, rows))


def _posted(row: Any) -> Posted:
    order_id, order, voucher, state = row
    known = VoucherRef.model_validate_json(voucher) if voucher and voucher != "null" else None
    return posted(order_id, PostVoucher.model_validate_json(order), known, state)


async def now(engine: Engine) -> datetime:
    """Return the time of the clock that outcomes are stamped by."""
    found: datetime = await store.scalar(engine, _NOW)
    return found


async def latest(engine: Engine, tenant: str, before: date) -> date | None:
    """Return the latest day before another that we posted a voucher for."""
    values = {"tenant": tenant, "before": before.isoformat()}
    found: date | None = await store.scalar(engine, _LATEST, values)
    return found


async def due(engine: Engine, night: datetime) -> list[str]:
    """Return the companies, those that ended their connection aside, that had posted something and were not proved."""
    async with engine.begin() as connection:
        await connection.execute(_ROUNDS, {"type": envelopes.type_of(PostVoucher)})
        return list(await connection.scalars(_DUE, {"night": night, "ledger": registry.ledger()}))


async def unproved(engine: Engine) -> dict[str, list[date]]:
    """Return the years, by company, that were read, out of the ledger or out of a file, and not compared since."""
    async with engine.connect() as connection:
        posting = set(await connection.scalars(_POSTING))
        proved: dict[tuple[str, str], list[ledgers.Reading]] = {}
        for one in (ledgers.Reading(*row) for row in await connection.execute(_PROVED)):
            proved.setdefault((one.tenant, one.source), []).append(one)
    found: dict[str, list[date]] = {}
    for one in await ledgers.readings(engine) if posting else ():
        of_its_days = (each for each in proved.get((one.tenant, one.source), ()) if each.shares_days(one))
        if one.tenant in posting and all(each.read_at < one.read_at for each in of_its_days):
            found.setdefault(one.tenant, []).append(one.last)
    return found


async def done(engine: Engine, tenant: str) -> None:
    """Write down that a company's years were all compared."""
    await store.write(engine, _DONE, {"tenant": tenant})


async def failed(engine: Engine, tenant: str, why: str) -> None:
    """Write down why a company's years could not be compared."""
    await store.write(engine, _FAILED, {"tenant": tenant, "why": why[:_LONGEST_WHY]})


async def accepted(engine: Engine, tenant: str) -> frozenset[str]:
    """Return the ids of the differences that people have accepted."""
    return frozenset(await store.scalars(engine, _ACCEPTED, {"tenant": tenant}))


def names_of(difference: Difference) -> frozenset[str]:
    """Return what a difference is accepted by: its id, or that others book in a series as well."""
    if difference.kind != "foreign":
        return frozenset({difference.id})
    return frozenset({difference.id, shared(difference.voucher.rpartition(" ")[0])})


def shared(series: str) -> str:
    """Return what stands for all vouchers of others in a series."""
    return f"series {series}"


async def accept(engine: Engine, tenant: str, difference: str, by: str, comment: str) -> None:
    """Write down that a person has accepted a difference, by its id or what ``shared`` returns."""
    values = {"tenant": tenant, "id": difference, "by": by[:200], "comment": comment[:1000]}
    await store.write(engine, _ACCEPT, values)


async def keep(engine: Engine, tenant: str, proved: BooksProved) -> None:
    """Keep a year's proof, unless one of a later reading is kept, and put it on record."""
    message = envelopes.wrap(
        proved,
        message_id=ids.fact_id(proved.key, ids.revision(proved)),
        source="/proof",
        time=proved.read_at,
        tenant=tenant,
        trace=telemetry.new_trace(),
    )
    kinds = Counter(each.kind for each in proved.differences)
    told = [words.OF_A_KIND(kind=named("books", "reason", kind), number=count) for kind, count in sorted(kinds.items())]
    counts = {"posted": proved.posted, "vouchers": proved.vouchers}
    said = words.COMPARED_AND_FOUND(**counts, kinds=told) if told else words.COMPARED(**counts)
    entry = Entry(
        message,
        "proved" if proved.green else "differs",
        code=max(kinds, key=lambda kind: kinds[kind], default=""),
        why=said.english,
        wording=said.wording,
        who=None if proved.green else "accountant",
    )
    values = {
        "tenant": tenant,
        "source": proved.source,
        "year_from": proved.year_from,
        "year_to": proved.year_to,
        "read_at": proved.read_at,
        "differences": proved.count,
        "body": proved.model_dump_json(),
    }
    async with engine.begin() as connection:
        await connection.execute(_FORGET, values)
        await connection.execute(_KEEP, values)
        await put_on_record(connection, [entry])


async def kept(engine: Engine, tenant: str) -> list[BooksProved]:
    """Return the last proof of each year, and of each file that was compared."""
    return [BooksProved.model_validate_json(body) for body in await store.scalars(engine, _KEPT, {"tenant": tenant})]
