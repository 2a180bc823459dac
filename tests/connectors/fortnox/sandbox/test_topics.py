"""What the sandbox answers to the commands of Fortnox's WebSocket (facts §3.13 and §8)."""

import json
from typing import Any

import pytest
from websockets.asyncio.client import connect

from connectors.fortnox.sandbox import CLIENT_SECRET, Books, running


async def answers(*commands: dict[str, Any]) -> list[dict[str, Any]]:
    """Return what a new sandbox says to commands, one after the other."""
    said = []
    async with (
        running(Books()) as url,
        connect(f"{url.replace('http:', 'ws:')}/topics-v1", proxy=None) as socket,
    ):
        for command in commands:
            await socket.send(json.dumps(command))
            said.append(json.loads(await socket.recv()))
    return said


@pytest.mark.parametrize("topic", ["vouchers", "invoices", "financial-years", "warehouse-stockbalances"])
async def test_every_topic_of_fortnoxs_can_be_added(topic: str) -> None:
    """With the place from which events are wanted, inside the command; of most there are no events here."""
    command = {"command": "add-topics-v1", "topics": [{"topic": topic, "offset": "xDy7J"}]}
    assert await answers(command) == [{"response": "add-topics-v1", "result": "ok", "invalidTopics": []}]


async def test_a_topic_that_fortnox_has_not_is_named() -> None:
    """There is none of employees."""
    command = {"command": "add-topics-v1", "topics": [{"topic": "employees"}, {"topic": "vouchers"}]}
    assert await answers(command) == [{"response": "add-topics-v1", "result": "error", "invalidTopics": ["employees"]}]


async def test_a_token_that_is_none_is_told() -> None:
    """And nothing is subscribed to then."""
    command = {"command": "add-tenants-v1", "clientSecret": CLIENT_SECRET, "accessTokens": ["Bearer x"]}
    added, subscribed = await answers(command, {"command": "subscribe-v1"})
    assert (added["result"], added["invalidTokens"], subscribed["result"]) == ("error", ["Bearer x"], "error")
