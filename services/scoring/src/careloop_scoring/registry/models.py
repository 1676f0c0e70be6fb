from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Column, DateTime, Index, LargeBinary, SmallInteger, Text, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from careloop_scoring.database import Base

INSTANT = DateTime(timezone=True)


class ScoringModel(Base, table=True):
    """One training's outcome. The card says what it was trained on and how good it is."""

    __tablename__ = "scoring_model"
    __table_args__ = (
        CheckConstraint("state IN ('candidate', 'active', 'retired')", name="state"),
        Index("uq_scoring_model_number", "name", "number", unique=True),
        Index("uq_scoring_model_active", "name", unique=True, postgresql_where=text("state = 'active'")),
    )

    id: UUID = Field(primary_key=True)
    name: str = Field(sa_type=Text)
    number: int
    state: str = Field(sa_type=Text)
    run_id: UUID
    card: dict[str, Any] = Field(sa_column=Column(JSONB, nullable=False))
    verdict: str = Field(sa_type=Text)
    as_of: datetime = Field(sa_type=INSTANT)
    created_at: datetime = Field(sa_type=INSTANT)
    activated_at: datetime | None = Field(default=None, sa_type=INSTANT)
    retired_at: datetime | None = Field(default=None, sa_type=INSTANT)

    @property
    def version(self) -> str:
        return f"{self.name}-{self.number}"


class ModelArtefact(Base, table=True):
    """One file of a model, in the database so that every replica can load it."""

    __tablename__ = "model_artefact"

    model_id: UUID = Field(primary_key=True, foreign_key="scoring_model.id")
    name: str = Field(primary_key=True, sa_type=Text)
    sha256: str = Field(sa_type=Text)
    content: bytes = Field(sa_type=LargeBinary)


class ModelTrainingRow(Base, table=True):
    """Which fold held a customer out: that fold's model is the one that may score him."""

    __tablename__ = "model_training_row"

    model_id: UUID = Field(primary_key=True, foreign_key="scoring_model.id")
    customer_id: UUID = Field(primary_key=True)
    fold: int = Field(sa_type=SmallInteger)
