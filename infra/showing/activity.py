"""The activity log: what came in and what went out, by day: who, when, whence or whither, how much, and how it went.

It is put together from the tables that there are; nothing is written down for it but who fetched a package. Days are
Swedish.
"""

# ruff: noqa: S608 - what is put together here are constants; every value is bound

from collections.abc import Sequence
from datetime import datetime, time
from typing import Any, Final, Literal

from infra import activity_words as words
from infra import speaking, store
from infra.postgres import Engine, text
from infra.rows import Activity
from schemas.base import SWEDEN
from schemas.words import Phrase, Wording


def _day(at: str) -> str:
    return f"({at} at time zone 'Europe/Stockholm')::date"


def _said(phrase: Phrase, **values: str) -> str:
    """Return a text as words, out of columns."""
    filled = ", ".join(f"'{name}', {column}" for name, column in values.items())
    return f"jsonb_build_object('key', '{phrase.key}', 'values', jsonb_build_object({filled}))"


def _lately(at: str) -> str:
    """Leave out whole days before the first that is asked for, so that they are not read."""
    return f"(cast(:first as timestamptz) is null or {at} >= cast(:first as timestamptz))"


_WAITED: Final = "case when closed_at is null then 'waiting' when how = 'answered' then 'answered' else 'ended' end"
_MOVED: Final = "coalesce(finished_at, sent_at, journaled_at)"

_FLOW: Final = "jsonb_build_object('key', 'infra/flow/' || (body -> 'data' ->> 'flow'))"
_LAST_VOUCHER: Final = "max((outcome -> 'voucher' ->> 'number')::bigint) filter (where state = 'delivered')"
_FIRST_VOUCHER: Final = "min((outcome -> 'voucher' ->> 'number')::bigint) filter (where state = 'delivered')"

# Each gives: tenant, at, direction, kind, system, by, count, status, what else there is to say (as words).
_PARTS: Final = (
    f"""select tenant, max(accepted_at), 'in', 'delivery', system, '', count(*), 'accepted',
               {_said(words.FACTS_OVER_HTTP, number="sum(jsonb_array_length(event_ids))::int")}
        from deliveries where {_lately("accepted_at")} group by tenant, system, {_day("accepted_at")}""",
    f"""select tenant, max(accepted_at), 'in', replace(split_part(topic, '.', 2), '-', '_'),
               split_part(key, '/', 1), '', count(*), 'accepted', {_said(words.FACTS_HOWEVER)}
        from decided where topic like 'facts.%' and topic not like 'facts.review-answered.%' and key not like 'marks/%'
          and {_lately("accepted_at")}
        group by tenant, topic, split_part(key, '/', 1), {_day("accepted_at")}""",
    f"""select tenant, max(found_at), 'in', 'unreadable', topic, '', count(*), max(state), {_said(words.DEAD_LETTERS)}
        from dead_letters where topic like 'facts.%' and {_lately("found_at")}
        group by tenant, topic, {_day("found_at")}""",
    f"""select tenant, whole_at, 'in',
              'reading_of_' || substring(kind from '^[a-z]+'), system, '', records, 'read', {_said(words.LAST_IN_FULL)}
       from readings where whole_at is not null""",
    f"""select tenant, max(coalesce(read_at, listed_at)), 'in', 'documents', module, '',
              count(*) filter (where number <> ''),
              case when bool_or(number <> '' and sha256 is null and note = '') then 'waiting' else 'read' end,
              {
        _said(
            words.DOCUMENTS_OF_YEAR,
            year="year_to",
            stored="count(*) filter (where sha256 is not null)",
            missing="count(*) filter (where number <> '' and note <> '')",
        )
    }
       from documents group by tenant, module, year_to""",
    f"""select tenant, applied_at, 'in', 'settings', 'desk', applied_by, 1, 'applied',
              {_said(words.VERSION, version="version")}
       from settings""",
    f"""select tenant, max({_MOVED}), 'out',
               replace(replace(replace(type, 'bokbuss.', ''), '.v1', ''), '-', '_'), sink,
               coalesce(body -> 'data' ->> 'requested_by', ''), count(*),
               case when state in ('queued', 'sending', 'unknown') then 'waiting' else state end,
               case when {_FIRST_VOUCHER} is null
                    then {_said(words.OF_FLOW, flow=_FLOW)}
                    else {
        _said(
            words.VOUCHERS_OF_FLOW,
            flow=_FLOW,
            series="min(outcome -> 'voucher' ->> 'series')",
            first=_FIRST_VOUCHER,
            last=_LAST_VOUCHER,
        )
    } end
        from journal where {_lately(_MOVED)}
        group by tenant, type, sink, body -> 'data' ->> 'flow', body -> 'data' ->> 'requested_by', 8,
             outcome -> 'voucher' ->> 'series', {_day(_MOVED)}""",
    f"""select tenant, max(held_at), 'out', 'hold', 'desk', '', count(*), {_WAITED},
               jsonb_build_object('key', (body -> 'data' ->> 'flow') || '/reason/' || (body -> 'data' ->> 'reason'))
        from held where {_lately("held_at")}
        group by tenant, body -> 'data' ->> 'flow', body -> 'data' ->> 'reason', {_WAITED}, {_day("held_at")}""",
    f"""select tenant, read_at, 'in', 'proof', source, coalesce(body ->> 'asked_by', ''), (body ->> 'posted')::bigint,
              case when differences = 0 then 'proved' else 'differs' end,
              {_said(words.DIFFERENCES_OF_YEAR, year="year_to", number="differences")}
       from proofs""",
    f"""select tenant, fetched_at, 'out', 'package', system, fetched_by, 1, status,
              {_said(words.BYTES_OF_YEAR, year="year_to", size="bytes")}
       from package_fetches""",
)
_LATEST: Final = text(
    f"""select * from ({" union all ".join(f"({part})" for part in _PARTS)})
            as log(tenant, at, direction, kind, system, by, count, status, wording)
        where (cast(:tenant as text) is null or tenant = :tenant)
          and (cast(:since as timestamptz) is null or at >= :since) and (:direction = '' or direction = :direction)
        order by at desc, tenant, kind, system, status limit :limit"""
)


async def latest(
    engine: Engine,
    tenant: str | None,
    *,
    since: datetime | None,
    limit: int,
    direction: Literal["", "in", "out"] = "",
) -> Sequence[Activity]:
    """Return what was done last, the newest last.

    Args:
        since: nothing of which the last was before.
        direction: only what came in, or went out.
    """
    first = datetime.combine(since.astimezone(SWEDEN), time.min, SWEDEN) if since else None
    values = {"tenant": tenant, "since": since, "first": first, "limit": limit, "direction": direction}
    return [_read(row) for row in reversed(await store.rows(engine, _LATEST, values))]


def _read(row: Any) -> Activity:
    *known, stored = row
    wording = Wording.kept(stored)
    return Activity(*(*known, speaking.said(wording, "", "en"), wording))
