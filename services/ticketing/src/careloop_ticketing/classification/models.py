from datetime import datetime
from uuid import UUID

from careloop_common import ids
from sqlalchemy import Column, Text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlmodel import Field

from careloop_ticketing.classification.errors import RuleSetNotFound
from careloop_ticketing.classification.policy import Cause, Emotion, Severity
from careloop_ticketing.database import INSTANT, Base, word
from careloop_ticketing.documents import DocumentRow
from careloop_ticketing.vocabulary import Tier


class RuleSetRow(DocumentRow, table=True):
    __tablename__ = "rule_set"
    not_found = RuleSetNotFound


class CorrectionRow(Base, table=True):
    """A person knew better than the rules: what a later model learns from."""

    __tablename__ = "classification_correction"

    id: UUID = Field(default_factory=ids.new_id, primary_key=True)
    subject_id: UUID = Field(index=True)
    rule_set: int | None = Field(default=None, index=True)
    rules: list[str] = Field(sa_column=Column(ARRAY(Text), nullable=False))
    suggested_cause: Cause = Field(sa_type=word(Cause))
    suggested_tier: Tier = Field(sa_type=word(Tier))
    suggested_severity: Severity = Field(sa_type=word(Severity))
    suggested_product: str | None = Field(default=None, sa_type=Text)
    suggested_emotion: Emotion | None = Field(default=None, sa_type=word(Emotion))
    cause: Cause = Field(sa_type=word(Cause))
    tier: Tier = Field(sa_type=word(Tier))
    severity: Severity = Field(sa_type=word(Severity))
    product: str | None = Field(default=None, sa_type=Text)
    emotion: Emotion | None = Field(default=None, sa_type=word(Emotion))
    """None in corrections from before there were emotions."""
    corrected_by: str = Field(sa_type=Text)
    corrected_at: datetime = Field(sa_type=INSTANT)
