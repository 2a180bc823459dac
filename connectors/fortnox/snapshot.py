"""Reads a company's employees in Fortnox, which tells of no change by itself, and says what differs from the last time.

A difference is told before it is written down that it was: a crash repeats facts and loses none.
"""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime
from typing import Any, Final

from connectors.fortnox import translate
from connectors.fortnox.classify import Page
from connectors.fortnox.client import Fortnox
from connectors.fortnox.forms import employee
from connectors.fortnox.settings import FortnoxSettings
from infra import clock, telemetry, tenants
from infra.commanding import Failed
from infra.delivery.guests import BACKFILL, LOOK_UP, guest
from infra.delivery.orders import Orders
from infra.http import Client
from infra.intake.sealing import sealed
from infra.intake.sightings import EMPLOYEE, Sightings
from infra.leases import Lease
from infra.plugin import Attempt, Company, Host, Malformed, Refreshed
from infra.verdicts import RetryLater
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
    company = await tenants.find(host.engine, tenant)
    if company is None or company.settings.employees is None:
        raise Failed(f"{tenant} has no settings for employees: bokbuss settings apply {tenant} FILE")
    return await _read(host, company, company.settings.employees.street_line, progress, LOOK_UP)


async def follow(host: Host, stop: asyncio.Event) -> None:
    """Read the employees of every company that wants it again and again, until asked to stop."""
    due: dict[str, float] = {}
    while not stop.is_set():
        try:
            for company in await tenants.everyone(host.engine):
                employees = company.settings.employees
                if employees and not stop.is_set() and due.get(company.tenant, 0.0) <= clock.monotonic():
                    due[company.tenant] = clock.monotonic() + await _in_turn(host, company, employees.street_line)
        except Exception as error:  # noqa: BLE001 - the database comes back
            _log.warning("companies not read", error=type(error).__name__)
        with suppress(TimeoutError):
            async with asyncio.timeout(min(_LOOK_FOR_COMPANIES, host.settings.of(FortnoxSettings).employees_seconds)):
                await stop.wait()


async def _in_turn(host: Host, company: Company, street_line: Any) -> float:
    """Read one company, unless another process does or did so lately; return the seconds until its next turn."""
    every: float = host.settings.of(FortnoxSettings).employees_seconds
    lease: Lease | None = await host.leases.acquire(f"fortnox-employees/{company.tenant}")
    if lease is None:
        return every
    try:
        last = await Sightings(host.engine, company.tenant, _SYSTEM).reading(EMPLOYEE)
        age = (clock.now() - last.whole_at).total_seconds() if last else every
        if age < every:
            return every - age
        await _read(host, company, street_line, lambda _read: None, BACKFILL)
    except Failed as failure:
        _log.warning("employees not read", tenant=company.tenant, why=str(failure))
    except Exception as error:  # noqa: BLE001 - Kafka or a bug of ours; the next turn comes
        _log.warning("employees not read", tenant=company.tenant, error=type(error).__name__, exc_info=True)
    finally:
        with suppress(Exception):  # a lease that cannot be given back ends by itself
            await host.leases.release(lease)
    return every


async def _read(
    host: Host, company: Company, street_line: Any, progress: Callable[[int], None], priority: int
) -> Refreshed:
    sightings = Sightings(host.engine, company.tenant, _SYSTEM)
    began, read, told = clock.now(), set[str](), list[str]()
    timeout = host.settings.of(FortnoxSettings).request_timeout
    async with (
        guest(host, _SYSTEM, company.tenant, priority) as attempt,
        Client(timeout=timeout, headers={"Accept": "application/json"}) as client,
    ):
        fortnox = Fortnox(company, host, client)
        for number in range(1, _PAGES):
            page = await _page(fortnox, number, attempt)
            asked = attempt.calls[-1].at  # what the page shows was true then or later
            before = len(read)
            read |= {str(item.get("EmployeeId")) for item in page.items}
            told += await _tell(host, company.tenant, sightings, page.items, asked, street_line)
            progress(len(read))
            if len(read) == before or (page.total is not None and len(read) >= page.total):
                break
        await sightings.read(EMPLOYEE, began, len(read))
        return Refreshed(len(read), len(attempt.calls), tuple(told))


async def _page(fortnox: Fortnox, number: int, attempt: Attempt) -> Page:
    failure: RetryLater | None = None
    for _ in range(_TRIES):
        page = await fortnox.list(employee.listed(number), "Employees", attempt)
        if isinstance(page, Page):
            return page
        failure = page
        if page.who is not None:
            break
        await clock.sleep(page.after)
    raise Failed(f"Fortnox's employees were not read: {failure.why if failure else 'no answer'}")


async def _tell(
    host: Host, tenant: str, sightings: Sightings, items: Sequence[Any], asked: datetime, street_line: Any
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
    return ids.digest({"fields": fact.fields.to_json(), "inactive": fact.inactive})
