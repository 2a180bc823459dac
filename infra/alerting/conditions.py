"""What is wrong with a company now, as the tables say: each condition is an alert for as long as it lasts.

Nothing is told of people: no texts, no business keys, no values. What an alert names is looked up here.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from infra import store
from infra.postgres import Engine, text

_MOST: Final = 1000
"""Alerts of one company that are raised or shown by one look; the others follow with the next ones."""
_FOUND: Final = """
       select 'held/' || hold_id as alert, 'held' as kind, held_at as since,
              jsonb_build_object('hold_id', hold_id, 'flow', flow, 'reason', body -> 'data' ->> 'reason',
                                 'who', body -> 'data' ->> 'who',
                                 'business_date', body -> 'data' ->> 'business_date') as about
       from held where tenant = :tenant and closed_at is null
       union all
       select 'check_failed/' || system || '/' || "check", 'check_failed', checked_at,
              jsonb_build_object('system', system, 'check', "check")
       from checks where tenant = :tenant and not ok
       union all
       select state || '/' || system, state, changed_at, jsonb_build_object('system', system)
       from connections where tenant = :tenant and state in ('needs_consent', 'licence_missing')
       union all
       select 'consent_expiring/' || system, 'consent_expiring', changed_at,
              jsonb_build_object('system', system, 'until', refresh_until)
       from connections where tenant = :tenant and state = 'connected' and grant_type = 'authorization_code'
             and refresh_until < clock_timestamp() + interval '7 days'
       union all
       select 'outcome_unknown/' || sink, 'outcome_unknown', min(least(sent_at, first_lost.at)),
              jsonb_build_object('sink', sink)
       from journal j cross join lateral (
         select min((body ->> 'at')::timestamptz) as at from audit
         where tenant = j.tenant and message_id = j.order_id::text and body ->> 'outcome' = 'unknown') as first_lost
       where j.tenant = :tenant and state in ('queued', 'sending', 'unknown')
             and (state = 'unknown' or outcome ->> 'outcome' = 'absent')
             and least(sent_at, first_lost.at) < clock_timestamp() - interval '30 minutes'
       group by sink
       union all
       select 'parked/' || reader, 'parked', min(parked_at), jsonb_build_object('reader', reader)
       from parked where tenant = :tenant and state <> 'discarded' group by reader
       union all
       select 'unreadable/' || topic, 'unreadable', min(found_at), jsonb_build_object('topic', topic)
       from dead_letters where tenant = :tenant and state = 'open' group by topic
       union all
       select 'books_differ/' || source || '/' || year_to, 'books_differ', read_at,
              jsonb_build_object('source', source, 'year_to', year_to)
       from proofs where tenant = :tenant and differences > 0
