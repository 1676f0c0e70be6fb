from datetime import datetime
from uuid import UUID

from sqlalchemy import SmallInteger, Text
from sqlmodel import Field

from careloop_ticketing.database import INSTANT, Base


class AnswerRow(Base, table=True):
    """What a customer said of one resolution of a ticket. The comment stays here."""

    __tablename__ = "satisfaction_answer"

    ticket_id: UUID = Field(primary_key=True)
    round: int = Field(primary_key=True, sa_type=SmallInteger, sa_column_kwargs={"autoincrement": False})
    score: int | None = Field(sa_type=SmallInteger)
    """None of who was never there (未去过)."""
    comment: str | None = Field(default=None, sa_type=Text)
    late: bool
    received_at: datetime = Field(sa_type=INSTANT)
