"""The life of a ticket as a table: which act is possible in which status, and where it leads.

classified ──respond──► handling ──resolve──► feedback ──archive──► archived
                         │    ▲                  │
                       pause resume           reopen ──► handling
                         ▼    │
                        waiting

From classified, handling and waiting also: merge ──► merged ──unmerge──► back, reject ──► rejected, cancel ──► cancelled.
"""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from careloop_ticketing.tickets.errors import ReceivedBeforeOpening, TransitionImpossible
from careloop_ticketing.vocabulary import Milestone, Status


class Act(StrEnum):
    """What somebody does to a ticket. What befalls it (an escalation, its customer becoming known) needs no leave."""

    CLASSIFY = "classify"
    RESPOND = "respond"
    ASSIGN = "assign"
    RELEASE = "release"
    PAUSE = "pause"
    RESUME = "resume"
    RESOLVE = "resolve"
    REOPEN = "reopen"
    ARCHIVE = "archive"
    NOTE = "note"
    ACKNOWLEDGE = "acknowledge"
    REACH = "reach"
    HEAR = "hear"
    MERGE = "merge"
    UNMERGE = "unmerge"
    REJECT = "reject"
    CANCEL = "cancel"


class ReopenReason(StrEnum):
    DISSATISFIED = "dissatisfied"
    NOT_SOLVED = "not_solved"
    MISTAKE = "mistake"
    CUSTOMER_WROTE = "customer_wrote"


class ArchiveReason(StrEnum):
    ANSWERED = "answered"
    NOT_ANSWERED = "not_answered"
    NOT_VISITED = "not_visited"
    """The customer answered that there was nothing to rate (未去过)."""
    CLOSED = "closed"
    """Somebody, or another system that works on the ticket, closed it without waiting for an answer."""


class RejectReason(StrEnum):
    NOT_OURS = "not_ours"
    UNFOUNDED = "unfounded"
    ABUSIVE = "abusive"
    SPAM = "spam"


class CancelReason(StrEnum):
    WITHDRAWN = "withdrawn"
    MISTAKE = "mistake"
    TEST = "test"


class LowerReason(StrEnum):
    """Why a ticket is less grave than it was said to be."""

    MISJUDGED = "misjudged"
    """It never was."""
    AVERTED = "averted"
    """What made it grave is over."""
    TAKEN_BACK = "taken_back"
    """Somebody had raised it by mistake."""


class Unstated(StrEnum):
    """In place of a reason, where the interface through which somebody acts has no words for it."""

    NOT_STATED = "not_stated"
    """Stated by a client of TM Forum's interface, without a reason; what it wrote besides is a note."""


class LinkType(StrEnum):
    """What a ticket is to the one that it is linked to."""

    DUPLICATE = "duplicate"
    RELATED = "related"
    CHILD = "child"
    REOPEN_OF = "reopen_of"


class Outcome(StrEnum):
    """How a ticket was resolved."""

    SOLVED = "solved"
    EXPLAINED = "explained"
    COMPENSATED = "compensated"
    DECLINED = "declined"


_ROUTES: Final = MappingProxyType(
    {Act.NOTE: "notes", Act.HEAR: "messages", Act.ARCHIVE: "close", Act.REACH: "milestones"}
)
"""Where the route is not called as the act is: `POST /v1/tickets/{id}/…`."""

_ENDS = {Act.MERGE: Status.MERGED, Act.REJECT: Status.REJECTED, Act.CANCEL: Status.CANCELLED}

