"""Bases of wire schemas: pydantic only, so that a service's use cases may know them without knowing HTTP."""

from datetime import UTC, datetime, time
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    WithJsonSchema,
)

_EARLIEST, _LATEST = datetime(1970, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)


def in_utc(value: datetime) -> datetime:
    """The same moment in UTC; `ValueError` if it lies outside living memory."""
    if not _EARLIEST <= value < _LATEST:
        raise ValueError("not between the years 1970 and 2200")
    return value.astimezone(UTC)


def _written(value: Any) -> Any:
    if not isinstance(value, datetime) and not (isinstance(value, str) and value[4:5] == "-"):
        raise ValueError("not a date and time as RFC 3339 writes them")
    return value


Instant = Annotated[AwareDatetime, BeforeValidator(_written), AfterValidator(in_utc)]
"""A point in time as a client writes it: with an offset, within living memory. It arrives in UTC, for not everything
that reads times knows every offset that Python does."""


def _without_offset(value: time) -> time:
    if value.tzinfo is not None:
        raise ValueError("a wall-clock time has no offset")
    return value


WallTime = Annotated[
    time,
    AfterValidator(_without_offset),
    WithJsonSchema(
        {"type": "string", "pattern": r"^\d{2}:\d{2}(:\d{2}(\.\d{1,6})?)?$", "examples": ["21:00:00"]}
    ),
]
"""A time of day where the reader is. JSON Schema's own `time` is RFC 3339's, which demands an offset."""

Version = Annotated[int, Field(ge=1, le=2**31 - 1)]
"""The number of a version, which a column of the database has to hold."""


class Body(BaseModel):
    """Base of request bodies: unknown members are refused, strings are stripped."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)


class View(BaseModel):
    """Base of answers: read from a row's attributes."""

    model_config = ConfigDict(from_attributes=True)
