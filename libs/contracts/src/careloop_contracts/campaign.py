"""What campaign publishes: care tasks and messages. All are keyed by the customer, so their order is theirs."""

from datetime import datetime
from uuid import UUID

from pydantic import Field

from careloop_contracts.customer import ErasureDone
from careloop_contracts.event import Event
from careloop_contracts.vocabulary import Channel, Purpose, WithheldReason


class CareTaskOpenedV1(Event, entity="campaign", name="care_task_opened", version=1, key="customer_id"):
    """Somebody is to care for the customer until `due_at`."""

    task_id: UUID
    customer_id: UUID
    reason: str
    due_at: datetime
    driver: str | None = None
    origin: str | None = None
    opened_at: datetime


class CareTaskOverdueV1(Event, entity="campaign", name="care_task_overdue", version=1, key="customer_id"):
    """The callback clock of a task ran out."""

    task_id: UUID
    customer_id: UUID
    due_at: datetime
    overdue_at: datetime


class CareTaskCompletedV1(Event, entity="campaign", name="care_task_completed", version=1, key="customer_id"):
    """A task ended with an outcome."""

    task_id: UUID
    customer_id: UUID
    outcome: str
    completed_at: datetime


class MessageSentV1(Event, entity="campaign", name="message_sent", version=1, key="customer_id"):
    """A channel took the message over."""

    message_id: UUID
    customer_id: UUID
    purpose: Purpose
    channel: Channel
    template: str
    reference: str | None = None
    sent_at: datetime


class MessageWithheldV1(Event, entity="campaign", name="message_withheld", version=1, key="customer_id"):
    """A message was not sent, out of respect for consent, quiet or caps."""

    message_id: UUID
    customer_id: UUID
    purpose: Purpose
    channel: Channel
    template: str
    reference: str | None = None
    reason: WithheldReason
    withheld_at: datetime


class MessageFailedV1(Event, entity="campaign", name="message_failed", version=1, key="customer_id"):
    """A channel refused the message for good."""

    message_id: UUID
    customer_id: UUID
    purpose: Purpose
    channel: Channel
    template: str
    reference: str | None = None
    error: str
    failed_at: datetime


class CustomerUnsubscribedV1(
    Event, entity="campaign", name="customer_unsubscribed", version=1, key="customer_id"
):
    """Whoever got the message wants no more for these purposes, on whatever channel."""

    message_id: UUID
    customer_id: UUID
    purposes: tuple[Purpose, ...] = Field(min_length=1)
    at: datetime


class CampaignCustomerErasedV1(
    ErasureDone, Event, entity="campaign", name="customer_erased", version=1, key="customer_id"
):
    """What campaign had of a customer is erased."""
