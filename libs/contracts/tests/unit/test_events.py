"""Events, their subjects and partitions, and the envelope they travel in."""

from datetime import UTC, datetime
from uuid import UUID
from zlib import crc32

import pytest
from careloop_contracts import (
    CustomerActivityRecordedV1,
    CustomerUpdatedV1,
    ScoreChangedV1,
    TicketOpenedV1,
    envelope,
    event,
    partition_of,
)
from careloop_contracts.envelope import MalformedEnvelope
from careloop_contracts.event import Event, find, registered
from careloop_contracts.streams import STREAMS, stream_of, subjects_of
from pydantic import ValidationError

AT = datetime(2026, 3, 1, 8, 30, tzinfo=UTC)
CUSTOMER = UUID(int=5)
ID = UUID(int=7)


@pytest.fixture
def ticket():
    return TicketOpenedV1(
        ticket_id=UUID(int=9), number="T-1", kind="complaint", channel="hotline", opened_at=AT
    )


@pytest.fixture
def own_registry(monkeypatch):
    monkeypatch.setattr(event, "_registry", dict(event._registry))


def test_type_subject_and_partition_follow_from_the_class(ticket):
    number = crc32(b"00000000-0000-0000-0000-000000000009") % 16
    assert ticket.type == "careloop.ticket.opened.v1"
    assert ticket.key_value == "00000000-0000-0000-0000-000000000009"
    assert ticket.subject() == f"care.v1.ticket.{number:02d}.opened"
    assert ticket.subject(3) == "care.v1.ticket.03.opened"


def test_a_uuid_and_its_text_share_a_partition():
    assert partition_of(ID) == partition_of(str(ID))


def test_events_are_immutable(ticket):
    with pytest.raises(ValidationError):
        ticket.number = "T-2"


def test_fields_of_a_newer_producer_are_ignored(ticket):
    body = ticket.model_dump(mode="json") | {"mood": "angry"}
    assert TicketOpenedV1.model_validate(body) == ticket


def test_a_customer_event_is_the_whole_state():
    changed = CustomerUpdatedV1(
        customer_id=CUSTOMER,
        version=3,
        kind="individual",
        source="crm",
        status="active",
        consents=[{"purpose": "care", "channel": "sms", "granted": True, "at": AT}],
        quiet_hours={"start": "22:00", "end": "08:00", "timezone": "Asia/Shanghai"},
        subscriptions=[
            {"subscription_id": ID, "product": "fibre", "status": "active", "monthly_fee": "99.90"}
        ],
        attributes={"senior": True, "usage": 3.5, "plan": "A", "note": None},
    )
    assert CustomerUpdatedV1.model_validate_json(changed.model_dump_json()) == changed
    assert changed.attributes["senior"] is True


def test_activity_is_for_customers_of_one_partition():
    same = [UUID(int=number) for number in range(200) if partition_of(UUID(int=number)) == 4]
    items = [{"customer_id": customer, "interactions": 1, "last_at": AT} for customer in same]
    recorded = CustomerActivityRecordedV1(items=items)
    assert recorded.subject() == "care.v1.customer.04.activity_recorded"
    other = next(UUID(int=number) for number in range(200) if partition_of(UUID(int=number)) != 4)
    with pytest.raises(ValidationError, match="share a partition"):
        CustomerActivityRecordedV1(items=[*items, {"customer_id": other, "interactions": 1, "last_at": AT}])
    with pytest.raises(ValidationError):
        CustomerActivityRecordedV1(items=[])


def test_closed_sets_are_closed():
    with pytest.raises(ValidationError):
        ScoreChangedV1(customer_id=CUSTOMER, run_id=ID, tier="platinum")


def test_an_event_needs_a_field_for_its_key(own_registry):
    with pytest.raises(TypeError, match="no field for its key"):

        class LostV1(Event, entity="ticket", name="lost", version=1, key="ticket_id"):
            number: str


def test_two_events_cannot_have_one_type(own_registry):
    with pytest.raises(TypeError, match="already TicketOpenedV1"):

        class AlsoOpenedV1(Event, entity="ticket", name="opened", version=1, key="ticket_id"):
            ticket_id: UUID


def test_the_envelope_comes_back_from_its_headers(ticket):
    trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    headers = envelope.headers(ticket, event_id=ID, time=AT, source="/careloop/ticketing", traceparent=trace)
    assert headers["Nats-Msg-Id"] == headers["ce-id"] == str(ID)
    assert not headers["content-type"].startswith("application/cloudevents")
    found = envelope.parse({name.upper(): value for name, value in headers.items()})
    assert (found.id, found.type, found.source, found.time) == (ID, ticket.type, "/careloop/ticketing", AT)
    assert (found.subject, found.traceparent) == (ticket.key_value, trace)
    assert envelope.decode(found, ticket.model_dump_json().encode()) == ticket


def test_a_type_that_is_not_known_decodes_to_nothing(ticket):
    headers = envelope.headers(ticket, event_id=ID, time=AT, source="/x") | {
        "ce-type": "careloop.moon.rose.v1"
    }
    assert envelope.decode(envelope.parse(headers), b"{}") is None


@pytest.mark.parametrize(
    "change", [{"ce-specversion": "0.3"}, {"ce-id": "seven"}, {"ce-time": "noon"}, {"ce-type": None}]
)
def test_what_is_no_cloud_event_is_told_apart(ticket, change):
    headers = envelope.headers(ticket, event_id=ID, time=AT, source="/x") | change
    with pytest.raises(MalformedEnvelope):
        envelope.parse({name: value for name, value in headers.items() if value is not None})


def test_a_message_without_headers_is_no_cloud_event():
    with pytest.raises(MalformedEnvelope):
        envelope.parse(None)


@pytest.mark.parametrize("event_class", registered(), ids=lambda found: found.type)
def test_every_event_has_a_stream_that_takes_its_subject(event_class):
    stream = stream_of(event_class.event_entity)
    (wanted,) = subjects_of(event_class.event_entity)
    taken = [subject.removesuffix(">") for subject in stream.subjects]
    assert any(wanted.startswith(beginning) for beginning in taken)
    assert find(event_class.type) is event_class
    assert event_class.__doc__


def test_no_two_streams_take_the_same_subject():
    subjects = [subject for stream in STREAMS for subject in stream.subjects]
    assert len(subjects) == len(set(subjects))
