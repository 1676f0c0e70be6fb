from datetime import datetime
from uuid import UUID

from sqlalchemy import Column, Index, LargeBinary, Text
from sqlmodel import Field

from careloop_ticketing.database import INSTANT, Base


class AnchorRow(Base, table=True):
    """A keyed hash over the heads of all tickets that have a new one since the anchor before it, and over that one."""

    __tablename__ = "history_anchor"

    number: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    at: datetime = Field(sa_type=INSTANT)
    tickets: int
    key_id: str = Field(sa_type=Text)
    hash: bytes = Field(sa_column=Column(LargeBinary, nullable=False))


class AnchoredRow(Base, table=True):
    """Where a ticket's history ended when an anchor was written. No reference to the ticket: it outlives it."""

    __tablename__ = "history_anchored"
    __table_args__ = (Index("ix_history_anchored_ticket_id", "ticket_id", "anchor"),)

    anchor: int = Field(primary_key=True, foreign_key="history_anchor.number")
    ticket_id: UUID = Field(primary_key=True)
    seq: int
    hash: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
