"""The work beside: one process reads each connected company when it is due, and lets go when it cannot."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest

from connectors.huma import SYSTEM, nightly
from connectors.huma.nightly import read_nightly
from connectors.huma.sandbox import Company, Fault
from infra.access.connections import Connections
from infra.leases import Leases
from infra.plugin import Host
from infra.postgres import text
from schemas.events import EmployeeChanged
from tests.connectors.fake_acceptor import TENANT, VAULT, FakeAcceptor
from tests.ending import end_tasks


async def until(check: Callable[[], bool]) -> None:
    """Wait until something came true."""
    async with asyncio.timeout(120):
        while not check():  # noqa: ASYNC110 - it is in another task's memory
            await asyncio.sleep(0.02)


@asynccontextmanager
async def running(*hosts: Host) -> AsyncIterator[None]:
    """Let processes read."""
    stop = asyncio.Event()
    tasks = [asyncio.create_task(read_nightly(host, stop)) for host in hosts]
    keeping = [asyncio.create_task(host.leases.keep()) for host in hosts]
    try:
        yield
    finally:
        stop.set()
        await asyncio.gather(*tasks)
        await end_tasks(*keeping)


async def later(host: Host, kind: str, days: int) -> None:
    """Let time pass since the last reading."""
    async with host.engine.begin() as connection:
        await connection.execute(
            text("update readings set whole_at = whole_at - make_interval(days => :days) where kind = :kind"),
            {"days": days, "kind": kind},
        )


def ids(told: FakeAcceptor) -> list[str | None]:
    """Return the employment ids that were told, in order."""
    return [fact.fields.employment_id for fact in told.facts if isinstance(fact, EmployeeChanged)]


async def owner(host: Host, wanted: str = "") -> None:
    """Wait until the lease was given back."""
    async with asyncio.timeout(120):
        while True:
            async with host.engine.connect() as connection:
                if await connection.scalar(text("select owner from leases where name like 'huma-%'")) == wanted:
                    return
            await asyncio.sleep(0.02)


async def test_a_connected_company_is_read_at_once_and_then_each_night(
    host: Host, company: Company, told: FakeAcceptor
) -> None:
    """By one of two processes, once; what the list does not show is found within a week."""
    anna = company.add_person(givenName="A", employmentId="1")
    other = replace(host, leases=Leases(host.engine, 5.0))
    async with running(host, other):
        await until(lambda: ids(told) == ["1"])
        await owner(host)
        await asyncio.sleep(0.3)
        assert len(company.calls) == 2
        company.change_person(anna, employmentId="2")
        await later(host, "listed", 1)
        await until(lambda: len(company.calls) == 3)
        await owner(host)
        await later(host, "listed", 1)
        await later(host, "employee", 8)
        await until(lambda: ids(told) == ["1", "2"])
        await owner(host)


async def test_a_failure_does_not_end_it(
    host: Host, company: Company, told: FakeAcceptor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whether Huma fails or Kafka."""
    monkeypatch.setattr(nightly, "_AFTER_A_FAILURE", 0.1)
    company.add_person(employmentId="1")
    company.faults.script.append(Fault.FAIL)
    told.fails = RuntimeError("Kafka is away")
    async with running(host):
        await until(lambda: ids(told) == ["1"])


async def test_a_company_that_is_not_connected_is_not_read(host: Host, company: Company) -> None:
    """Nor one that is paused."""
    await Connections(host.engine, VAULT).pause(TENANT, "huma", "Anna")
    async with running(host):
        await asyncio.sleep(0.4)
    assert company.calls == []


def test_it_is_work_of_the_sources() -> None:
    """The host runs it in every process that has this role."""
    assert [(job.role, job.run) for job in SYSTEM.jobs] == [("sources", read_nightly)]