TRANSITIONS: Mapping[Status, Mapping[Act, Status]] = MappingProxyType(
    {
        Status.RECEIVED: {Act.CLASSIFY: Status.CLASSIFIED},
        Status.CLASSIFIED: {
            Act.CLASSIFY: Status.CLASSIFIED,
            Act.RESPOND: Status.HANDLING,
            Act.ASSIGN: Status.CLASSIFIED,
            Act.RELEASE: Status.CLASSIFIED,
            Act.RESOLVE: Status.FEEDBACK,
            Act.NOTE: Status.CLASSIFIED,
            Act.ACKNOWLEDGE: Status.CLASSIFIED,
            Act.REACH: Status.CLASSIFIED,
            Act.HEAR: Status.CLASSIFIED,
            **_ENDS,
        },
        Status.HANDLING: {
            Act.CLASSIFY: Status.HANDLING,
            Act.RESPOND: Status.HANDLING,
            Act.ASSIGN: Status.HANDLING,
            Act.RELEASE: Status.HANDLING,
            Act.PAUSE: Status.WAITING,
            Act.RESOLVE: Status.FEEDBACK,
            Act.NOTE: Status.HANDLING,
            Act.ACKNOWLEDGE: Status.HANDLING,
            Act.REACH: Status.HANDLING,
            Act.HEAR: Status.HANDLING,
            **_ENDS,
        },
        Status.WAITING: {
            Act.CLASSIFY: Status.WAITING,
            Act.RESPOND: Status.WAITING,
            Act.ASSIGN: Status.WAITING,
            Act.RELEASE: Status.WAITING,
            Act.RESUME: Status.HANDLING,
            Act.RESOLVE: Status.FEEDBACK,
            Act.NOTE: Status.WAITING,
            Act.ACKNOWLEDGE: Status.WAITING,
            Act.REACH: Status.WAITING,
            Act.HEAR: Status.WAITING,
            **_ENDS,
        },
        Status.FEEDBACK: {
            Act.CLASSIFY: Status.FEEDBACK,
            Act.REOPEN: Status.HANDLING,
            Act.ARCHIVE: Status.ARCHIVED,
            Act.NOTE: Status.FEEDBACK,
            Act.ACKNOWLEDGE: Status.FEEDBACK,
            Act.HEAR: Status.FEEDBACK,
        },
        Status.ARCHIVED: {},
        Status.MERGED: {Act.UNMERGE: Status.CLASSIFIED},
        Status.REJECTED: {},
        Status.CANCELLED: {},
    }
)


def after(status: Status, act: Act) -> Status:
    """The status that `act` leads to; `TransitionImpossible` where the table has no such way."""
    leads_to = TRANSITIONS[status].get(act)
    if leads_to is None:
        possible = sorted(_ROUTES.get(way, way.value) for way in TRANSITIONS[status])
        raise TransitionImpossible(f"A ticket in {status} cannot take the act {act}.", possible=possible)
    return leads_to


CLOCKS_DIFFER: Final = timedelta(minutes=1)
_NUMBER: Final = re.compile(r"(?<![a-z0-9-])c-\d{8}-\d{6,12}(?![a-z0-9-])", re.ASCII | re.IGNORECASE)


def reached(before: Sequence[Milestone], milestone: Milestone) -> list[Milestone]:
    """What a ticket has reached with this; another visit that is needed has not been made yet."""
    undone = {Milestone.VISITED} if milestone is Milestone.VISIT_NEEDED else set()
    return [one for one in Milestone if one is milestone or (one in before and one not in undone)]


def unmerged(status: Status, *, answered: bool) -> Status:
    """Where a merge that is undone leads back to: a ticket that was answered is handled, also one that waited."""
    back = after(status, Act.UNMERGE)
    return Status.HANDLING if answered else back


def heard_at(received_at: datetime | None, *, opened_at: datetime, now: datetime) -> datetime:
    """When the customer wrote: within the life of the ticket, `ReceivedBeforeOpening` if they say otherwise.

    The clock of whoever took the message down may differ a little from ours.
    """
    if received_at is None:
        return now
    if received_at < opened_at - CLOCKS_DIFFER:
        raise ReceivedBeforeOpening(
            f"The ticket was opened at {opened_at.isoformat()}.", pointer="/received_at"
        )
    return min(max(received_at, opened_at), now)


def number_of(sequence: int, now: datetime) -> str:
    """What the customer quotes: `C-20260301-000042`. Numbers rise; gaps are possible."""
    return f"C-{now:%Y%m%d}-{sequence:06d}"


def number_in(text: str) -> str | None:
    """The number of a ticket that somebody quotes: `工单C-20260301-000042`, in whatever width."""
    found = _NUMBER.search(unicodedata.normalize("NFKC", text))
    return found[0].upper() if found else None


def language_of(text: str) -> str:
    """Chinese if it has Chinese characters, else English."""
    return "zh" if any("\u4e00" <= character <= "\u9fff" for character in text) else "en"
