from datetime import datetime
from decimal import Decimal
from typing import Any, Literal
from uuid import UUID

from careloop_common.schemas import View
from pydantic import BaseModel, Field

MAX_ITEMS = 1000


class CustomerReference(BaseModel):
    """Exactly one of: `customer_id`; `source` with `external_id`; `phone`; `email`."""

    customer_id: UUID | None = None
    source: str | None = None
    external_id: str | None = None
    phone: str | None = None
    email: str | None = None


class InteractionItem(BaseModel):
    """What clients send. It documents the route; the hot path decodes without Pydantic."""

    customer: CustomerReference
    channel: str = Field(description="A code of GET /v1/channels.", examples=["hotline"])
    kind: str = Field(pattern=r"^[a-z][a-z0-9_.-]{0,47}$", examples=["call"])
    occurred_at: datetime = Field(description="With an offset.")
    message_id: str | None = Field(
        default=None,
        max_length=200,
        description="The sender's id; what comes again with it and the same time is stored once.",
    )
    source: str | None = Field(default=None, description="The system that counts the message ids.")
    direction: Literal["inbound", "outbound"] | None = None
    amount: Decimal | None = None
    properties: dict[str, Any] = Field(default={}, description="At most 32 KiB of JSON.")


class InteractionBatch(BaseModel):
    items: list[InteractionItem] = Field(max_length=MAX_ITEMS)


class RejectionView(View):
    index: int
    code: str
    detail: str


class Accepted(View):
    """How many interactions are on their way, and why the others are not."""

    accepted: int
    rejected: list[RejectionView]


class InteractionView(View):
    interaction_id: UUID
    occurred_at: datetime
    channel: str
    kind: str
    direction: str | None
    amount: Decimal | None
    properties: dict[str, Any]
    time_suspect: bool


class ActivityView(View):
    channel: str
    interactions: int
    payments: int
    amount: Decimal
    complaints: int
    first_at: datetime
    last_at: datetime
