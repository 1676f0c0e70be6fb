import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

THEIRS = "0af7651916cd43dd8448eb211c80319c"


@pytest.fixture(scope="module")
def spans():
    """Spans of this process. A provider can be set once only, so that another suite's is kept."""
    if not isinstance(trace.get_tracer_provider(), TracerProvider):
        trace.set_tracer_provider(TracerProvider())
    exporter = InMemorySpanExporter()
    provider = trace.get_tracer_provider()
    assert isinstance(provider, TracerProvider)
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    return exporter


async def test_a_trace_of_our_own_goes_on_in_the_service_and_links_the_clients(spans, admin, backend):
    await admin.get("/v1/customers/1", headers={"traceparent": f"00-{THEIRS}-b7ad6b7169203331-01"})
    sent = backend.last.headers["traceparent"].split("-")[1]
    span = next(s for s in spans.get_finished_spans() if s.name == "GET /v1/customers/{customer_id}")
    assert sent == f"{span.context.trace_id:032x}" != THEIRS
    assert [f"{link.context.trace_id:032x}" for link in span.links] == [THEIRS]
    assert span.attributes["http.response.status_code"] == 200


async def test_a_problem_document_names_the_trace(spans, anyone):
    answer = await anyone.get("/nowhere", headers={"traceparent": "nonsense"})
    assert answer.status_code == 404
    assert f"{spans.get_finished_spans()[-1].context.trace_id:032x}" == answer.json()["trace_id"]
