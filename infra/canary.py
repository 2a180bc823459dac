"""The canary: a company that nobody has, whose day is closed every few minutes, and booked in books of its own.

It goes the whole way of a fact, from acceptance to the voucher's number on record, at an imitation that
``BOKBUSS_CANARY__URL`` names. So that nothing of it reaches a real ledger, whatever is carried out for the company of
its name goes there. When it falls silent, money does not reach the books either.
"""

import asyncio
from decimal import Decimal
from typing import Final

from infra import clock, store, telemetry
from infra.leases import Lease, lead
from infra.plugin import Host
from infra.postgres import text
from infra.tenants import UnknownTenant
from schemas.base import SWEDEN
from schemas.events import DayClosed, GroupSales, Payment, RateTotal

_log = telemetry.log(__name__)

CANARY: Final = "canary"
"""The company's name, and that of its till."""
_BORN: Final = 1_700_000_000
"""Seconds since 1970 that its report numbers leave out, so that they are numbers of reports until 2055."""
_POLL: Final = 0.5
_OUTCOME = text(
    """select body ->> 'outcome' from audit where tenant = :tenant and fact_id = :fact
         and body ->> 'outcome' in ('delivered', 'already_there', 'rejected', 'held') order by sequence desc limit 1"""
)
_RESULT: Final = {"delivered": "booked", "already_there": "booked", "rejected": "rejected", "held": "held"}


async def run(host: Host, stop: asyncio.Event) -> None:
    """Close its day again and again, in one process for all, until asked to stop."""

    async def work(lease: Lease) -> None:
        while not stop.is_set():
            lease.check()
            begun = clock.monotonic()
            try:
                result = await _close_a_day(host, stop)
            except UnknownTenant:
                _log.warning("the canary is no company yet: bokbuss tenant add canary, then settings apply canary")
                result = "unknown_company"
            telemetry.CANARY_RUNS.labels(result).inc()
            await clock.wait(stop, max(host.settings.canary.seconds - (clock.monotonic() - begun), 0.0))

    await lead(host.leases, CANARY, stop, work)


async def _close_a_day(host: Host, stop: asyncio.Event) -> str:
    """Return what became of a day close, or that nothing did before the next one is due."""
    [fact_id] = await host.accept(CANARY, CANARY, [_day()])
    due = clock.monotonic() + host.settings.canary.seconds
    while clock.monotonic() < due:
        if outcome := await store.scalar(host.engine, _OUTCOME, {"tenant": CANARY, "fact": fact_id}):
            return _RESULT[outcome]
        if await clock.wait(stop, _POLL):
            return "stopped"
    return "late"


def _day() -> DayClosed:
    now = clock.now()
    net, vat, rate = Decimal("80.00"), Decimal("20.00"), Decimal(25)
    return DayClosed(
        system=CANARY,
        store="CANARY",
        register_id="1",
        z_number=int(now.timestamp()) - _BORN,
        unnumbered=True,
        business_date=now.astimezone(SWEDEN).date(),
        taken_at=now,
        sales=(GroupSales(group="seed", vat_rate=rate, net=net, vat=vat),),
        vat=(RateTotal(vat_rate=rate, net=net, vat=vat),),
        payments=(Payment(method="cash", amount=net + vat),),
        total_sales=net + vat,
    )
