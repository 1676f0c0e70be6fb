from datetime import date, datetime
from typing import Annotated, Self
from uuid import UUID

from careloop_common.schemas import Body, View
from pydantic import Field, StringConstraints, model_validator

from careloop_ticketing.staff.schemas import AgentId, Grade, Name, Skill
from careloop_ticketing.training.policy import HIGHEST_SCORE

CODE = r"^[a-z0-9][a-z0-9_-]{0,39}$"
Code = Annotated[str, StringConstraints(pattern=CODE)]
Day = Annotated[date, Field(ge=date(1970, 1, 1), le=date(2199, 12, 31))]


class Course(Body):
    """All of a course: what is left out is as the defaults say. Results that were recorded before stay as they are."""

    name: Name
    name_zh: Name
    skill: Skill | None = None
    """In which it certifies those who pass; with `certificate`, or neither."""
    certificate: Grade | None = None
    passing_score: Annotated[int, Field(ge=1, le=HIGHEST_SCORE)] = 60
    months: Annotated[int, Field(ge=1, le=120)] | None = None
    """How long passing it counts, from the day on which it was taken; without it for ever."""
    offered: bool = True
    """Whether people have to renew it."""

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if (self.skill is None) != (self.certificate is None):
            raise ValueError("skill and certificate, or neither of them")
        return self


class CourseView(View):
    code: str
    version: int
    name: str
    name_zh: str
    skill: str | None
    certificate: int | None
    passing_score: int
    months: int | None
    offered: bool
    changed_at: datetime
    changed_by: str


class RecordResult(Body):
    agent_id: AgentId
    course: Code
    score: Annotated[int, Field(ge=0, le=HIGHEST_SCORE)]
    taken_on: Day
    corrects: UUID | None = None
    """The result whose place this one takes, and with it what was earned by that."""


class ResultView(View):
    id: UUID
    agent_id: str
    course: str
    score: int
    taken_on: date
    passed: bool
    valid_until: datetime | None
    """None if it was not passed, or counts for ever."""
    corrects: UUID | None
    corrected_by: UUID | None
    recorded_at: datetime
    recorded_by: str


class RenewalView(View):
    """What somebody passed and has to pass again."""

    agent_id: str
    name: str
    teams: list[str]
    course: str
    course_name: str
    course_name_zh: str
    valid_until: datetime
    expired: bool
