"""Bases of wire schemas: pydantic only, so that a service's use cases may know them without knowing HTTP."""

from datetime import time
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, WithJsonSchema


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


class Body(BaseModel):
    """Base of request bodies: unknown members are refused, strings are stripped."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)


class View(BaseModel):
    """Base of answers: read from a row's attributes."""

    model_config = ConfigDict(from_attributes=True)
