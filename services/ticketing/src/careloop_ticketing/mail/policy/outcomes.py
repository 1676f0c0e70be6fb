"""What becomes of a message."""

from enum import StrEnum


class Outcome(StrEnum):
    OPENED = "opened"
    """A new ticket."""
    ADDED = "added"
    """The customer has said it on their ticket."""
    REOPENED = "reopened"
    """The same, and the ticket had been resolved."""
    ANSWERED = "answered"
    """The customer has said how it went."""
    IGNORED = "ignored"
    KNOWN = "known"
    """It came before."""


HEARD = (Outcome.OPENED, Outcome.ADDED, Outcome.REOPENED, Outcome.ANSWERED)
"""Whoever wrote these is known on the ticket."""


class Apart(StrEnum):
    """Why a message that names a ticket opens another one."""

    SENDER_UNKNOWN = "sender_unknown"
    """Nobody wrote from this address on that ticket: its number may be guessed."""
    TICKET_CLOSED = "ticket_closed"
