from datetime import datetime

from sqlalchemy import Column, DateTime, Text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlmodel import Field

from careloop_profile.database import Base


class NoticeRow(Base, table=True):
    """A version of a text that people read before they say yes. It never changes."""

    __tablename__ = "consent_notice"

    name: str = Field(primary_key=True, sa_type=Text)
    version: int = Field(primary_key=True)
    purposes: list[str] = Field(sa_column=Column(ARRAY(Text), nullable=False))
    texts: dict[str, str] = Field(sa_column=Column(JSONB, nullable=False))
    """By language."""
    published_at: datetime = Field(sa_type=DateTime(timezone=True))
    published_by: str = Field(sa_type=Text)
