"""What is measured of one company at one system is told apart from the same company's other systems."""

import asyncio
import json
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from prometheus_client import REGISTRY
from structlog.testing import capture_logs

from infra import clock, store, watch
from infra.delivery.journal import Journal
from infra.postgres import Engine, text
from infra.verdicts import Absent, AlreadyThere, Delivered, RetryLater, Unknown
from infra.watch import Watch
from tests.infra import virtual
from tests.infra.delivery.test_lane import VOUCHER, LaneDriver, Target, says
from tests.infra.fake_fortnox import order

Series = tuple[str, tuple[tuple[str, str], ...]]


def told() -> dict[Series, float]:
    """Return every sample of ours, but those about facts, which are told by flow."""
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in REGISTRY.collect()
        for sample in family.samples
        if sample.name.startswith("bokbuss_") and not sample.name.startswith("bokbuss_fact")
    }


def touched(sink: str) -> set[Series]:
    """Return the series that a lane to this system changes while everything happens to it that it counts."""
    before = told()
    seen: set[Series] = set()

    def note() -> None:
        seen.update(series for series, value in told().items() if before.get(series) != value)

    async def story() -> None:
        wait = RetryLater(5.0, "throttled", "429")
        target = Target(
            on_write=says(Unknown("500"), wait, Unknown("500"), Delivered(VOUCHER)),
            on_probe=says(AlreadyThere(VOUCHER), Absent()),
        )
        company = LaneDriver(target, sink=sink)
        await company.insert("day/1", "day/2", "day/3")
        running = asyncio.create_task(company.run(120.0))
        for _ in range(24):
            await asyncio.sleep(4.9)
            note()
        await running
        note()

    virtual.run(story())
    return seen


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    """Keep what lanes log to ourselves."""
    with capture_logs():
        yield


def test_no_two_lanes_of_a_company_share_a_series() -> None:
    """One gauge for a company's lanes would show whichever wrote last."""
    ledger, staff = touched("fortnox"), touched("huma")
    assert {name for name, _ in ledger} >= {
        "bokbuss_lane_paused",
        "bokbuss_target_budget_used_ratio",
        "bokbuss_target_calls_total",
        "bokbuss_unknown_resolved_total",
    }
    assert ledger & staff == set()


async def test_alerts_that_nobody_takes_are_counted(engine: Engine) -> None:
    """By company; one that is over is told no more, and is none."""
    alert = text(
        """insert into alerts (tenant, alert, kind, about, raised_at, ended_at, given_up, due_at)
           values ('a', :alert, 'day_missing', '{}', now(), case when :over then now() end, :given_up, now())"""
    )
    async with engine.begin() as connection:
        for name, given_up, over in (("1", True, False), ("2", False, False), ("3", True, True)):
            await connection.execute(alert, {"alert": name, "given_up": given_up, "over": over})
    async with engine.connect() as connection:
        await Watch(engine)._look(connection)
    assert REGISTRY.get_sample_value("bokbuss_alerts_given_up", {"tenant": "a"}) == 1


async def test_alerts_that_no_letter_told_are_counted_too(engine: Engine) -> None:
    """Each is due in a digest's time, and three days later it is one that an address did not take; until it does."""
    hook = text(
        """insert into alert_hooks (tenant, secret, mail_to, set_by, set_at)
           values (:tenant, null, 'a@example.se b@example.se', 'a test', now())"""
    )
    alert = text(
        """insert into alerts (tenant, alert, kind, about, raised_at, due_at)
           values (:tenant, :alert, 'held', '{}', now() - make_interval(hours => :hours), now())"""
    )
    letter = text("insert into mailings (address, sent_at) values (:address, now())")
    async with engine.begin() as connection:
        for tenant in ("mailed", "elsewhere"):
            for name, hours in (("1", 97), ("2", 95)):
                await connection.execute(alert, {"tenant": tenant, "alert": name, "hours": hours})
        await connection.execute(hook, {"tenant": "mailed"})

    async def counted(digest_hours: float = 24.0) -> float | None:
        async with engine.connect() as connection:
            await Watch(engine, digest_hours=digest_hours)._look(connection)
        return REGISTRY.get_sample_value("bokbuss_alerts_given_up", {"tenant": "mailed"})

    assert await counted() == 1
    assert await counted(48.0) is None
    assert REGISTRY.get_sample_value("bokbuss_alerts_given_up", {"tenant": "elsewhere"}) is None
    async with engine.begin() as connection:
        await connection.execute(letter, {"address": "a@example.se"})
    assert await counted() == 1, "whoever is at the other address has heard nothing"
    async with engine.begin() as connection:
        await connection.execute(letter, {"address": "b@example.se"})
    assert await counted() is None


async def test_what_waits_is_counted_for_each_system(engine: Engine) -> None:
    """A company's ledger is as old and as uncertain as its own orders are, whatever its HR system does."""
    await Journal(engine, "fortnox").insert([(0, order("a", "day/1", 1))])
    await Journal(engine, "huma").insert([(0, order("a", "day/2", 2)), (0, order("a", "day/3", 3))])
    in_doubt = "update journal set state = 'unknown', sent_at = clock_timestamp() where sink = 'huma'"
    async with engine.begin() as connection:
        await connection.execute(text(in_doubt))
    async with engine.connect() as connection:
        await Watch(engine)._look(connection)
    of = {sink: {"tenant": "a", "sink": sink} for sink in ("fortnox", "huma")}
    assert REGISTRY.get_sample_value("bokbuss_unknown_outcomes", of["huma"]) == 2
    assert REGISTRY.get_sample_value("bokbuss_unknown_outcomes", of["fortnox"]) is None
    assert all(REGISTRY.get_sample_value("bokbuss_oldest_unfinished_fact_seconds", one) for one in of.values())


