from datetime import UTC, datetime

import nats
import pytest
from careloop_common import ids
from careloop_contracts import CareTaskOverdueV1, envelope
from careloop_local.demo.observer import Observer

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)


@pytest.fixture
async def publish(nats_server):
    connection = await nats.connect(nats_server)

    async def send(event, event_id=None):
        headers = envelope.headers(
            event, event_id=event_id or ids.new_id(), time=NOW, source="/careloop/campaign"
        )
        await connection.publish(
            "care.v1.campaign.00.care_task_overdue", event.model_dump_json().encode(), headers=headers
        )
        await connection.flush()

    yield send
    await connection.close()


@pytest.fixture
def overdue():
    return CareTaskOverdueV1(task_id=ids.new_id(), customer_id=ids.new_id(), due_at=NOW, overdue_at=NOW)


async def test_events_are_kept_in_their_order(nats_server, publish, overdue, eventually):
    async with Observer.open(nats_server) as observer:
        later = overdue.model_copy(update={"task_id": ids.new_id()})
        await publish(overdue)
        await publish(later)
        await eventually(lambda: observer.count("campaign.care_task_overdue") == 2)
        seen = observer.of("campaign.care_task_overdue")
    assert [event.data["task_id"] for event in seen] == [str(overdue.task_id), str(later.task_id)]
    assert seen[0].time == NOW


async def test_an_event_sent_again_is_seen_once(nats_server, publish, overdue, eventually):
    async with Observer.open(nats_server) as observer:
        event_id = ids.new_id()
        await publish(overdue, event_id)
        await publish(overdue, event_id)
        await eventually(lambda: observer.repeated == 1)
        assert observer.count("campaign.care_task_overdue") == 1


async def test_what_is_no_event_is_passed_over(nats_server, publish, overdue, eventually):
    async with Observer.open(nats_server) as observer:
        connection = await nats.connect(nats_server)
        await connection.publish("care.v1.campaign.00.care_task_overdue", b"{}")
        await eventually(lambda: observer.unreadable == 1)
        await connection.close()
        await publish(overdue)
        await eventually(lambda: observer.count("campaign.care_task_overdue") == 1)
