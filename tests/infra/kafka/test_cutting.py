"""A client whose broker hangs ends in seconds, and nothing of it stays: no task, no connection."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from infra import clock
from infra.embedded.broker import EmbeddedKafka
from infra.kafka import cluster
from infra.kafka.fetching import Consumer
from infra.settings import KafkaSettings
from schemas.events import DayClosed

Opened = Callable[[str], Any]


async def sending(bootstrap: str) -> Any:
    """Return a producer that knows where to send."""
    made = await cluster.producer(KafkaSettings(bootstrap=bootstrap))
    await made.partitions_for(DayClosed.TOPIC)
    return made


async def reading(bootstrap: str) -> Any:
    """Return a member of a group that has its partitions."""
    member = Consumer(KafkaSettings(bootstrap=bootstrap), group_id="hanging")
    member.subscribe([DayClosed.TOPIC])
    await member.start()
    async with asyncio.timeout(60):
        while not member.assignment():
            await member.getmany(timeout_ms=100)
    return member


@asynccontextmanager
async def nothing_stays() -> AsyncIterator[None]:
    """Fail when there are more tasks or open files after a ``with`` than before."""

    def now() -> tuple[int, int]:
        return len(asyncio.all_tasks()), len(list(Path("/dev/fd").iterdir()))

    before = now()
    yield
    until = clock.monotonic() + 20.0
    while now() > before:
        assert clock.monotonic() < until, f"{now()} after {before}: {asyncio.all_tasks()}"
        await clock.sleep(0.05)


@pytest.mark.parametrize("opened", [sending, reading])
async def test_a_client_of_a_broker_that_hangs_ends_and_leaves_nothing(
    fragile_kafka: EmbeddedKafka, opened: Opened
) -> None:
    """Not even what it was just sending."""
    async with nothing_stays():
        client = await opened(fragile_kafka.bootstrap)
        os.kill(fragile_kafka.pid, signal.SIGSTOP)
        try:
            if opened is sending:
                await client.send(DayClosed.TOPIC, b"x" * 100_000, partition=0)
            async with asyncio.timeout(30):
                await client.stop()
        finally:
            os.kill(fragile_kafka.pid, signal.SIGCONT)


@pytest.mark.parametrize("opened", [sending, reading])
async def test_a_start_that_is_cancelled_leaves_nothing(fragile_kafka: EmbeddedKafka, opened: Opened) -> None:
    """The broker has taken the connection, and says nothing."""
    async with nothing_stays():
        os.kill(fragile_kafka.pid, signal.SIGSTOP)
        try:
            starting = asyncio.create_task(opened(fragile_kafka.bootstrap))
            await clock.sleep(0.5)
            starting.cancel()
            await asyncio.wait([starting])
            assert starting.cancelled()
        finally:
            os.kill(fragile_kafka.pid, signal.SIGCONT)
