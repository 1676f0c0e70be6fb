from datetime import datetime
from typing import Any
from uuid import UUID

from careloop_common import ids
from sqlalchemy import Column, Text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from careloop_ticketing.database import INSTANT, Base


class ExportRow(Base, table=True):
    """Who took which tickets out of the system, and how many. Never changed."""

    __tablename__ = "ticket_export"

    id: UUID = Field(default_factory=ids.new_id, primary_key=True)
    actor_id: str = Field(sa_type=Text)
    actor_kind: str = Field(sa_type=Text)
    exported_at: datetime = Field(sa_type=INSTANT)
    chosen_by: dict[str, Any] = Field(sa_column=Column(JSONB, nullable=False))
    """The filters, rule and view."""
    tickets: int
