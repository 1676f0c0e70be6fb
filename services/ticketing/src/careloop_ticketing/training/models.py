from datetime import date, datetime
from uuid import UUID

from careloop_common import ids
from sqlalchemy import CheckConstraint, Index, SmallInteger, Text, UniqueConstraint
from sqlmodel import Field

from careloop_ticketing.database import INSTANT, Base
from careloop_ticketing.training.policy import Terms


class CourseRow(Base, table=True):
    """What can be learned, and the certificate that it leads to, if it does."""

    __tablename__ = "training_course"
    __table_args__ = (
        CheckConstraint("(skill IS NULL) = (certificate IS NULL)", name="whole_certificate"),
        CheckConstraint("passing_score BETWEEN 1 AND 100", name="passable"),
    )

    code: str = Field(primary_key=True, sa_type=Text)
    version: int
    name: str = Field(sa_type=Text)
    name_zh: str = Field(sa_type=Text)
    skill: str | None = Field(default=None, sa_type=Text)
    certificate: int | None = Field(default=None, sa_type=SmallInteger)
    passing_score: int = Field(sa_type=SmallInteger)
    months: int | None = Field(default=None, sa_type=SmallInteger)
    offered: bool
    changed_at: datetime = Field(sa_type=INSTANT)
    changed_by: str = Field(sa_type=Text)

    def to_terms(self) -> Terms:
        return Terms(self.passing_score, self.months)


class ResultRow(Base, table=True):
    """How somebody did in a course. It never changes: another one takes the place of what was wrong."""

    __tablename__ = "training_result"
    __table_args__ = (
        Index("ix_training_result_agent_id", "agent_id", "id"),
        UniqueConstraint("corrects", name="uq_training_result_corrects"),
    )

    id: UUID = Field(default_factory=ids.new_id, primary_key=True)
    agent_id: str = Field(sa_type=Text, foreign_key="agent.id")
    course: str = Field(sa_type=Text, foreign_key="training_course.code", index=True)
    score: int = Field(sa_type=SmallInteger)
    taken_on: date
    passed: bool
    valid_until: datetime | None = Field(default=None, sa_type=INSTANT)
    corrects: UUID | None = Field(default=None, foreign_key="training_result.id")
    recorded_at: datetime = Field(sa_type=INSTANT)
    recorded_by: str = Field(sa_type=Text)