async def test_a_token_that_nobody_can_save_any_more_has_no_time_left(engine: Engine) -> None:
    """The company must connect again, which is told; nobody is called for the end of what is lost, for ever."""
    connection_row = text(
        """insert into connections (tenant, system, grant_type, state, refresh_until, changed_at)
           values (:tenant, 'fortnox', 'authorization_code', :state, now() + make_interval(days => :days), now())"""
    )
    told_of = {
        "on time": ("connected", 40, True),
        "late": ("connected", -1, True),
        "lost": ("needs_consent", -30, False),
        "lost early": ("needs_consent", 20, True),
        "no licence": ("licence_missing", 5, True),
        "paused": ("paused", 5, True),
        "paused for long": ("paused", -5, False),
    }
    async with engine.begin() as connection:
        for tenant, (state, days, _) in told_of.items():
            await connection.execute(text("insert into tenants (tenant, created_at) values (:t, now())"), {"t": tenant})
            await connection.execute(connection_row, {"tenant": tenant, "state": state, "days": days})
    async with engine.connect() as connection:
        await Watch(engine)._look(connection)
    left = {
        tenant: REGISTRY.get_sample_value("bokbuss_token_left_seconds", {"tenant": tenant, "system": "fortnox"})
        for tenant in told_of
    }
    assert {tenant: found is not None for tenant, found in left.items()} == {
        tenant: told for tenant, (_, _, told) in told_of.items()
    }


async def test_what_waits_behind_an_order_that_was_rejected_waits_for_a_person(engine: Engine) -> None:
    """A question is held for that, however long it takes: nothing is stuck. Once it is replaced, we are to act."""
    journal = Journal(engine, "fortnox")
    await journal.insert([(0, order("a", "day/1", 1)), (0, order("a", "day/1", 2))])
    oldest = "bokbuss_oldest_unfinished_fact_seconds", {"tenant": "a", "sink": "fortnox"}
    async with engine.connect() as connection:
        await Watch(engine)._look(connection)
    assert REGISTRY.get_sample_value(*oldest) is not None
    rejected = text("update journal set state = 'rejected' where seq = (select min(seq) from journal)")
    replaced = text(
        """update journal set replaces = (select order_id from journal where state = 'rejected')
           where state = 'queued'"""
    )
    for statement, waits_for_a_person in ((rejected, True), (replaced, False)):
        async with engine.begin() as connection:
            await connection.execute(statement)
        async with engine.connect() as connection:
            await Watch(engine)._look(connection)
        assert (REGISTRY.get_sample_value(*oldest) is None) is waits_for_a_person


async def test_gauges_that_stand_still_say_since_when(engine: Engine) -> None:
    """While the database does not answer they look as they did: when they were set last is told, too."""
    async with engine.connect() as connection:
        await Watch(engine)._look(connection)
    counted = REGISTRY.get_sample_value("bokbuss_waiting_counted_timestamp_seconds")
    assert abs((counted or 0.0) - clock.now().timestamp()) < 60
    away, stop = store.engine("postgresql://nobody@127.0.0.1:9/none", 1), asyncio.Event()
    looking = asyncio.create_task(Watch(away).run(stop))
    await clock.sleep(0.5)
    stop.set()
    await looking
    await away.dispose()
    assert REGISTRY.get_sample_value("bokbuss_waiting_counted_timestamp_seconds") == counted


def test_an_event_loop_that_is_late_now_and_then_is_seen_whenever_one_looks() -> None:
    """Between two of its late moments it is on time, and that is when it answers; what is long over is over."""

    def shown() -> float:
        return REGISTRY.get_sample_value("bokbuss_event_loop_lag_seconds") or 0.0

    async def story() -> None:
        stop = asyncio.Event()
        measuring = asyncio.create_task(watch.event_loop_lag(stop))
        selector: Any = asyncio.get_running_loop()._selector  # type: ignore[attr-defined] # virtual time
        looks = list[float]()
        for _ in range(20):
            await asyncio.sleep(4.0)
            looks.append(shown())
            selector.now += 3.0  # nothing else can run meanwhile
        assert min(looks[1:]) > 2.5
        await asyncio.sleep(40.0)
        assert shown() < 0.1
        stop.set()
        await measuring

    virtual.run(story())


@pytest.mark.parametrize("first", ["logging.getLogger('a').warning('odd')", "telemetry.log('a').warning('odd')"])
def test_a_command_loads_what_writes_lines_when_it_has_something_to_say(first: str) -> None:
    """And whoever speaks first, every line has the same form, once, from warnings on."""
    program = (
        "import logging, sys; from infra import telemetry; telemetry.configure_for_a_command()\n"
        f"log = telemetry.log('b'); assert 'structlog' not in sys.modules; {first}; log.info('no'); log.warning('more')"
    )
    ran = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True, timeout=60)
    said = [json.loads(line) for line in ran.stderr.splitlines()]
    assert [(line["logger"], line["level"], line["event"]) for line in said] == [
        ("a", "warning", "odd"),
        ("b", "warning", "more"),
    ]


def test_a_logger_that_spoke_before_the_command_keeps_to_its_form() -> None:
    """What a verb prints is not mixed with lines, whoever has said something in its process before."""
    program = (
        "from infra import telemetry; log = telemetry.log('a'); log.info('early')\n"
        "telemetry.configure_for_a_command(); log.info('no'); log.warning('odd')"
    )
    ran = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True, timeout=60)
    assert ["early" in line for line in ran.stdout.splitlines()] == [True]
    assert [json.loads(line)["event"] for line in ran.stderr.splitlines()] == ["odd"]
