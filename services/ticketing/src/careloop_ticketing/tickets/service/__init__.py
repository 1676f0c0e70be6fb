"""The use cases of a ticket, by verb. Other slices come in here; the tables stay behind it."""

from careloop_ticketing.tickets.models import TicketRow as Ticket
from careloop_ticketing.tickets.service.case import Case
from careloop_ticketing.tickets.service.closing import FEEDBACK_TIMER, archive, reopen, resolve
from careloop_ticketing.tickets.service.handling import (
    acknowledge,
    add_note,
    assign,
    classify,
    respond,
)
from careloop_ticketing.tickets.service.hearing import hear
from careloop_ticketing.tickets.service.history import record
from careloop_ticketing.tickets.service.linking import catch_up, link_waiting
from careloop_ticketing.tickets.service.loading import get, lock, lock_due
from careloop_ticketing.tickets.service.opening import Intake, open_ticket
from careloop_ticketing.tickets.service.standing import Entry, Standing
from careloop_ticketing.tickets.service.waiting import pause, resume

__all__ = [
    "FEEDBACK_TIMER",
    "Case",
    "Entry",
    "Intake",
    "Standing",
    "Ticket",
    "acknowledge",
    "add_note",
    "archive",
    "assign",
    "catch_up",
    "classify",
    "get",
    "hear",
    "link_waiting",
    "lock",
    "lock_due",
    "open_ticket",
    "pause",
    "record",
    "reopen",
    "resolve",
    "respond",
    "resume",
]
