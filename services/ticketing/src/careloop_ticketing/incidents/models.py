from datetime import datetime
from uuid import UUID

from sqlmodel import Field

from careloop_ticketing.database import INSTANT, Base


class IncidentRow(Base, table=True):
    """A ticket that stands for many, and the bulk job that last resolved these with it, if any did."""

    __tablename__ = "incident"

    ticket_id: UUID = Field(primary_key=True, foreign_key="ticket.id")
    opened_at: datetime = Field(sa_type=INSTANT)
    job_id: UUID | None = Field(default=None, foreign_key="bulk_job.id")
