"""Traces: W3C trace context in from HTTP and messages, out through the outbox row to whoever consumes the event."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from opentelemetry import trace
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import Link, Span, SpanKind, Status, StatusCode
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

_propagator = TraceContextTextMapPropagator()
_tracer = trace.get_tracer("careloop")


def configure_tracing(service: str, endpoint: str | None) -> None:
    """Start tracing; without an `endpoint` spans only give logs and problem documents their trace id."""
    provider = TracerProvider(resource=Resource.create({"service.name": f"careloop-{service}"}))
    if endpoint:
        # A sixth of a second that a process without an endpoint need not pay at its start.
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter  # noqa: PLC0415

        provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(endpoint=endpoint)))
    trace.set_tracer_provider(provider)


@contextmanager
def server_span(name: str, headers: Mapping[str, str]) -> Iterator[Span]:
    """A span for one request, continuing the caller's trace."""
    with _tracer.start_as_current_span(
        name, context=_propagator.extract(dict(headers)), kind=SpanKind.SERVER, record_exception=False
    ) as span:
        yield span


@contextmanager
def consumer_span(name: str, traceparents: list[str]) -> Iterator[Span]:
    """A span for one batch of messages, linked to the spans that sent them."""
    links = [Link(context) for parent in traceparents if (context := _span_context(parent)) is not None]
    with _tracer.start_as_current_span(
        name, kind=SpanKind.CONSUMER, links=links, record_exception=False
    ) as span:
        yield span


def _span_context(traceparent: str) -> trace.SpanContext | None:
    context = trace.get_current_span(_propagator.extract({"traceparent": traceparent})).get_span_context()
    return context if context.is_valid else None


def current_traceparent() -> str | None:
    """The present span as a `traceparent` header, for an outbox row or an upstream request."""
    context = trace.get_current_span().get_span_context()
    if not context.is_valid:
        return None
    return f"00-{context.trace_id:032x}-{context.span_id:016x}-{context.trace_flags:02x}"


def current_trace_id() -> str | None:
    """The present trace's id in hex."""
    context = trace.get_current_span().get_span_context()
    return f"{context.trace_id:032x}" if context.is_valid else None


def mark_failed(error: Exception) -> None:
    """Note on the present span that its work failed, and by what."""
    trace.get_current_span().set_status(Status(StatusCode.ERROR, type(error).__name__))
