"""Spans as OpenTelemetry keeps and sends them: the only file that imports it, and imported only where they are sent."""

import os
from contextlib import AbstractContextManager
from importlib.metadata import version

from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from infra.tracing import HEADER, Kind, Span

_W3C = TraceContextTextMapPropagator()


class Recorder:
    """Keeps spans of this process, and sends them in batches, as the environment says (OTEL_...)."""

    def __init__(self, roles: str) -> None:
        own = {"service.version": version("bokbuss"), "bokbuss.roles": roles}
        if not os.environ.get("OTEL_SERVICE_NAME"):
            own["service.name"] = "bokbuss"
        self._provider = TracerProvider(resource=Resource.create(own), shutdown_on_exit=False)
        self._provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
        self._tracer = self._provider.get_tracer("bokbuss")

    def begin(self, name: str, kind: Kind, origin: str, hop: str) -> Span:
        """Begin a step; ``origin`` or ``hop`` is ignored where it is no traceparent: anybody can write headers."""
        before = trace.get_current_span(_read(hop)).get_span_context()
        links = [trace.Link(before)] if hop and before.is_valid else []
        parent = _read(origin) if origin else None
        return _Kept(self._tracer.start_span(name, parent, trace.SpanKind[kind.upper()], links=links))

    def here(self) -> dict[str, str] | None:
        """Return trace and span that this is within, if they are sent to anybody."""
        here = trace.get_current_span().get_span_context()
        if not here.is_valid or not here.trace_flags.sampled:
            return None
        return {"trace_id": trace.format_trace_id(here.trace_id), "span_id": trace.format_span_id(here.span_id)}

    def close(self) -> None:
        """Send what is left; it can take its time."""
        self._provider.shutdown()


def _read(traceparent: str) -> Context:
    return _W3C.extract({HEADER: traceparent}, Context())


class _Kept(Span):
    def __init__(self, recorded: trace.Span) -> None:
        self._recorded = recorded
        carrier: dict[str, str] = {}
        _W3C.inject(carrier, trace.set_span_in_context(recorded))
        self.traceparent = carrier.get(HEADER, "")

    def set(self, **attributes: str | int) -> None:
        self._recorded.set_attributes({name.replace("__", "."): value for name, value in attributes.items()})

    def fail(self, kind: str) -> None:
        self.set(error__type=kind)
        self._recorded.set_status(trace.StatusCode.ERROR)

    def end(self) -> None:
        self._recorded.end()

    def within(self) -> AbstractContextManager[object]:
        return trace.use_span(self._recorded, record_exception=False, set_status_on_exception=False)
