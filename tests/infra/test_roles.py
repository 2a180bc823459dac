"""A role that fails ends its process, and says why in one sentence where it can."""

import asyncio

import pytest
from aiokafka.errors import KafkaConnectionError

from infra.kafka.cluster import BrokerUnavailable
from infra.roles import _until_stopped


async def lasting(stop: asyncio.Event) -> None:
    """Work until asked to stop."""
    await stop.wait()


async def without_broker(_stop: asyncio.Event) -> None:
    """Fail as a role does whose broker goes away while it starts, in a task of its own."""
    async with asyncio.TaskGroup() as group:
        group.create_task(_refused())


async def _refused() -> None:
    raise KafkaConnectionError("refused")


async def broken(_stop: asyncio.Event) -> None:
    """Fail as a bug does."""
    raise LookupError("a bug")


async def test_a_broker_that_goes_away_at_the_start_is_named() -> None:
    """Whoever reads the log is told what to do, instead of a traceback of somebody else's code."""
    with pytest.raises(BrokerUnavailable, match="KafkaConnectionError"):
        await _until_stopped([lasting, without_broker], asyncio.Event())


async def test_what_a_role_raised_is_raised_and_the_others_end() -> None:
    """A bug ends the process; nothing goes on without the role that failed."""
    stop = asyncio.Event()
    with pytest.raises(LookupError, match="a bug"):
        await _until_stopped([lasting, broken], stop)
    assert stop.is_set()
