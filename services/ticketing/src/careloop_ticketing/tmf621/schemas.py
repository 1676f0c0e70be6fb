from datetime import datetime
from typing import Self
from uuid import UUID

from careloop_common.schemas import Body, Instant, View
from pydantic import Field, model_validator

from careloop_ticketing.tmf621.policy.circuits import SubscriptionState


class SubscriptionView(View):
    id: UUID
    version: int
    """Of the interface."""
    host: str
    """Of the callback; its path may be a secret of the subscriber's."""
    query: str | None
    created_by: str
    created_at: datetime
    state: SubscriptionState
    failures: int
    """Attempts in a row that failed."""
    open_until: datetime | None
    disabled_at: datetime | None
    disabled_by: str | None
    waiting: int
    oldest_waiting_at: datetime | None
    delivered: int
    """Within the last day."""
    given_up: int
    """Within the last thirty days."""


class SendAgain(Body):
    """The notifications of this span that were given up."""

    begin: Instant = Field(alias="from")
    end: Instant = Field(alias="to")

    @model_validator(mode="after")
    def _a_span(self) -> Self:
        if self.end <= self.begin:
            raise ValueError("`to` is not after `from`")
        return self


class SentAgain(View):
    count: int
    """How many wait anew."""
    more: bool
    """Whether there may be more of them: ask again."""
