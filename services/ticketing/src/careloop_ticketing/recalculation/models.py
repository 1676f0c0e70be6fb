from datetime import datetime
from uuid import UUID

from careloop_common import ids
from sqlalchemy import Index, Text, text
from sqlmodel import Field

from careloop_ticketing.database import INSTANT, Base, word
from careloop_ticketing.recalculation.policy import Cause, State


class RecalculationRow(Base, table=True):
    """A change of terms on its way through the clocks. `cursor` is the last ticket that has followed."""

    __tablename__ = "sla_recalculation"
    __table_args__ = (
        Index(
            "uq_sla_recalculation_open",
            "cause",
            "subject",
            unique=True,
            postgresql_where=text("state <> 'done'"),
        ),
    )

    id: UUID = Field(default_factory=ids.new_id, primary_key=True)
    cause: Cause = Field(sa_type=word(Cause))
    subject: str = Field(sa_type=Text)
    """The code of the calendar; a word for policies, of which one is applied at a time."""
    version: int
    state: State = Field(default=State.QUEUED, sa_type=word(State))
    cursor: UUID | None = None
    examined: int = 0
    """Tickets."""
    moved: int = 0
    """Clocks that are due at another time now."""
    late: int = 0
    """Of these, clocks that the change made late."""
    begun: int = 0
    """Clocks that have begun."""
    ended: int = 0
    """Clocks that have ended."""
    set_aside: int = 0
    """Tickets that did not follow."""
    requested_by: str = Field(sa_type=Text)
    requested_at: datetime = Field(sa_type=INSTANT)
    finished_at: datetime | None = Field(default=None, sa_type=INSTANT)


class SetAsideRow(Base, table=True):
    """A ticket that did not follow, for it could not be read, say: it stands in the way of no other."""

    __tablename__ = "sla_set_aside"
    __table_args__ = (Index("ix_sla_set_aside_ticket_id", "ticket_id"),)

    recalculation_id: UUID = Field(primary_key=True, foreign_key="sla_recalculation.id")
    ticket_id: UUID = Field(primary_key=True)
    reason: str = Field(sa_type=Text)
    at: datetime = Field(sa_type=INSTANT)
