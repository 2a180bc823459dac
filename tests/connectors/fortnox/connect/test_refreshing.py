"""Real processes renew one company's tokens at once, and are killed and stopped while answers are lost."""

import asyncio
import signal
from pathlib import Path

from connectors.fortnox import tokens
from infra.postgres import Engine
from tests.connectors.fortnox.token_driver import KEY, SECRET, Endpoint, Refresher, connected, storm

PROCESSES = 4
FORCED = 60
WITHIN = 10.0
"""Seconds from an answer that was lost, or a process that died with one, until the connection says so."""


async def test_no_token_is_lost_but_with_the_answer_that_named_it(
    engine: Engine, prepared_url: str, tmp_path: Path
) -> None:
    """Every consent that is needed was preceded by a lost answer, is needed within seconds and says why; none leaks."""
    endpoint = Endpoint(seed=4, faults=0.08)
    found = await storm(engine, prepared_url, tmp_path, endpoint, forced=FORCED)
    assert None not in found.consents, "a consent is needed though every answer arrived"
    assert [seconds for seconds in found.consents if seconds is None or seconds > WITHIN] == []
    assert all("never arrived" in reason for reason in found.reasons)
    assert found.said.count("ok") > FORCED / 4
    assert all(told in found.written for told in ("needs_consent", "connection lost", "bokbuss_token_renewals_total"))
    for secret in (SECRET, KEY, *endpoint.given):
        assert secret not in found.written
        assert secret.encode().hex() not in found.written


async def test_contention_without_faults_costs_no_token_and_one_call_each(
    engine: Engine, prepared_url: str, tmp_path: Path
) -> None:
    """Without faults nobody has to consent again, and never are two requests under way."""
    endpoint = Endpoint()
    async with endpoint.running() as url:
        connections = await connected(engine, endpoint, url)
        refreshers = [Refresher(prepared_url, url, tmp_path, f"{n}", patience=10.0) for n in range(PROCESSES)]
        try:
            while sum(len(each.forced) for each in refreshers) < FORCED:  # noqa: ASYNC110 - of other processes
                await asyncio.sleep(0.1)
            for each in refreshers:
                await each.end(signal.SIGTERM)
        finally:
            for each in refreshers:
                await each.end()
        said = [line for each in refreshers for line in each.forced]
        assert set(said) == {"ok"}
        held = await connections.held("acme", tokens.SYSTEM)
    assert held is not None
    assert (held.state, held.generation) == ("connected", endpoint.exchanged + 1)
    assert endpoint.at_once == 1
