"""A text for a person: which one, in which language and variant."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Choice:
    template: str
    language: str
    variant: str


@dataclass(frozen=True, slots=True)
class Rendered:
    subject: str
    text: str
    html: str
    version: int
