"""The life of a ticket as a table: which act is possible in which status, and where it leads.

classified ──respond──► handling ──resolve──► feedback ──archive──► archived
                         │    ▲                  │
                       pause resume           reopen ──► handling
                         ▼    │
                        waiting
"""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType

from careloop_ticketing.tickets.errors import TransitionImpossible


class Status(StrEnum):
    RECEIVED = "received"
    CLASSIFIED = "classified"
    HANDLING = "handling"
    WAITING = "waiting"
    FEEDBACK = "feedback"
    ARCHIVED = "archived"


class Act(StrEnum):
    """What somebody does to a ticket. What befalls it (an escalation, its customer becoming known) needs no leave."""

    CLASSIFY = "classify"
    RESPOND = "respond"
    ASSIGN = "assign"
    PAUSE = "pause"
    RESUME = "resume"
    RESOLVE = "resolve"
    REOPEN = "reopen"
    ARCHIVE = "archive"
    NOTE = "note"
    ACKNOWLEDGE = "acknowledge"
    HEAR = "hear"


class PauseReason(StrEnum):
    WAITING_FOR_CUSTOMER = "waiting_for_customer"
    WAITING_FOR_THIRD_PARTY = "waiting_for_third_party"


class ReopenReason(StrEnum):
    DISSATISFIED = "dissatisfied"
    NOT_SOLVED = "not_solved"
    MISTAKE = "mistake"
    CUSTOMER_WROTE = "customer_wrote"


class ArchiveReason(StrEnum):
    ANSWERED = "answered"
    NOT_ANSWERED = "not_answered"


class Outcome(StrEnum):
    """How a ticket was resolved."""

    SOLVED = "solved"
    EXPLAINED = "explained"
    COMPENSATED = "compensated"
    DECLINED = "declined"


TRANSITIONS: Mapping[Status, Mapping[Act, Status]] = MappingProxyType(
    {
        Status.RECEIVED: {Act.CLASSIFY: Status.CLASSIFIED},
        Status.CLASSIFIED: {
            Act.CLASSIFY: Status.CLASSIFIED,
            Act.RESPOND: Status.HANDLING,
            Act.ASSIGN: Status.CLASSIFIED,
            Act.RESOLVE: Status.FEEDBACK,
            Act.NOTE: Status.CLASSIFIED,
            Act.ACKNOWLEDGE: Status.CLASSIFIED,
            Act.HEAR: Status.CLASSIFIED,
        },
        Status.HANDLING: {
            Act.CLASSIFY: Status.HANDLING,
            Act.RESPOND: Status.HANDLING,
            Act.ASSIGN: Status.HANDLING,
            Act.PAUSE: Status.WAITING,
            Act.RESOLVE: Status.FEEDBACK,
            Act.NOTE: Status.HANDLING,
            Act.ACKNOWLEDGE: Status.HANDLING,
            Act.HEAR: Status.HANDLING,
        },
        Status.WAITING: {
            Act.CLASSIFY: Status.WAITING,
            Act.RESPOND: Status.WAITING,
            Act.ASSIGN: Status.WAITING,
            Act.RESUME: Status.HANDLING,
            Act.RESOLVE: Status.FEEDBACK,
            Act.NOTE: Status.WAITING,
            Act.ACKNOWLEDGE: Status.WAITING,
            Act.HEAR: Status.WAITING,
        },
        Status.FEEDBACK: {
            Act.CLASSIFY: Status.FEEDBACK,
            Act.REOPEN: Status.HANDLING,
            Act.ARCHIVE: Status.ARCHIVED,
            Act.NOTE: Status.FEEDBACK,
            Act.HEAR: Status.FEEDBACK,
        },
        Status.ARCHIVED: {},
    }
)


def after(status: Status, act: Act) -> Status:
    """The status that `act` leads to; `TransitionImpossible` where the table has no such way."""
    leads_to = TRANSITIONS[status].get(act)
    if leads_to is None:
        possible = sorted(TRANSITIONS[status])
        raise TransitionImpossible(f"A ticket in {status} cannot take the act {act}.", possible=possible)
    return leads_to


def number_of(sequence: int, now: datetime) -> str:
    """What the customer quotes: `C-20260301-000042`. Numbers rise; gaps are possible."""
    return f"C-{now:%Y%m%d}-{sequence:06d}"


def language_of(text: str) -> str:
    """Chinese if it has Chinese characters, else English."""
    return "zh" if any("\u4e00" <= character <= "\u9fff" for character in text) else "en"
