"""The doctor's rounds: who is visited when, by one process, and nobody because of somebody else."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from prometheus_client import REGISTRY

from connectors.fortnox.doctor import rounds
from connectors.fortnox.sandbox import Fault, Faults
from connectors.fortnox.settings import FortnoxSettings
from infra import clock, telemetry
from infra.leases import Leases
from infra.postgres import Engine, text
from infra.watch import Watch
from schemas.events import ChecksPassed
from tests.connectors.fortnox.doctor_driver import TODAY, DoctorDriver, company, doctor_driver, voucher

CHECKED = "select count(*), max(checked_at) from checks where tenant = :t"


@pytest.fixture
async def visit(engine: Engine, tmp_path: Path) -> AsyncIterator[DoctorDriver]:
    """Yield a company in which everything is as it should be; rounds are made every 50 ms."""
    async with doctor_driver(engine, tmp_path) as made:
        made.host.settings.of(FortnoxSettings).recheck_seconds = 0.05
        yield made


@asynccontextmanager
async def doing(visit: DoctorDriver) -> AsyncIterator[asyncio.Task[None]]:
    """Do the rounds in a process of their own, so to say."""
    stop = asyncio.Event()
    leases = Leases(visit.host.engine, 5.0)
    task = asyncio.create_task(rounds.run(replace(visit.host, leases=leases), stop))
    try:
        yield task
    finally:
        stop.set()
        await asyncio.wait_for(task, 60)


async def until(test: Callable[[], Awaitable[object]], seconds: float = 120.0) -> None:
    """Wait until something is true."""
    deadline = clock.monotonic() + seconds
    while not await test():
        assert clock.monotonic() < deadline, "not in time"
        await asyncio.sleep(0.05)


async def examined(visit: DoctorDriver) -> bool:
    """Tell whether the company's checks have been written down."""
    [(count, _)] = await visit.ask(CHECKED)
    return bool(count)


CONSENT = text(
    """insert into connections (tenant, system, grant_type, state, consented_at, changed_at)
       values (:t, 'fortnox', 'client_credentials', 'connected', clock_timestamp(), clock_timestamp())"""
)


async def test_a_company_that_has_connected_is_examined(visit: DoctorDriver) -> None:
    """Whoever connected it, and whatever happened to that process right afterwards."""
    async with doing(visit):
        await asyncio.sleep(0.5)
        assert not await examined(visit)
        await visit.execute(CONSENT, t=visit.tenant)
        await until(lambda: examined(visit))


async def test_a_night_that_was_missed_is_made_up_for(visit: DoctorDriver) -> None:
    """The process was down at three: the company is examined when there is one again, once."""
    old = text(
        """insert into checks (tenant, system, "check", ok, body, checked_at)
           values (:t, 'fortnox', 'no_day_is_locked', true, '{}', clock_timestamp() - interval '30 hours')"""
    )
    await visit.execute(old, t=visit.tenant)

    async def anew() -> bool:
        [(count, _)] = await visit.ask(CHECKED)
        return bool(count > 1)

    async with doing(visit):
        await until(anew)
        calls = sum(visit.calls.values())
        await asyncio.sleep(0.5)
        assert sum(visit.calls.values()) == calls


