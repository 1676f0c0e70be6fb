"""The merged OpenAPI document is committed: a change of the public API is seen in review."""

import json

import pytest
from careloop_gateway import openapi_merge


@pytest.fixture(scope="module")
def committed():
    return openapi_merge.load_document()


def test_the_committed_document_is_up_to_date(committed):
    now = json.loads(openapi_merge.render(openapi_merge.merge(openapi_merge.documents())))
    assert committed == now, "run: make schemas"


def test_every_reference_leads_somewhere(committed):
    def references(value):
        if isinstance(value, dict):
            if isinstance(value.get("$ref"), str):
                yield value["$ref"]
            for item in value.values():
                yield from references(item)
        elif isinstance(value, list):
            for item in value:
                yield from references(item)

    for reference in set(references(committed)):
        found = committed
        for step in reference.removeprefix("#/").split("/"):
            assert step in found, reference
            found = found[step]


def test_operations_have_ids_of_their_own(committed):
    ids = [
        operation["operationId"]
        for operations in committed["paths"].values()
        for operation in operations.values()
    ]
    assert len(ids) == len(set(ids))


def test_a_version_that_differs_is_a_documented_answer_where_if_match_is_heeded_and_nowhere_else(committed):
    for path, method, operation in _operations(committed):
        heeds = "If-Match" in _headers(operation)
        assert heeds == ("412" in operation["responses"]), (method, path)


def test_every_post_that_may_be_sent_twice_says_so(committed):
    without = {
        path
        for path, method, operation in _operations(committed)
        if method == "post" and "Idempotency-Key" not in _headers(operation)
    }
    assert without == {"/v1/tickets/{ticket_id}/attachments", "/v1/inbound-mail"}, "whose content is its key"


def _operations(document):
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            yield path, method, operation


def _headers(operation):
    return [one["name"] for one in operation.get("parameters", ()) if one["in"] == "header"]
