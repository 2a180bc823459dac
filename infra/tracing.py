"""Traces: a fact's way from its delivery to the call that booked it, as OpenTelemetry spans; off without an endpoint.

A message's CloudEvents attribute ``traceparent`` says where it began, as the till said or else as its delivery was
taken in, and is never rewritten. Every span of its way has that as its parent, so that all of them are one trace,
whenever they are. The Kafka header ``traceparent`` names the hop before, and a span links to it: what comes twice, or
is decided again, stays told apart. Spans leave the house: they hold names of ours, companies and ids of orders, never
an id of a fact (it can be a person's), a text, or what an exception says.
"""

from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Final, Literal, Protocol

HEADER: Final = "traceparent"
"""Of a record on Kafka, and of a request."""

Kind = Literal["server", "producer", "consumer", "client"]


class Span:
    """One step of a way. This one is nobody's: where nothing is traced, nothing is kept.

    Attributes:
        traceparent: what names it to others; empty where nothing is traced.
    """

    traceparent = ""

    def set(self, **attributes: str | int) -> None:
        """Say more about it; ``__`` in a name is a dot."""

    def fail(self, kind: str) -> None:
        """Say that it failed, and how that is called, never what it said."""

    def end(self) -> None:
        """Say that it is over."""

    def within(self) -> AbstractContextManager[object]:
        """Make it what calls belong to."""
        return nullcontext()


NOTHING: Final = Span()


class Tracer(Protocol):
    """Keeps steps and sends them (``infra.spans``)."""

    def begin(self, name: str, kind: Kind, origin: str, hop: str) -> Span:
        """Begin a step (``tracing.begin``)."""

    def here(self) -> dict[str, str] | None:
        """Return trace and span that this is within, if they are sent to anybody."""

    def close(self) -> None:
        """Send what is left; it can take its time."""


_tracer: Tracer | None = None


def begin(name: str, kind: Kind, *, origin: str = "", hop: str = "", **attributes: str | int) -> Span:
    """Begin a step that ``end`` ends; calls do not belong to it.

    Args:
        origin: the traceparent of its parent; without one, the step that it is within, or a trace of its own.
        hop: the traceparent of the step before it, which it is linked to.
        attributes: ``__`` in a name is a dot.
    """
    if _tracer is None:
        return NOTHING
    step = _tracer.begin(name, kind, origin, hop)
    step.set(**attributes)
    return step


@contextmanager
def span(name: str, kind: Kind, *, origin: str = "", hop: str = "", **attributes: str | int) -> Iterator[Span]:
    """Do something as a step of a way (``begin``): calls made within belong to it, and log lines say its trace."""
    step = begin(name, kind, origin=origin, hop=hop, **attributes)
    trace = trace_id(origin or step.traceparent)
    with step.within(), _named(trace) if trace else nullcontext():
        try:
            yield step
        except BaseException as error:
            step.fail(type(error).__name__)
            raise
        finally:
            step.end()


def _named(trace: str) -> AbstractContextManager[object]:
    # It takes a tenth of a second, and a command that only reads logs nothing.
    from structlog.contextvars import bound_contextvars

    return bound_contextvars(trace_id=trace)


def call(name: str) -> AbstractContextManager[Span]:
    """Ask another party as a part of a step; what belongs to none is not traced."""
    return span(name, "client") if exemplar() else nullcontext(NOTHING)


def exemplar() -> dict[str, str] | None:
    """Return what an observation is an example of: the step that it is made within, if anybody will see that."""
    return None if _tracer is None else _tracer.here()


def trace_id(traceparent: str) -> str:
    """Return the 32 hexadecimal digits of a trace, or the empty string."""
    return traceparent[3:35]


def hop_of(headers: Iterable[tuple[str, bytes]] | None) -> str:
    """Return the hop that a record's headers name, or the empty string."""
    return next((value.decode("latin-1") for name, value in headers or () if name == HEADER), "")


def headers(hop: str) -> list[tuple[str, bytes]] | None:
    """Return the headers of a record that name a hop."""
    return [(HEADER, hop.encode())] if hop else None


def keep(tracer: Tracer | None) -> None:
    """Let this process's steps be kept from now on, or no more."""
    global _tracer  # noqa: PLW0603 - one for a process, as its metrics are
    _tracer = tracer