"""
"""What a target never answers clearly is sent again each time that it is absent: its first lost answer counts."""
_FIRST: Final = "order by kind = 'held', since, alert limit :most"
_WRONG: Final = text(f"select * from ({_FOUND}) as found {_FIRST}")  # noqa: S608 - no values in it
# What is over is told by all that lasts, not by what is raised now. What comes back before its end was taken is raised
# anew: whoever the end is told to may not answer for weeks, and who is mailed must hear of it.
_LOOK: Final = text(
    f"""with found as materialized ({_FOUND}), over as (
       update alerts a set ended_at = clock_timestamp(), attempts = 0, given_up = false, due_at = clock_timestamp()
       where tenant = :tenant and ended_at is null and not exists (select from found f where f.alert = a.alert)
       )
       insert into alerts (tenant, alert, kind, about, raised_at, due_at)
       select :tenant, alert, kind, about, clock_timestamp(), clock_timestamp() from (
         select * from found f
         where not exists (select from alerts a where a.tenant = :tenant and a.alert = f.alert and a.ended_at is null)
         {_FIRST}) as new
       on conflict (tenant, alert) do update
       set ended_at = null, raised_at = excluded.raised_at, given_up = false where alerts.ended_at is not null"""  # noqa: S608 - no values in it
)
_OVER: Final = text("delete from alerts where tenant = :tenant and ended_at is not null and told in ('', 'ended')")
_DUE: Final = text(
    """select alert, kind, about, raised_at, ended_at, attempts from alerts
       where tenant = :tenant and not given_up and due_at <= clock_timestamp()
         and told = case when ended_at is null then '' else 'raised' end
       order by kind = 'held', raised_at, alert limit :most"""
)
_TOLD: Final = text(
    """update alerts set told = :told, attempts = 0, why = ''
       where tenant = :tenant and alert = any(cast(:names as text[]))"""
)
_FAILED: Final = text(
    """update alerts set attempts = attempts + 1, why = :why, given_up = :given_up,
              due_at = clock_timestamp() + make_interval(secs => :after)
       where tenant = :tenant and alert = :alert"""
)
_OPEN: Final = text(
    """select alert, kind, about, raised_at, ended_at, attempts, told, given_up, why from alerts
       where tenant = :tenant order by raised_at, alert"""
)


@dataclass(frozen=True, slots=True)
class Alert:
    """Something that is wrong, or that was and is over.

    Attributes:
        name: what tells it from the company's others.
        about: what it is of, as far as it may be told.
        attempts: how often it was told in vain.
    """

    name: str
    kind: str
    about: dict[str, Any]
    raised_at: datetime
    ended_at: datetime | None
    attempts: int

    @property
    def what(self) -> str:
        """What is told of it: ``raised``, or ``ended``."""
        return "raised" if self.ended_at is None else "ended"


@dataclass(frozen=True, slots=True)
class KnownAlert:
    """An alert as a person sees it: what was told of it last, and whether that was given up, and why."""

    alert: Alert
    told: str
    given_up: bool
    why: str


async def look(engine: Engine, tenant: str) -> None:
    """Write down what is wrong with a company now, and what is over."""
    async with engine.begin() as connection:
        await connection.execute(_LOOK, {"tenant": tenant, "most": _MOST})
        await connection.execute(_OVER, {"tenant": tenant})


async def due(engine: Engine, tenant: str, most: int) -> list[Alert]:
    """Return what is to be told of a company now, the oldest first; what is held after all else."""
    rows = await store.rows(engine, _DUE, {"tenant": tenant, "most": most})
    return [Alert(*row) for row in rows]


async def told(engine: Engine, tenant: str, alerts: Sequence[Alert]) -> None:
    """Write down that alerts were told."""
    async with engine.begin() as connection:
        for what in ("raised", "ended"):
            names = [one.name for one in alerts if one.what == what]
            await connection.execute(_TOLD, {"tenant": tenant, "names": names, "told": what})
        await connection.execute(_OVER, {"tenant": tenant})


async def failed(engine: Engine, tenant: str, alert: Alert, why: str, after: float | None) -> None:
    """Write down that an alert was told in vain; it is told again after so many seconds, or (None) not any more."""
    values = {"tenant": tenant, "alert": alert.name, "why": why, "given_up": after is None, "after": after or 0.0}
    await store.write(engine, _FAILED, values)


async def known(engine: Engine, tenant: str) -> list[KnownAlert]:
    """Return a company's alerts as they stand, and after them what is wrong that nobody has looked at yet."""
    found = [
        KnownAlert(Alert(*row[:6]), row.told, row.given_up, row.why)
        for row in await store.rows(engine, _OPEN, {"tenant": tenant})
    ]
    noted = {one.alert.name for one in found}
    wrong = await store.rows(engine, _WRONG, {"tenant": tenant, "most": _MOST})
    new = [Alert(row.alert, row.kind, row.about, row.since, None, 0) for row in wrong if row.alert not in noted]
    return [*found, *(KnownAlert(alert, told="", given_up=False, why="") for alert in new)]
