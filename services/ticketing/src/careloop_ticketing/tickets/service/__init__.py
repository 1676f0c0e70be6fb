"""The use cases of a ticket, by verb. Other slices come in here; the tables stay behind it."""

from careloop_ticketing.tickets.models import HistoryRow as HistoryEntry
from careloop_ticketing.tickets.models import NoteRow as Note
from careloop_ticketing.tickets.models import TicketRow as Ticket
from careloop_ticketing.tickets.queries import deadlines, lock_all
from careloop_ticketing.tickets.service.amending import amend, correct
from careloop_ticketing.tickets.service.case import Case
from careloop_ticketing.tickets.service.closing import FEEDBACK_TIMER, archive, close, reopen, resolve
from careloop_ticketing.tickets.service.counting import count
from careloop_ticketing.tickets.service.desk import by_due
from careloop_ticketing.tickets.service.ending import cancel, reject
from careloop_ticketing.tickets.service.family import children_by_status, known, open_children
from careloop_ticketing.tickets.service.handling import (
    acknowledge,
    add_note,
    assign,
    classify,
    leave_team,
    reach,
    release,
    respond,
)
from careloop_ticketing.tickets.service.hearing import hear
from careloop_ticketing.tickets.service.history import chain_of, record
from careloop_ticketing.tickets.service.listing import find
from careloop_ticketing.tickets.service.loading import expect, get, lock, lock_both, lock_due
from careloop_ticketing.tickets.service.merging import lock_merged, merge, refuse_merged, unmerge
from careloop_ticketing.tickets.service.opening import Intake, open_ticket
from careloop_ticketing.tickets.service.relating import adopt, link, unlink, unwatch, watch
from careloop_ticketing.tickets.service.standing import Entry, Standing
from careloop_ticketing.tickets.service.telling import changed_hands, watching
from careloop_ticketing.tickets.service.undoing import back, before, take_back
from careloop_ticketing.tickets.service.waiting import pause, resume

__all__ = [
    "FEEDBACK_TIMER",
    "Case",
    "Entry",
    "HistoryEntry",
    "Intake",
    "Note",
    "Standing",
    "Ticket",
    "acknowledge",
    "add_note",
    "adopt",
    "amend",
    "archive",
    "assign",
    "back",
    "before",
    "by_due",
    "cancel",
    "chain_of",
    "changed_hands",
    "children_by_status",
    "classify",
    "close",
    "correct",
    "count",
    "deadlines",
    "expect",
    "find",
    "get",
    "hear",
    "known",
    "leave_team",
    "link",
    "lock",
    "lock_all",
    "lock_both",
    "lock_due",
    "lock_merged",
    "merge",
    "open_children",
    "open_ticket",
    "pause",
    "reach",
    "record",
    "refuse_merged",
    "reject",
    "release",
    "reopen",
    "resolve",
    "respond",
    "resume",
    "take_back",
    "unlink",
    "unmerge",
    "unwatch",
    "watch",
    "watching",
]
