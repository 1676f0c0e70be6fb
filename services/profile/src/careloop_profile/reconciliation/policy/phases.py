"""What a run does, and what it finds."""

from enum import StrEnum


class Cause(StrEnum):
    NIGHT = "night"
    REQUEST = "request"


class State(StrEnum):
    RUNNING = "running"
    DONE = "done"


class Phase(StrEnum):
    """In this order. Customers come first, so that a person is looked at as it will be."""

    CUSTOMERS = "customers"
    """Each is compared with those like it; then again those of persons who grew, until none grows."""
    QUESTIONS = "questions"
    """Each open one is asked of the model again."""
    PERSONS = "persons"
    """Each of three customers and more is looked at for weak bridges."""


class Finding(StrEnum):
    MERGED = "merged"
    PROPOSED = "proposed"
    """A question to people: are these two persons one?"""
    CLOSED = "closed"
    """A question that the model does not ask any more."""
    BRIDGE = "bridge"
    """A question to people: is this one person two?"""
    SPLIT = "split"
    """A person that was taken apart at a weak bridge, because the settings say so."""
    SKIPPED = "skipped"
    """What could not be looked at."""
