from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from careloop_common.schemas import Body, View
from pydantic import Field

from careloop_campaign.care.policy import Outcome, State


class CompleteCareTask(Body):
    outcome: Outcome
    notes: Annotated[str, Field(max_length=4000)] | None = None


Name = Annotated[str, Field(min_length=1, max_length=128, pattern=r"^[^\x00-\x1f\x7f]+$")]
"""Of a queue or a person: one line of text."""


class AssignCareTask(Body):
    assignee: Name


class OfferView(View):
    kind: str
    adviser: bool


class CareTaskView(View):
    task_id: UUID
    customer_id: UUID
    reason: str
    state: State
    queue: str
    assignee: str | None
    driver: str | None
    offer: OfferView
    origin: dict[str, Any]
    policy_version: int
    opened_at: datetime
    due_at: datetime
    overdue_at: datetime | None
    escalated: bool
    outcome: Outcome | None
    notes: str | None
    completed_at: datetime | None
    completed_by: str | None
