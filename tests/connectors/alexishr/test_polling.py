"""The work beside: one process reads each connected company, again and again, and lets go when it cannot."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from zoneinfo import ZoneInfo

from connectors.alexishr import SYSTEM
from connectors.alexishr.polling import poll
from connectors.alexishr.sandbox import Company, Fault
from connectors.alexishr.settings import AlexisHRSettings
from infra.access.connections import Connections
from infra.leases import Leases
from infra.plugin import Host
from infra.postgres import text
from schemas.events import EmployeeChanged
from tests.connectors.fake_acceptor import TENANT, VAULT, FakeAcceptor
from tests.ending import end_tasks

STOCKHOLM = ZoneInfo("Europe/Stockholm")


async def until(check: Callable[[], Awaitable[bool]]) -> None:
    """Wait until something came true."""
    async with asyncio.timeout(120):
        while not await check():  # noqa: ASYNC110 - it is in the database, or in a process's memory
            await asyncio.sleep(0.02)


@asynccontextmanager
async def polling(*hosts: Host) -> AsyncIterator[None]:
    """Let processes poll."""
    stop = asyncio.Event()
    tasks = [asyncio.create_task(poll(host, stop)) for host in hosts]
    keeping = [asyncio.create_task(host.leases.keep()) for host in hosts]
    try:
        yield
    finally:
        stop.set()
        await asyncio.gather(*tasks)
        await end_tasks(*keeping)


def titles(told: FakeAcceptor) -> list[str | None]:
    """Return the titles that were told, in order."""
    return [fact.fields.title for fact in told.facts if isinstance(fact, EmployeeChanged)]


async def test_a_connected_company_is_read_and_followed(host: Host, company: Company, told: FakeAcceptor) -> None:
    """Everybody first, then every change; leaves as well; asked to stop, the lease is given back."""
    anna = company.add_person(title="A")
    company.add_leave(anna, "VACATION", "2199-07-06", "2199-07-07")
    async with polling(host):
        await until(lambda: _true(len(told.facts) == 2))
        company.change_person(anna, title="B")
        await until(lambda: _true(titles(told) == ["A", "B"]))
        assert len(told.leaves()) == 1
    async with host.engine.connect() as connection:
        assert await connection.scalar(text("select owner from leases where name = 'alexishr-poll/acme'")) == ""


async def _true(value: bool) -> bool:  # noqa: FBT001 - it is what is asked
    return value


async def test_two_processes_share_the_companies(host: Host, company: Company, told: FakeAcceptor) -> None:
    """One of them reads; nothing is told twice."""
    company.add_person(title="A")
    other = replace(host, leases=Leases(host.engine, 5.0))
    async with polling(host, other):
        await until(lambda: _true(len(company.calls) > 6))
    assert titles(told) == ["A"]


async def test_failures_do_not_end_it(host: Host, company: Company, told: FakeAcceptor) -> None:
    """Whether Alexis HR fails or Kafka."""
    company.add_person(title="A")
    company.faults.script.append(Fault.FAIL)
    told.fails = RuntimeError("Kafka is away")
    host.settings.of(AlexisHRSettings).poll_seconds = 0.05
    async with polling(host):
        await until(lambda: _true(titles(told) == ["A"]))


async def test_it_stops_with_the_token_and_goes_on_with_a_new_one(
    host: Host, company: Company, told: FakeAcceptor
) -> None:
    """A dead token is tried once; the connection says what to do."""
    company.add_person(title="A")
    company.token = "new"
    connections = Connections(host.engine, VAULT)

    async def lost() -> bool:
        held = await connections.held(TENANT, "alexishr")
        return held is not None and held.state == "needs_consent"

    async with polling(host):
        await until(lost)
        await asyncio.sleep(0.3)
        assert len(company.calls) == 1
        await connections.consented(TENANT, "alexishr", grant_type="token", refresh="new")
        await until(lambda: _true(titles(told) == ["A"]))


async def test_a_paused_company_is_not_read(host: Host, company: Company) -> None:
    """Nor is one that is disconnected."""
    await Connections(host.engine, VAULT).pause(TENANT, "alexishr", "Anna")
    async with polling(host):
        await asyncio.sleep(0.3)
    assert company.calls == []


async def test_everything_is_read_again_after_a_night(host: Host, company: Company, told: FakeAcceptor) -> None:
    """What no question for changes can tell is found then: somebody is gone."""
    ids = [company.add_person(title=f"{n}") for n in range(2)]
    async with polling(host):
        await until(lambda: _true(len(titles(told)) == 2))
    company.remove("employee", ids[0])
    async with host.engine.begin() as connection:
        await connection.execute(text("update readings set whole_at = whole_at - interval '25 hours'"))
    async with polling(host):
        await until(lambda: _true(any(f.deleted for f in told.facts if isinstance(f, EmployeeChanged))))


def test_it_is_work_of_the_sources() -> None:
    """The host runs it in every process that has this role."""
    assert [(job.role, job.run) for job in SYSTEM.jobs] == [("sources", poll)]
