from typing import Any, Literal
from uuid import UUID

from careloop_common.schemas import View
from pydantic import Field


class Part(View):
    """What one service knows. `missing` is not known at present; `forbidden` is not for the caller to see."""

    status: Literal["ok", "missing", "not_found", "forbidden"]
    reason: str | None = None
    data: dict[str, Any] | None = None


class CustomerView(View):
    """A customer as all services know him; each part says for itself whether it could be had."""

    customer_id: UUID
    complete: bool = Field(description="Whether no part is missing.")
    profile: Part
    overview: Part = Field(description="The person that the customer is, over all sources.")
    score: Part
    tickets: Part
    care_tasks: Part
    messages: Part
    interactions: Part
