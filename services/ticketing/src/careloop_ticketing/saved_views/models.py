from datetime import datetime

from sqlalchemy import Text
from sqlmodel import Field

from careloop_ticketing.database import INSTANT, Base

EVERYBODY = ""
"""The owner of shared views."""


class SavedViewRow(Base, table=True):
    """A rule that somebody, or everybody, lists tickets by."""

    __tablename__ = "saved_view"

    code: str = Field(primary_key=True, sa_type=Text)
    owner_id: str = Field(primary_key=True, sa_type=Text)
    version: int = 1
    name: str = Field(sa_type=Text)
    rule: str = Field(sa_type=Text)
    saved_at: datetime = Field(sa_type=INSTANT)
    saved_by: str = Field(sa_type=Text)

    @property
    def shared(self) -> bool:
        return self.owner_id == EVERYBODY
