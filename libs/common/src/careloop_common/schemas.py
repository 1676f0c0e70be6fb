"""Bases of wire schemas: pydantic only, so that a service's use cases may know them without knowing HTTP."""

from pydantic import BaseModel, ConfigDict


class Body(BaseModel):
    """Base of request bodies: unknown members are refused, strings are stripped."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)


class View(BaseModel):
    """Base of answers: read from a row's attributes."""

    model_config = ConfigDict(from_attributes=True)
