import asyncio
import json
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
from careloop_campaign.audience import service as audience
from careloop_campaign.contact.policy import Purpose
from careloop_campaign.contact.schemas import ContactPolicyDocument
from careloop_campaign.delivery.transport import Accepted
from careloop_campaign.messages import service as messages
from careloop_campaign.messages import settling
from careloop_campaign.messages.models import Message
from careloop_campaign.messages.policy import LEASE, Plan
from careloop_campaign.messages.sender import Sender
from careloop_campaign.service import service
from careloop_common import clock, ids
from careloop_contracts import CustomerRegisteredV1, ScoreWarningRaisedV1
from sqlmodel import select


@pytest.fixture(scope="session")
def service_under_test():
    return service


@pytest.fixture
def settings_overrides(tmp_path):
    return {"sink_directory": tmp_path / "outgoing", "drain_seconds": 0.2, "send_seconds": 0.02}


@pytest.fixture
def delivered(tmp_path):
    """What the file sink holds: one dictionary for each message."""

    def read():
        files = sorted((tmp_path / "outgoing").glob("*.jsonl"))
        return [json.loads(line) for file in files for line in file.read_text().splitlines()]

    return read


@pytest.fixture
async def set_policy(client):
    """Put a contact policy in force; quiet hours are off unless a test is about them."""

    async def put(**changes):
        document = ContactPolicyDocument().model_dump(mode="json") | {"quiet_hours": None} | changes
        answer = await client.put("/v1/contact-policy", json=document)
        assert answer.status_code == 200, answer.text
        return answer.json()

    return put


@pytest.fixture
def make_customer(runtime):
    """A registration as profile publishes it, with an address and every consent unless told otherwise."""

    def make(**overrides):
        customer_id = overrides.pop("customer_id", None) or ids.new_id()
        contact = {
            field: value and runtime.vault.seal(customer_id, field, value)
            for field, value in {
                "name": overrides.pop("name", "王小明"),
                "phone": overrides.pop("phone", "+8613812345678"),
                "email": overrides.pop("email", f"c{customer_id.hex[-12:]}@example.com"),
            }.items()
        }
        consents = [
            {"purpose": purpose, "channel": channel, "granted": True, "at": datetime(2026, 1, 1, tzinfo=UTC)}
            for purpose in Purpose
            for channel in ("sms", "email")
        ]
        return CustomerRegisteredV1.model_validate(
            {
                "customer_id": customer_id,
                "version": 1,
                "kind": "individual",
                "source": "test",
                "status": "active",
                "language": "zh",
                "contact": contact,
                "consents": consents,
                **overrides,
            }
        )

    return make


@pytest.fixture
def known(runtime, make_customer):
    """Customers that are in the replica already; returns their ids."""

    async def store(number=1, **overrides):
        states = [make_customer(**overrides) for _ in range(number)]
        async with runtime.database.transaction() as session:
            await audience.store(session, [state_of(state) for state in states])
        return [state.customer_id for state in states]

    return store


def state_of(event):
    quiet = event.quiet_hours
    return event.model_dump(mode="json") | {
        "name": event.contact.name,
        "phone": event.contact.phone,
        "email": event.contact.email,
        "quiet_start": quiet and quiet.start.isoformat(),
        "quiet_end": quiet and quiet.end.isoformat(),
        "quiet_timezone": quiet and quiet.timezone,
        "quiet_weekdays": list(quiet.weekdays) if quiet else [],
        "updated_at": clock.now().isoformat(),
    }


@pytest.fixture
def make_warning():
    def make(customer_id, **overrides):
        return ScoreWarningRaisedV1.model_validate(
            {
                "customer_id": customer_id,
                "run_id": ids.new_id(),
                "churn_probability": 0.83,
                "tier": "warning",
                "rfm_segment": "at_risk",
                "driver": "price",
                "raised_at": clock.now(),
                **overrides,
            }
        )

    return make


@pytest.fixture
def make_plan():
    def make(customer_id, **overrides):
        return Plan(
            **{
                "customer_id": customer_id,
                "purpose": Purpose.CARE,
                "template": "retention_offer",
                "campaign": "test",
                "step": "offer",
                "occurrence": str(ids.new_id()),
                "expires_at": clock.now() + timedelta(days=3),
                "values": {"offer": "discount", "callback_hours": 48, "number": None},
                **overrides,
            }
        )

    return make


@pytest.fixture
def plan(runtime, make_plan):
    """Put messages into the ledger."""

    async def put(*customer_ids, now=None, **overrides):
        async with runtime.database.transaction() as session:
            return await messages.plan(
                session, [make_plan(i, **overrides) for i in customer_ids], now=now or clock.now()
            )

    return put


@pytest.fixture
def ledger(runtime):
    """The rows of the send ledger, in the order in which they were planned."""

    async def read(**where):
        async with runtime.database.transaction() as session:
            found = await session.scalars(select(Message).filter_by(**where).order_by(Message.planned_at))
            return found.all()

    return read


class Desk:
    """A transport that notes what it is given and answers as it is told; without an answer it keeps silent."""

    def __init__(self, answer=None):
        self.answer = answer
        self.given = []
        self.arrived = asyncio.Event()

    async def send(self, envelope):
        self.given.append(envelope)
        self.arrived.set()
        if self.answer is None:
            await asyncio.Event().wait()
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer

    async def close(self):
        """Nothing is held open."""


@pytest.fixture
def make_desk():
    return Desk


@pytest.fixture
def make_sender(runtime):
    def make(transport=None):
        return Sender(runtime, transport or Desk(Accepted("desk")), channels=("email", "sms"), batch=100)

    return make


@pytest.fixture
def drain(runtime, make_sender):
    """Turn senders until there is nothing to do; returns the transport."""

    async def turn(transport=None, senders=1):
        transport = transport or Desk(Accepted("desk"))

        async def work():
            sender = make_sender(transport)
            while await sender.run(runtime):
                pass

        await asyncio.gather(*(work() for _ in range(senders)))
        return transport

    return turn


@pytest.fixture
def expire_leases(runtime):
    """What a sender does that comes by after every lease is over."""

    async def expire():
        async with runtime.database.transaction() as session:
            later = clock.now() + LEASE + timedelta(seconds=1)
            return await settling.expire_leases(session, now=later, limit=100)

    return expire


@pytest.fixture
def outcomes(ledger):
    """How many messages are in which state, and for which reason."""

    async def count(**where):
        return Counter((row.state, row.reason) for row in await ledger(**where))

    return count


@pytest.fixture
def around():
    """A span of the wall clock of UTC around a moment."""

    def span(moment, *, before, after):
        start, end = moment - before, moment + after
        return {"start": start.time().isoformat("seconds"), "end": end.time().isoformat("seconds")}

    return span
