from datetime import datetime
from uuid import UUID

from sqlalchemy import Text, UniqueConstraint
from sqlmodel import Field

from careloop_ticketing.attachments.policy.limits import Purpose
from careloop_ticketing.database import INSTANT, Base, word


class AttachmentRow(Base, table=True):
    """A file of a ticket. Its name may say who somebody is: it is nowhere but here."""

    __tablename__ = "ticket_attachment"
    __table_args__ = (UniqueConstraint("ticket_id", "sha256"),)

    id: UUID = Field(primary_key=True)
    ticket_id: UUID = Field(foreign_key="ticket.id")
    name: str = Field(sa_type=Text)
    media_type: str = Field(sa_type=Text)
    size: int
    sha256: str = Field(sa_type=Text)
    """Of the content as it was sent."""
    purpose: Purpose = Field(sa_type=word(Purpose))
    key: str = Field(sa_type=Text)
    """That of the file, sealed: once the row is gone, nobody can read the file."""
    added_by: str = Field(sa_type=Text)
    added_at: datetime = Field(sa_type=INSTANT)


class LooseFileRow(Base, table=True):
    """A file that is being taken in, or whose attachment is gone. Written before the file is: none is ever forgotten."""

    __tablename__ = "ticket_loose_file"

    id: UUID = Field(primary_key=True)
    since: datetime = Field(sa_type=INSTANT, index=True)
