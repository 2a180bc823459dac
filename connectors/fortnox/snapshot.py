"""Reads a company's employees in Fortnox, which tells of no change by itself, and says what differs from the last time.

A difference is told before it is written down that it was: a crash repeats facts and loses none.
"""

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Final, Literal

from connectors.fortnox import translate
from connectors.fortnox.client import Fortnox
from connectors.fortnox.forms import employee
from connectors.fortnox.settings import FortnoxSettings
from infra import clock, telemetry, tenants, words
from infra.commanding import Failed
from infra.delivery.following import Following
from infra.delivery.guests import BACKFILL, LOOK_UP, guest
from infra.delivery.orders import Orders
from infra.delivery.reading import NotRead, answered
from infra.http import Client
from infra.intake.sealing import sealed
from infra.intake.sightings import EMPLOYEE, Sightings, not_read_since
from infra.leases import Lease
from infra.plugin import Host, Malformed, Refreshed
from schemas import ids
from schemas.commands import UpsertEmployee
from schemas.events import EmployeeSeen

_SYSTEM: Final = "fortnox"
_TRIES: Final = 5
_PAGES: Final = 1000
_LOOK_FOR_COMPANIES: Final = 5.0

_log = telemetry.log(__name__)


async def refresh(host: Host, tenant: str, progress: Callable[[int], None]) -> Refreshed:
    """Read every employee now, and tell what differs. Raises Failed when Fortnox gives no list, saying why."""
    try:
        return await _read(host, tenant, progress, LOOK_UP)
    except NotRead as error:
        raise Failed(words.NOT_READ(party="Fortnox", why=error.verdict.said)) from error


async def follow(host: Host, stop: asyncio.Event) -> None:
    """Read the employees of every company that wants it again and again, until asked to stop."""
    every = host.settings.of(FortnoxSettings).employees_seconds

    async def due() -> list[str]:
        wanted = [company.tenant for company in await tenants.everyone(host.engine) if company.settings.employees]
        return await not_read_since(host.engine, wanted, _SYSTEM, EMPLOYEE, clock.now() - timedelta(seconds=every))

    async def turn(tenant: str, _lease: Lease) -> None:
        if tenant in await due():  # nobody was faster
            await _read(host, tenant, lambda _read: None, BACKFILL)

    look = min(_LOOK_FOR_COMPANIES, every)
    await Following("fortnox-employees", due, turn, look=look, patience=every).run(host, stop)


async def _read(host: Host, tenant: str, progress: Callable[[int], None], priority: int) -> Refreshed:
    company = await tenants.find(host.engine, tenant)
    if company is None or company.settings.employees is None:
        raise Failed(f"{tenant} has no settings for employees: bokbuss settings apply {tenant} FILE")
    street_line, sightings = company.settings.employees.street_line, Sightings(host.engine, tenant, _SYSTEM)
    began, read, told = clock.now(), set[str](), list[str]()
    timeout = host.settings.of(FortnoxSettings).request_timeout
    async with (
        guest(host, _SYSTEM, tenant, priority) as attempt,
        Client(timeout=timeout, headers={"Accept": "application/json"}) as client,
    ):
        fortnox = Fortnox(company, host, client)
        for number in range(1, _PAGES):
            page = await answered(partial(fortnox.list, employee.listed(number), "Employees", attempt), _TRIES)
            asked = attempt.calls[-1].at  # what the page shows was true then or later
            before = len(read)
            read |= {str(item.get("EmployeeId")) for item in page.items}
            told += await _tell(host, tenant, sightings, page.items, asked, street_line)
            progress(len(read))
            if len(read) == before or (page.total is not None and len(read) >= page.total):
                break
        await sightings.read(EMPLOYEE, began, len(read))
        return Refreshed(len(read), len(attempt.calls), tuple(told))


async def _tell(
    host: Host, tenant: str, sightings: Sightings, items: Sequence[Any], asked: datetime, street_line: Literal[1, 2]
) -> tuple[str, ...]:
    facts: dict[str, EmployeeSeen] = {}
    for item in items:
        try:
            fact = translate.employee(item, asked, street_line)
        except Malformed as error:
            _log.error("employee_unreadable", tenant=tenant, problems=error.problems)
            continue
        if fact is not None:
            facts[fact.employee_id] = sealed(fact, host.vault, tenant)
    marks = {employee_id: _fingerprint(fact) for employee_id, fact in facts.items()}
    seen = await sightings.seen(EMPLOYEE, list(marks))
    new = [employee_id for employee_id, mark in marks.items() if seen.get(employee_id) != mark]
    if not new:
        return ()
    fact_ids = await host.accept(tenant, _SYSTEM, [facts[employee_id] for employee_id in new])
    # The page may show one as it was before or after an order of ours; so that what somebody else changed then is not
    # lost, it is told again the next time.
    written = await Orders(host.engine, _SYSTEM, tenant, UpsertEmployee).written_since(asked)
    ours = {record or order.employee_id for order, record in written}
    await sightings.remember(EMPLOYEE, {each: marks[each] for each in new if each not in ours})
    return fact_ids


def _fingerprint(fact: EmployeeSeen) -> str:
    hidden = {"hidden": fact.hidden} if fact.hidden else {}  # nothing is told anew of whom nothing is hidden
    return ids.digest({"fields": fact.fields.to_json(), "inactive": fact.inactive, **hidden})
