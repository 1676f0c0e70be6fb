"""The gateway's route table says the same as the services: no operation without a policy, no policy without one."""

import pytest
from careloop_gateway import openapi_merge
from careloop_gateway.routes import API


@pytest.fixture(scope="module")
def documents():
    return openapi_merge.documents()


def test_every_operation_is_in_the_table_with_its_scope_and_the_other_way_round(documents):
    said = {
        (method.upper(), path): (service, operation.get("x-scope"))
        for service, document in documents.items()
        for path, operations in document["paths"].items()
        for method, operation in operations.items()
    }
    table = {(route.method, route.path): (route.upstream, route.scope) for route in API}
    assert table == said


def test_a_body_that_is_read_as_a_stream_has_one_limit(documents):
    said = {
        (method.upper(), path): operation["x-body-bytes"]
        for document in documents.values()
        for path, operations in document["paths"].items()
        for method, operation in operations.items()
        if "x-body-bytes" in operation
    }
    assert said
    assert said == {place: each.max_body for each in API if (place := (each.method, each.path)) in said}


def test_no_two_services_have_an_operation_in_common(documents):
    operations = [
        (method, path)
        for document in documents.values()
        for path in document["paths"]
        for method in document["paths"][path]
    ]
    assert len(operations) == len(set(operations))
