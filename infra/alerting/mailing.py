"""Mails what waits: to each address one letter in a period, over all its companies, with counts; at once what stopped.

What is new since an address' last letter makes a letter; what is over by then is not in it. A mail server that is away
is tried again, and nothing is forgotten meanwhile: only a letter that was taken counts as the last one.
"""

import asyncio
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from infra import clock, mail, speaking, store, telemetry
from infra.alerting import wording
from infra.leases import Lease, lead
from infra.letters import Letter, Part, Row
from infra.plugin import Host
from infra.postgres import Engine, text
from infra.settings import Settings
from schemas.base import Language
from schemas.words import capital

_LEASE: Final = "mails"
_LOOK: Final = 30.0
_URGENT_AFTER: Final = timedelta(minutes=15)
"""Between two letters of which the later one is urgent."""
_MOST_DAYS: Final = 5
_MOST_NAMED: Final = 20
_log = telemetry.log(__name__)

_ADDRESSES: Final = text(
    """select address, array_agg(h.tenant order by h.tenant) as tenants, max(m.sent_at) as sent_at, now() as now,
              (select language from accounts a where lower(a.email) = lower(address) limit 1) as language
       from alert_hooks h, unnest(string_to_array(h.mail_to, ' ')) address
       left join mailings m using (address) where address <> '' group by address order by address"""
)
_ALERTS: Final = text(
    """select tenant, kind, about, raised_at from alerts
       where ended_at is null and raised_at <= :now and tenant = any(cast(:tenants as text[]))
       order by tenant, raised_at, alert"""
)
_SENT: Final = text(
    """insert into mailings (address, sent_at) values (:address, :at)
       on conflict (address) do update set sent_at = excluded.sent_at"""
)
_FORGOTTEN: Final = text(
    """delete from mailings m where not exists
       (select from alert_hooks h where m.address = any(string_to_array(h.mail_to, ' ')))"""
)


@dataclass(frozen=True, slots=True)
class Waiting:
    """Something that waits; ``is_new``: it was not in the reader's last letter."""

    tenant: str
    kind: str
    about: Mapping[str, Any]
    is_new: bool


async def run(host: Host, stop: asyncio.Event) -> None:
    """Mail what waits until asked to stop; one process does it for all."""

    async def work(lease: Lease) -> None:
        while not stop.is_set():
            lease.check()
            await turn(host)
            await clock.wait(stop, _LOOK)

    await lead(host.leases, _LEASE, stop, work)


async def turn(host: Host) -> int:
    """Mail each address what is new for it, where its time has come; return how many letters were taken."""
    if host.settings.mail.host is None:
        return 0
    taken = 0
    async with host.engine.begin() as connection:
        await connection.execute(_FORGOTTEN)
        addresses = (await connection.execute(_ADDRESSES)).all()
    for one in addresses:
        waits = await _waiting(host.engine, one.tenants, one.now, one.sent_at)
        if not _is_due(waits, one.sent_at, one.now, timedelta(hours=host.settings.mail.digest_hours)):
            continue
        made = letter(waits, one.language or host.settings.language, host.settings)
        try:
            await mail.send(host.settings.mail, (one.address,), made)
        except mail.Undeliverable as error:
            _log.warning("letter not mailed", companies=one.tenants[:_MOST_NAMED], why=str(error))
            continue  # of one company's address; the others wait for their letters
        except mail.NotMailed as error:
            _log.warning("letter not mailed", why=str(error))
            break  # the server is away for all of them
        await store.write(host.engine, _SENT, {"address": one.address, "at": one.now})
        taken += 1
    return taken


async def _waiting(engine: Engine, tenants: Sequence[str], now: datetime, since: datetime | None) -> list[Waiting]:
    rows = await store.rows(engine, _ALERTS, {"tenants": list(tenants), "now": now})
    return [Waiting(r.tenant, r.kind, r.about, since is None or r.raised_at > since) for r in rows]


