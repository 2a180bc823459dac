"""Traces are off unless somebody takes them; log lines say the trace of their message either way."""

import asyncio
import json
import logging
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import suppress
from io import StringIO

import pytest

from infra import telemetry, tracing
from infra.exporting import ENDPOINTS, NoSuchProtocol, exporting
from tests.collector import collecting

ORIGIN = f"00-{'4b' * 16}-{'00f067aa' * 2}-01"


@pytest.fixture(autouse=True)
def nowhere(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let the environment name no endpoint."""
    for name in ENDPOINTS:
        monkeypatch.delenv(name, raising=False)
    yield
    logging.basicConfig(force=True)


async def test_without_an_endpoint_nothing_is_kept() -> None:
    """A step names nothing to others, and is an example of nothing."""
    async with exporting("sinks"):
        with tracing.span("carry out", "consumer", origin=ORIGIN) as step, tracing.call("POST vouchers") as call:
            assert (step, call) == (tracing.NOTHING, tracing.NOTHING)
            assert (step.traceparent, tracing.exemplar(), tracing.headers(step.traceparent)) == ("", None, None)


def test_without_an_endpoint_opentelemetry_is_not_loaded() -> None:
    """It would cost every start half a second."""
    asks = "import sys, infra.roles; print([n for n in sys.modules if n.startswith('opentelemetry.sdk')])"
    asked = subprocess.run([sys.executable, "-c", asks], capture_output=True, text=True, check=True)
    assert asked.stdout == "[]\n"


@pytest.mark.parametrize("endpoint", ENDPOINTS)
async def test_log_lines_say_the_trace(endpoint: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever is said while a message is carried out has its trace; what is said elsewhere has none."""
    said = StringIO()
    telemetry.configure(stream=said)
    log = telemetry.log("a test")
    with tracing.span("carry out", "consumer", origin=ORIGIN):
        log.info("within, nothing is sent")
    with collecting() as collector:
        path = "/v1/traces" if "TRACES" in endpoint else ""
        monkeypatch.setenv(endpoint, collector.url + path)
        async with exporting("sinks"):
            with tracing.span("a trace of its own", "server", hop="no traceparent at all") as own:
                log.info("within, sent")
            log.info("elsewhere")
        async with exporting("sinks"):
            with suppress(ZeroDivisionError), tracing.span("goes wrong", "server"):
                raise ZeroDivisionError("what it says stays here")
    lines = [json.loads(line) for line in said.getvalue().splitlines()]
    assert [line.get("trace_id") for line in lines] == [
        tracing.trace_id(ORIGIN),
        tracing.trace_id(own.traceparent),
        None,
    ]
    [seen, wrong] = collector.spans()
    assert (seen.name, seen.parent, seen.links, seen.failed) == ("a trace of its own", "", (), False)
    assert (wrong.failed, wrong.attributes) == (True, {"error.type": "ZeroDivisionError"})
    assert b"stays here" not in b"".join(collector.bodies)


async def test_a_collector_that_is_away_keeps_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    """Spans are lost then, and nothing else."""
    with collecting() as collector:
        pass
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", collector.url)
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_TIMEOUT", "5")
    before = {*threading.enumerate()}
    async with exporting("sinks"):
        with tracing.span("carry out", "consumer") as step:
            assert step.traceparent
    assert tracing.exemplar() is None
    for left in {*threading.enumerate()} - before:
        if left.daemon:  # it tries again with random pauses, and hypothesis complains of who else draws at random
            await asyncio.to_thread(left.join, 60)
            assert not left.is_alive()


@pytest.mark.parametrize(("name", "value"), [("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc"), ("OTEL_SDK_DISABLED", "true")])
async def test_what_we_do_not_speak_is_refused_and_what_is_off_is_off(
    name: str, value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A protocol that would lose every span is said at the start, not in a log of errors."""
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:4317")
    monkeypatch.setenv(name, value)
    if value == "grpc":
        with pytest.raises(NoSuchProtocol, match="http/protobuf"):
            await exporting("sinks").__aenter__()
    else:
        async with exporting("sinks"):
            assert tracing.begin("carry out", "consumer") is tracing.NOTHING
