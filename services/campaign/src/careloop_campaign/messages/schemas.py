from datetime import datetime
from uuid import UUID

from careloop_common.schemas import View

from careloop_campaign.audience.policy import Variant
from careloop_campaign.contact.policy import Channel, Purpose, Reason
from careloop_campaign.messages.policy import State


class MessageView(View):
    message_id: UUID
    customer_id: UUID
    purpose: Purpose
    template: str
    template_version: int | None
    language: str | None
    variant: Variant | None
    reference: str | None
    channel: Channel | None
    contact: str | None
    """The address it was sent to, masked unless the caller may see personal data."""
    state: State
    reason: Reason | None
    detail: str | None
    attempts: int
    possible_duplicate: bool
    provider_id: str | None
    planned_at: datetime
    expires_at: datetime
    deferred_until: datetime | None
    settled_at: datetime | None


class MessageSummary(View):
    """Where messages stand. `sent`, `withheld`, `failed` and `unknown` are final, `waiting` is everything before."""

    planned: int
    sent: int
    withheld: int
    failed: int
    unknown: int
    waiting: int
    withheld_by_reason: dict[Reason, int]
    deferred_by_reason: dict[Reason, int]
    sent_by_purpose: dict[Purpose, int]