def _is_due(waits: Sequence[Waiting], sent_at: datetime | None, now: datetime, period: timedelta) -> bool:
    new = [one for one in waits if one.is_new]
    if not new or sent_at is None:
        return bool(new)
    return now >= sent_at + (_URGENT_AFTER if any(one.kind in wording.URGENT for one in new) else period)


def letter(waits: Sequence[Waiting], language: Language, settings: Settings) -> Letter:
    """Return what a reader is told: by company, each kind and reason with how many there are. Pure."""
    new = sum(one.is_new for one in waits)
    urgent = any(one.is_new and one.kind in wording.URGENT for one in waits)
    companies: defaultdict[str, list[Waiting]] = defaultdict(list)
    for one in waits:
        companies[one.tenant].append(one)
    base = settings.desk_url
    parts = tuple(
        Part(tenant, _rows(those, language, f"{base}/companies/{tenant}"), f"{base}/companies/{tenant}")
        for tenant, those in sorted(companies.items(), key=_stopped_first)
    )
    only = next(iter(companies)) if len(companies) == 1 else ""
    where = only or wording.COMPANIES.to(language, number=len(companies))
    subject, title = (wording.URGENT_SUBJECT, wording.URGENT_TITLE) if urgent else (wording.SUBJECT, wording.TITLE)
    return Letter(
        language=language,
        subject=subject.to(language, all=len(waits), where=where),
        title=title.to(language),
        lead=wording.LEAD.to(language, new=new, all=len(waits)),
        parts=parts,
        button=wording.BUTTON.to(language),
        address=f"{base}/companies/{only}" if only else f"{base}/",
        foot=wording.FOOT.to(language, hours=f"{settings.mail.digest_hours:g}"),
    )


def _stopped_first(company: tuple[str, Sequence[Waiting]]) -> tuple[bool, str]:
    return not any(one.kind in wording.URGENT for one in company[1]), company[0]


def _rows(waits: Sequence[Waiting], language: Language, base: str) -> tuple[Row, ...]:
    """Return a row for each reason of what is held, and for each other kind at its system; what stopped comes first."""
    groups: defaultdict[tuple[bool, str, str, str, str], list[Waiting]] = defaultdict(list)
    for one in waits:
        about = one.about
        at = str(about.get("system") or about.get("sink") or "")
        groups[one.kind not in wording.URGENT, one.kind, str(about.get("flow") or ""), _reason(one), at].append(one)
    return tuple(_row(key[1], key[2], key[3], key[4], those, language, base) for key, those in sorted(groups.items()))


def _reason(one: Waiting) -> str:
    return str(one.about.get("reason") or "") if one.kind == "held" else ""


def _row(kind: str, flow: str, reason: str, at: str, those: Sequence[Waiting], language: Language, base: str) -> Row:
    said = wording.KINDS[kind].to(language, system=at.capitalize(), sink=at.capitalize())
    if reason:
        said = capital(speaking.name("reason", flow, reason, language))
    new = sum(one.is_new for one in those)
    days = sorted({str(one.about["business_date"]) for one in those if one.about.get("business_date")})
    until = sorted({str(one.about["until"])[:10] for one in those if one.about.get("until")})
    more = [wording.NEW.to(language, new=new)] if 0 < new < len(those) else []
    if days:
        shown = ", ".join(days[:_MOST_DAYS]) + (" …" if len(days) > _MOST_DAYS else "")
        more.append(wording.DAYS.to(language, days=shown))
    more += [wording.UNTIL.to(language, until=until[0])] if until else []
    place = wording.PLACES.get(kind, "connections")
    query = f"?reason={reason}" if reason else ""
    address = f"{base}/{place}{query}" if place else base
    number = str(len(those)) if kind in {"held", "check_failed"} else ""
    return Row(said, number, " · ".join(more), kind in wording.URGENT, address)
