"""What is committed is what the event classes say, and the command refuses to break a promise."""

import json

import pytest
from careloop_contracts import asyncapi, event, generate, schemas
from careloop_contracts.event import Event, registered


@pytest.fixture
def own_registry(monkeypatch):
    """Events planted by a test are forgotten after it."""
    monkeypatch.setattr(event, "_registry", dict(event._registry))


def test_the_committed_files_are_current():
    assert generate.main(["--check"]) == 0


def test_every_event_has_a_committed_schema():
    assert set(schemas.committed()) == {found.type for found in registered()}


def test_a_breaking_change_is_refused(own_registry, capsys, tmp_path):
    del event._registry["careloop.ticket.reopened.v1"]

    class TicketReopenedV1(Event, entity="ticket", name="reopened", version=1, key="ticket_id"):
        ticket_id: str
        why: str

    assert generate.main(["--schemas", str(tmp_path), "--docs", str(tmp_path)]) == 1
    complaints = capsys.readouterr().err
    assert "careloop.ticket.reopened.v1 $.reason: removed" in complaints
    assert "careloop.ticket.reopened.v1 $.why: new and required" in complaints
    assert list(tmp_path.iterdir()) == []


def test_an_event_that_vanished_is_refused(own_registry):
    del event._registry["careloop.ticket.archived.v1"]
    assert generate.breaks() == ["careloop.ticket.archived.v1: removed"]
    assert generate.breaks(exempt=["careloop.ticket.archived.v1"]) == []


def test_stale_files_fail_the_check(capsys, tmp_path):
    assert generate.main(["--check", "--docs", str(tmp_path)]) == 1
    assert "events.md is stale" in capsys.readouterr().err


def test_writing_makes_the_check_pass(tmp_path):
    where = ["--schemas", str(tmp_path), "--docs", str(tmp_path)]
    assert generate.main(where) == 0
    assert generate.main(["--check", *where]) == 0


def test_every_reference_of_the_asyncapi_document_resolves():
    document = asyncapi.document()

    def walk(node):
        if isinstance(node, dict):
            if "$ref" in node:
                target = document
                for step in node["$ref"].removeprefix("#/").split("/"):
                    target = target[step]
            for value in node.values():
                walk(value)
        elif isinstance(node, list):
            for value in node:
                walk(value)

    walk(json.loads(json.dumps(document)))
    assert document["asyncapi"] == "3.0.0"
    assert len(document["channels"]) == len(registered())


def test_parts_of_the_same_name_are_the_same_in_every_event():
    """They share one entry in the AsyncAPI document."""
    parts = {}
    for found in registered():
        for name, definition in schemas.derive(found).get("$defs", {}).items():
            assert parts.setdefault(name, definition) == definition
