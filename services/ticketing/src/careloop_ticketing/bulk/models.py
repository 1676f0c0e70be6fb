from datetime import datetime
from typing import Any
from uuid import UUID

from careloop_common import ids
from sqlalchemy import Column, Index, Text, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from careloop_ticketing.bulk.policy import Act, Result, State
from careloop_ticketing.database import INSTANT, Base, word

OPEN = (State.QUEUED, State.RUNNING)


class BulkJobRow(Base, table=True):
    """One act on many tickets, and how far it is. `cursor` is the last ticket that had its turn."""

    __tablename__ = "bulk_job"
    __table_args__ = (
        Index(
            "ix_bulk_job_open",
            "worked_at",
            "id",
            postgresql_where=text("state IN ('queued', 'running')"),
        ),
        Index("ix_bulk_job_kept", "finished_at", postgresql_where=text("forgotten_at IS NULL")),
    )

    id: UUID = Field(default_factory=ids.new_id, primary_key=True)
    act: Act = Field(sa_type=word(Act))
    arguments: dict[str, Any] = Field(sa_column=Column(JSONB, nullable=False))
    dry_run: bool = False
    undoes: UUID | None = Field(default=None, foreign_key="bulk_job.id")
    rule: str | None = Field(default=None, sa_type=Text)
    """By which the tickets were chosen, if they were not named."""
    view: str | None = Field(default=None, sa_type=Text)
    state: State = Field(default=State.QUEUED, sa_type=word(State))
    cursor: UUID | None = None
    total: int
    changed: int = 0
    no_effect: int = 0
    impossible: int = 0
    actor_id: str = Field(sa_type=Text)
    actor_kind: str = Field(sa_type=Text)
    requested_at: datetime = Field(sa_type=INSTANT)
    worked_at: datetime = Field(sa_type=INSTANT)
    """When its last batch was done: jobs take turns."""
    finished_at: datetime | None = Field(default=None, sa_type=INSTANT)
    forgotten_at: datetime | None = Field(default=None, sa_type=INSTANT)

    @property
    def counts(self) -> dict[Result, int]:
        """Items by result."""
        done = {
            Result.CHANGED: self.changed,
            Result.NO_EFFECT: self.no_effect,
            Result.IMPOSSIBLE: self.impossible,
        }
        left, still_open = self.total - sum(done.values()), self.state in OPEN
        return {
            Result.PENDING: left if still_open else 0,
            **done,
            Result.NOT_DONE: 0 if still_open else left,
        }


class BulkItemRow(Base, table=True):
    """A ticket that a job is about, and what became of that."""

    __tablename__ = "bulk_item"

    job_id: UUID = Field(primary_key=True, foreign_key="bulk_job.id")
    ticket_id: UUID = Field(primary_key=True)
    """No foreign key: to check it would lock ten thousand tickets against whoever works on them."""
    version: int | None = None
    """Which the ticket has to have, if that was said."""
    arguments: dict[str, Any] | None = Field(default=None, sa_column=Column(JSONB(none_as_null=True)))
    """In place of those of the job: what an undo puts back differs from ticket to ticket."""
    result: Result = Field(default=Result.PENDING, sa_type=word(Result))
    code: str | None = Field(default=None, sa_type=Text)
    detail: str | None = Field(default=None, sa_type=Text)
    version_after: int | None = None
    back: dict[str, Any] | None = Field(default=None, sa_column=Column(JSONB(none_as_null=True)))
    """Arguments of the inverse act."""
    done_at: datetime | None = Field(default=None, sa_type=INSTANT)
