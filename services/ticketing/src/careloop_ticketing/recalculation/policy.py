"""What a recalculation is about, and how far it is."""

from enum import StrEnum


class State(StrEnum):
    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"


class Cause(StrEnum):
    CALENDAR = "calendar"
    """A calendar has a new version: the clocks that count by it follow by themselves."""
    POLICY = "policy"
    """Somebody applied a policy to what runs already."""
