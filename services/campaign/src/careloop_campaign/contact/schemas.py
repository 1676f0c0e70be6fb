from datetime import datetime, time
from typing import Annotated

from careloop_common.schemas import Body, WallTime
from pydantic import BaseModel, Field

from careloop_campaign.contact.policy import Channel

Limit = Annotated[int, Field(ge=0, le=1000)]


class CapRule(Body):
    """At most this many contacts of a person in any `hours` in a row, over all campaigns."""

    hours: int = Field(ge=1, le=720)
    care: Limit
    marketing: Limit


class QuietSpan(Body):
    start: WallTime
    end: WallTime


class ContactPolicyDocument(Body):
    """Everything that the operator decides about contacting people."""

    caps: list[CapRule] = Field(
        default=[
            CapRule(hours=24, care=2, marketing=1),
            CapRule(hours=168, care=4, marketing=3),
            CapRule(hours=720, care=10, marketing=8),
        ],
        max_length=10,
    )
    quiet_hours: QuietSpan | None = QuietSpan(start=time(21), end=time(8))
    """For customers who stated none of their own; null for none."""
    timezone: str = Field(default="Asia/Shanghai", max_length=64)
    """Where customers live who did not say."""
    channels: list[Channel] = Field(default=[Channel.EMAIL, Channel.SMS], min_length=1, max_length=5)
    """Channels in the order in which they are tried."""
    hold_for_complaints: bool = True
    """Hold back care and marketing while a complaint of the customer is open."""
    callback_seconds: int = Field(default=48 * 3600, ge=1, le=90 * 24 * 3600)
    """The clock of a retention care task."""
    episode_seconds: int = Field(default=30 * 24 * 3600, ge=0, le=365 * 24 * 3600)
    """How long after a closed task a new warning still belongs to the same episode."""


class ContactPolicyView(BaseModel):
    version: int
    created_at: datetime | None
    created_by: str | None
    policy: ContactPolicyDocument
