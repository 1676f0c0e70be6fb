"""A trace for each request. A client's own trace is not continued but linked: nobody outside decides what we record."""

from collections.abc import Iterator
from contextlib import contextmanager

from opentelemetry import context, trace
from opentelemetry.trace import Link, Span, SpanKind
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from careloop_gateway.exchange import Exchange

_propagator = TraceContextTextMapPropagator()
_tracer = trace.get_tracer("careloop")
_ROOT = context.Context()


@contextmanager
def request_span(exchange: Exchange) -> Iterator[Span]:
    """A span of a trace of our own."""
    links = []
    if parent := exchange.headers.get(b"traceparent"):
        theirs = _propagator.extract({"traceparent": parent.decode("latin-1")}, context=_ROOT)
        known = trace.get_current_span(theirs).get_span_context()
        links = [Link(known)] if known.is_valid else []
    with _tracer.start_as_current_span(
        exchange.method, context=_ROOT, kind=SpanKind.SERVER, links=links, record_exception=False
    ) as span:
        yield span
