"""A collector of traces: OTLP over HTTP, as the specification has it, and what came to it."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span as Sent


@dataclass(frozen=True)
class Seen:
    """A span as it came. ``links`` are the ids of spans."""

    name: str
    kind: str
    trace: str
    id: str
    parent: str
    links: tuple[str, ...]
    failed: bool
    attributes: dict[str, str | int]


@dataclass
class Collector:
    """What came, by the address that it is sent to."""

    url: str
    bodies: list[bytes] = field(default_factory=list)

    @property
    def resources(self) -> list[dict[str, str | int]]:
        """What processes said of themselves."""
        return [_attributes(each.resource.attributes) for body in self.bodies for each in _read(body).resource_spans]

    def spans(self, trace: str = "") -> list[Seen]:
        """Return the spans of a trace, or all, as they ended."""
        sent = (
            span
            for body in self.bodies
            for of_process in _read(body).resource_spans
            for of_scope in of_process.scope_spans
            for span in of_scope.spans
        )
        seen = [_seen(span) for span in sorted(sent, key=lambda s: s.end_time_unix_nano)]
        return [span for span in seen if span.trace == trace or not trace]


def _read(body: bytes) -> ExportTraceServiceRequest:
    return ExportTraceServiceRequest.FromString(body)


def _seen(span: Sent) -> Seen:
    return Seen(
        name=span.name,
        kind=Sent.SpanKind.Name(span.kind).removeprefix("SPAN_KIND_").lower(),
        trace=span.trace_id.hex(),
        id=span.span_id.hex(),
        parent=span.parent_span_id.hex(),
        links=tuple(link.span_id.hex() for link in span.links),
        failed=span.status.code == 2,  # STATUS_CODE_ERROR
        attributes=_attributes(span.attributes),
    )


def _attributes(found: Any) -> dict[str, str | int]:
    return {one.key: getattr(one.value, one.value.WhichOneof("value")) for one in found}


@contextmanager
def collecting() -> Iterator[Collector]:
    """Run a collector on a free port."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            assert self.path == "/v1/traces"
            assert self.headers["Content-Type"] == "application/x-protobuf"
            collector.bodies.append(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's name
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        collector = Collector(f"http://127.0.0.1:{server.server_address[1]}")
        serving = threading.Thread(target=server.serve_forever, args=[0.05])
        serving.start()
        try:
            yield collector
        finally:
            server.shutdown()
            serving.join()