async def test_every_company_is_examined_at_night(visit: DoctorDriver, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also those that nobody ever connected by a link; once a night."""
    nights = iter([datetime(2026, 1, 1, tzinfo=UTC)])
    monkeypatch.setattr(rounds, "next_night", lambda _now, _hour: next(nights, datetime(2099, 1, 1, tzinfo=UTC)))
    async with doing(visit):
        await until(lambda: examined(visit))
        calls = sum(visit.calls.values())
        await asyncio.sleep(0.5)
        assert sum(visit.calls.values()) == calls


@pytest.mark.parametrize(
    ("now", "night"),
    [
        (datetime(2026, 4, 10, 12, tzinfo=UTC), datetime(2026, 4, 11, 1, tzinfo=UTC)),
        (datetime(2026, 4, 10, 0, 59, tzinfo=UTC), datetime(2026, 4, 10, 1, tzinfo=UTC)),
        (datetime(2026, 4, 10, 1, tzinfo=UTC), datetime(2026, 4, 11, 1, tzinfo=UTC)),
        (datetime(2026, 12, 10, 12, tzinfo=UTC), datetime(2026, 12, 11, 2, tzinfo=UTC)),
    ],
)
def test_nights_are_swedish(now: datetime, night: datetime) -> None:
    """Three o'clock is three o'clock, in summer and in winter."""
    assert rounds.next_night(now, 3).astimezone(UTC) == night


async def test_what_waits_goes_on_when_it_is_set_right(visit: DoctorDriver) -> None:
    """Nobody does anything but unlock the period; and while nothing waits, nobody asks Fortnox anything."""
    async with doing(visit):
        await asyncio.sleep(0.3)
        assert visit.calls == {}
        visit.fortnox.locked_until = TODAY
        await visit.refused(voucher(), "period_locked")
        await until(lambda: looked(visit, 2))
        assert visit.told == []
        visit.fortnox.locked_until = None
        await until(lambda: told(visit))
    assert isinstance(visit.told[0], ChecksPassed)


async def looked(visit: DoctorDriver, times: int) -> bool:
    """Tell whether Fortnox was asked for the locked period so often."""
    return visit.calls.get("GET /3/settings/lockedperiod", 0) >= times


async def told(visit: DoctorDriver) -> bool:
    """Tell whether a fact was published."""
    return bool(visit.told)


async def test_one_process_does_the_rounds(visit: DoctorDriver) -> None:
    """The second one waits for the lease; a company that is disconnected is forgotten."""
    await visit.execute(CONSENT, t=visit.tenant)
    async with doing(visit):
        await until(lambda: examined(visit))
        calls = sum(visit.calls.values())
        await visit.execute(text("update connections set consented_at = clock_timestamp() + interval '1 hour'"))
        async with doing(visit):
            await asyncio.sleep(0.5)
        assert sum(visit.calls.values()) == calls
        await visit.execute(text("update connections set state = 'disconnected'"))

        async def forgotten() -> bool:
            return not await examined(visit)

        await until(forgotten)


async def test_a_company_whose_fortnox_is_silent_delays_no_other(visit: DoctorDriver) -> None:
    """Every answer to it is lost in time; the next company is examined meanwhile."""
    visit.fortnox.faults = Faults(rates={Fault.SLOW: 1.0}, only=None, seconds={Fault.SLOW: 20.0})
    visit.books.add(company(number=4712))
    await visit.execute(CONSENT, t=visit.tenant)
    add = "insert into tenants (tenant, database_number, created_at) values ('zz-other', 4712, clock_timestamp())"
    await visit.execute(text(add))
    await visit.execute(CONSENT, t="zz-other")

    async def other_is_examined() -> bool:
        async with visit.host.engine.connect() as connection:
            return bool(await connection.scalar(text(CHECKED.replace("max(checked_at)", "0")), {"t": "zz-other"}))

    async with doing(visit):
        await until(other_is_examined, 10.0)
        assert not await examined(visit)


async def test_a_company_that_cannot_be_examined_is_told(visit: DoctorDriver, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was found before stands, and looks as if all was well; until it is examined, or nobody's to examine."""
    monkeypatch.setattr(rounds, "_LONGEST_VISIT", 0.5)
    monkeypatch.setattr(rounds, "_TRIED_AGAIN", 0.1)
    silent = Faults(rates={Fault.SLOW: 1.0}, only=None, seconds={Fault.SLOW: 20.0})
    labels = {"work": "fortnox-doctor", "tenant": visit.tenant}

    async def failing() -> bool:
        return REGISTRY.get_sample_value("bokbuss_turns_failing", labels) == 1

    async def well() -> bool:
        return REGISTRY.get_sample_value("bokbuss_turns_failing", labels) is None

    visit.fortnox.faults = silent
    await visit.execute(CONSENT, t=visit.tenant)
    async with doing(visit):
        await until(failing)
        monkeypatch.setattr(rounds, "_LONGEST_VISIT", 60.0)
        visit.fortnox.faults = Faults()
        await until(lambda: examined(visit))
        await until(well)
        monkeypatch.setattr(rounds, "_LONGEST_VISIT", 0.5)
        visit.fortnox.faults = silent
        await visit.execute(text("update connections set consented_at = clock_timestamp() + interval '1 hour'"))
        await until(failing)
        await visit.execute(text("update connections set state = 'disconnected'"))
        await until(well)


async def test_red_checks_are_gauges(visit: DoctorDriver) -> None:
    """One for each that is red; what is green again is gone."""
    gauge = telemetry.CHECKS_FAILED

    def red() -> set[tuple[str, ...]]:
        return {tuple(sample.labels.values()) for metric in gauge.collect() for sample in metric.samples}

    wrong = text(
        """insert into checks (tenant, system, "check", ok, body, checked_at)
           values (:t, 'fortnox', 'no_day_is_locked', false, '{}', clock_timestamp())"""
    )
    await visit.execute(wrong, t=visit.tenant)
    watch = Watch(visit.host.engine)
    async with visit.host.engine.connect() as connection:
        await watch._look(connection)
        assert red() == {(visit.tenant, "fortnox", "no_day_is_locked")}
    await visit.execute(text("update checks set ok = true"))
    async with visit.host.engine.connect() as connection:
        await watch._look(connection)
    assert red() == set()
