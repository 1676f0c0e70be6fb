from collections.abc import Iterable
from datetime import date, datetime
from typing import Any

from sqlalchemy import Column, ForeignKey, Integer, Text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from careloop_ticketing.calendars.policy import document
from careloop_ticketing.calendars.policy.compiled import Compiled
from careloop_ticketing.calendars.policy.document import Holidays
from careloop_ticketing.database import INSTANT, Base


class CalendarRow(Base, table=True):
    """A calendar's active version. The row is also the lock under which versions get their numbers."""

    __tablename__ = "calendar"

    code: str = Field(primary_key=True, sa_type=Text)
    version: int


class CalendarVersionRow(Base, table=True):
    """One version of a calendar, and what its holiday source said when it was published: never changed."""

    __tablename__ = "calendar_version"

    code: str = Field(sa_column=Column(Text, ForeignKey("calendar.code"), primary_key=True))
    version: int = Field(sa_column=Column(Integer, primary_key=True, autoincrement=False))
    name: str = Field(sa_type=Text)
    document: dict[str, Any] = Field(sa_column=Column(JSONB, nullable=False))
    holidays: dict[str, Any] = Field(sa_column=Column(JSONB, nullable=False))
    valid_through: date | None = None
    """Holidays after this day are a guess; None if there is nothing to guess."""
    created_at: datetime = Field(sa_type=INSTANT)
    created_by: str = Field(sa_type=Text)

    def to_compiled(self) -> Compiled:
        found = Holidays(_days(self.holidays["off"]), _days(self.holidays["make_up"]), self.valid_through)
        return Compiled(document.read(self.document, found), self.created_at.year)


def stored(holidays: Holidays) -> dict[str, Any]:
    """What the column `holidays` holds."""
    return {
        "off": [day.isoformat() for day in sorted(holidays.off)],
        "make_up": [day.isoformat() for day in sorted(holidays.make_up)],
    }


def _days(written: Iterable[str]) -> frozenset[date]:
    return frozenset(map(date.fromisoformat, written))
