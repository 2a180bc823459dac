"""Where this process's traces go: to the OTLP endpoint that the environment names, or nowhere."""

import asyncio
import os
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from infra import tracing

ENDPOINTS: Final = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")
"""The standard's names, as all of its settings are (OTEL_TRACES_SAMPLER, OTEL_RESOURCE_ATTRIBUTES, ...)."""
_PROTOCOLS: Final = ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL")
_PROTOCOL: Final = "http/protobuf"
_SENT_WITHIN: Final = 2.0
"""Seconds that the last spans have to leave when a process ends; the collector may be away."""


class NoSuchProtocol(ValueError):
    """The environment asks for a protocol of OTLP that we do not speak."""


@asynccontextmanager
async def exporting(roles: str) -> AsyncIterator[None]:
    """Send spans to the endpoint of the environment, as long as this lasts; without one, do nothing.

    Raises:
        NoSuchProtocol: the environment asks for another one than http/protobuf.
    """
    if not any(os.environ.get(name) for name in ENDPOINTS) or os.environ.get("OTEL_SDK_DISABLED") == "true":
        yield
        return
    if asked := {os.environ.get(name) for name in _PROTOCOLS} - {None, "", _PROTOCOL}:
        raise NoSuchProtocol(
            f"OTEL_EXPORTER_OTLP_PROTOCOL: spans are sent as {_PROTOCOL} (collectors take them at port 4318), "
            f"not as {', '.join(map(str, asked))}"
        )
    from infra.spans import Recorder  # noqa: PLC0415 - half a second, where there is somebody to send spans to

    tracing.keep(tracer := Recorder(roles))
    try:
        yield
    finally:
        tracing.keep(None)
        last = threading.Thread(target=tracer.close, daemon=True)  # it can wait long, and may keep nobody
        last.start()
        await asyncio.to_thread(last.join, _SENT_WITHIN)
