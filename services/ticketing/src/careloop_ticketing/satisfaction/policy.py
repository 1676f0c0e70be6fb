"""What a reply means: a score from 1 to 5, in numbers or in the words that customers send by text message."""

from datetime import datetime
from enum import StrEnum

DISSATISFIED = 2
_SCORES = {"很好": 5, "好": 4, "一般": 3, "差": 1}


class Outcome(StrEnum):
    ARCHIVE = "archive"
    REOPEN = "reopen"
    RECORD = "record"


def score_of(reply: str) -> int | None:
    """The score of a reply in words, or none if it is not one of them."""
    return _SCORES.get(reply.strip().rstrip("。.!！"))


def outcome(score: int, *, open_until: datetime | None, reopened_before: bool, now: datetime) -> Outcome:
    """A late answer is only recorded; a dissatisfied one reopens the ticket, once; any other closes it."""
    if open_until is None or now >= open_until:
        return Outcome.RECORD
    return Outcome.REOPEN if score <= DISSATISFIED and not reopened_before else Outcome.ARCHIVE
