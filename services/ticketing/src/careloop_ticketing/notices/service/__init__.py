"""Saying what happened to those whom it matters to, and what of it waits. Other slices come in here."""

from careloop_ticketing.notices.models import NoticeRow as WaitingNotice
from careloop_ticketing.notices.policy.roster import NOBODY, Addressee, Addressees, Duty, Placed, Role
from careloop_ticketing.notices.policy.telling import Notice, Reason
from careloop_ticketing.notices.queries import acknowledge, waiting, waits
from careloop_ticketing.notices.service.rostering import duty
from careloop_ticketing.notices.service.telling import tell

__all__ = [
    "NOBODY",
    "Addressee",
    "Addressees",
    "Duty",
    "Notice",
    "Placed",
    "Reason",
    "Role",
    "WaitingNotice",
    "acknowledge",
    "duty",
    "tell",
    "waiting",
    "waits",
]
