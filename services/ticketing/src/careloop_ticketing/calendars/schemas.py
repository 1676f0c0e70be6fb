from datetime import date, datetime
from typing import Annotated, Any, Literal

from careloop_common.schemas import Body, Instant, View
from pydantic import ConfigDict, Field, StringConstraints

from careloop_ticketing.calendars.icalendars import Reason
from careloop_ticketing.calendars.policy import hours
from careloop_ticketing.calendars.policy.document import MOST_EXCEPTIONS, NO_SOURCE

CODE = r"^[a-z][a-z0-9-]{0,39}$"
MOST_SECONDS = 20 * 366 * 86400
MOST_CASES = 100

Name = Annotated[str, StringConstraints(min_length=1, max_length=100, pattern=r"^[^\x00-\x1f]+$")]
Interval = Annotated[str, StringConstraints(pattern=hours.PATTERN)]
Hours = Annotated[list[Interval], Field(max_length=24)]
Zone = Annotated[
    str,
    StringConstraints(max_length=60, pattern=r"^(UTC|[A-Z][A-Za-z]+(/[A-Za-z0-9_+-]+){1,2})$"),
    Field(examples=["Asia/Shanghai"]),
]
Source = Annotated[str, StringConstraints(pattern=rf"^({NO_SOURCE}|[A-Z]{{2}}(-[A-Z0-9]{{1,3}})?)$")]
EXAMPLE: dict[str, Any] = {
    "name": "Office hours",
    "zone": "Asia/Shanghai",
    "hours": {"mon": ["09:00-12:00", "13:30-18:00"], "tue": ["09:00-18:00"], "fri": ["22:00-06:00"]},
    "holidays": "CN",
    "exceptions": [{"date": "2026-05-08", "kind": "off", "name": "Stocktaking"}],
}
Seconds = Annotated[int, Field(ge=0, le=MOST_SECONDS)]


class Week(Body):
    """Hours by weekday, in order; `22:00-06:00` ends on the next day, a day without hours is a day off."""

    mon: Hours = Field(default_factory=list)
    tue: Hours = Field(default_factory=list)
    wed: Hours = Field(default_factory=list)
    thu: Hours = Field(default_factory=list)
    fri: Hours = Field(default_factory=list)
    sat: Hours = Field(default_factory=list)
    sun: Hours = Field(default_factory=list)


class DatedException(Body):
    """A dated exception, which outranks weekday and holidays. Without hours, a workday has those of a make-up workday."""

    date: date
    kind: Literal["off", "work"]
    hours: Hours | None = None
    name: Name | None = None


class Calendar(Body):
    """When work is done. A make-up workday (调休) has `make_up_hours`, or else the hours of Monday."""

    model_config = ConfigDict(json_schema_extra={"examples": [EXAMPLE]})

    name: Name
    zone: Zone
    """An IANA time zone."""
    hours: Week
    make_up_hours: Hours | None = None
    holidays: Source = NO_SOURCE
    """`none`, a country such as `CN`, or a country and a part of it such as `DE-BY`."""
    official_through: date | None = None
    """Until when the exceptions are the official notice, where the source still guesses: its guesses do not count then."""
    exceptions: Annotated[list[DatedException], Field(max_length=MOST_EXCEPTIONS)] = Field(
        default_factory=list
    )


class CalendarView(View):
    code: str
    version: int
    name: str
    document: Calendar
    valid_through: date | None
    """Holidays after this day are a guess, and so are due times; None if there is nothing to guess."""
    created_at: datetime
    created_by: str


class WorkingInterval(View):
    start: datetime
    end: datetime


class AnswerView(View):
    """Working time from one instant to another, and where it was spent."""

    code: str
    version: int
    start: datetime
    end: datetime
    seconds: float
    provisional: bool
    """Whether the end lies after the days for which the holidays are official, and may still move."""
    valid_through: date | None
    intervals: list[WorkingInterval]
    """The first of the working intervals between both ends."""
    more_intervals: bool


class Case(Body):
    """Some working time, from an instant on."""

    start: Instant
    seconds: Seconds


class Preview(Body):
    document: Calendar
    cases: Annotated[list[Case], Field(min_length=1, max_length=MOST_CASES)]


class DueView(View):
    due_at: datetime
    provisional: bool


class MoveView(View):
    """When a case is due under the active version and under the proposed one; None where it leads past the horizon."""

    start: datetime
    seconds: float
    active: DueView | None
    proposed: DueView | None
    moved_seconds: float | None


class PreviewView(View):
    active_version: int | None
    """None if there is no calendar of this code yet."""
    valid_through: date | None
    """Of the proposed version."""
    cases: list[MoveView]
    moved: int
    """How many of the cases would be due at another time."""


class DayView(View):
    date: date
    kind: Literal["off", "work"]
    name: str


class SkippedView(View):
    name: str
    date: date | None
    reason: Reason
