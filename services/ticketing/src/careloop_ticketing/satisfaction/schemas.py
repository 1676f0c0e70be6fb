from datetime import datetime
from typing import Annotated, Self
from uuid import UUID

from careloop_common.schemas import Body, View
from pydantic import Field, StringConstraints, model_validator

Words = Annotated[str, StringConstraints(min_length=1, max_length=2000, pattern=r"^[^\x00]+$")]


class GiveSatisfaction(Body):
    """A score with a comment, or the reply as the customer wrote it."""

    score: Annotated[int, Field(ge=1, le=5, strict=True)] | None = None
    comment: Words | None = None
    reply: Words | None = Field(default=None, examples=["5", "很好", "4 - satisfied", "2 等了太久", "未去过"])

    @model_validator(mode="after")
    def _one_answer(self) -> Self:
        if (self.score is None) == (self.reply is None):
            raise ValueError("either score or reply")
        return self


class SatisfactionView(View):
    ticket_id: UUID
    round: int
    score: int | None
    late: bool
    received_at: datetime
