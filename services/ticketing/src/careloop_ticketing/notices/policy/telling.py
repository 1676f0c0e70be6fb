"""What people are told: each of them one notice of a ticket and an instant, however much happened to it then."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final, NamedTuple
from uuid import UUID

from careloop_ticketing.notices.policy.roster import Role
from careloop_ticketing.vocabulary import Level


class Reason(StrEnum):
    ESCALATED = "escalated"
    ASSIGNED = "assigned"
    TAKEN_AWAY = "taken_away"
    """Who held it does not any more."""
    RESOLVED = "resolved"
    REOPENED = "reopened"
    NOTED = "noted"
    CUSTOMER_WROTE = "customer_wrote"


WATCHED: Final = frozenset(Reason) - {Reason.TAKEN_AWAY}
"""What watchers are told of."""


class Channel(StrEnum):
    """How somebody wants to be told besides the list of their notices. Whatever delivers hears it in `ticket.noticed`."""

    IN_APP = "in_app"
    EMAIL = "email"
    SMS = "sms"
    IM = "im"
    PHONE = "phone"


@dataclass(frozen=True, slots=True)
class Choice:
    """What somebody who watches tickets wants to be told of, and how."""

    watched: frozenset[Reason] = WATCHED
    channels: tuple[Channel, ...] = (Channel.IN_APP,)


USUAL: Final = Choice()


class Notice(NamedTuple):
    """What somebody is told about a ticket. Not a dataclass: there are thousands at once."""

    ticket_id: UUID
    number: str
    recipient: str
    role: Role
    reason: Reason
    level: Level | None = None
    """In whose name they are told, of an escalation."""
    clock: str | None = None
    step: str | None = None
    due_at: datetime | None = None
    asks: bool = False
    """Whether it waits for somebody to acknowledge it: an escalation, for those who are to act on it."""
    also: tuple[str, ...] = ()
    """What else happened at that instant."""

    @property
    def name(self) -> str:
        return f"{self.clock} {self.step}" if self.clock else self.reason.value

    @property
    def weight(self) -> tuple[bool, bool]:
        """That a ticket is theirs no longer tells a person all they need; what they only watch, least."""
        return self.reason is Reason.TAKEN_AWAY, self.role is not Role.WATCHER


def one_each(notices: Iterable[Notice]) -> list[Notice]:
    """Of what each person would be told about a ticket the last of the weightiest, which mentions the rest."""
    found: dict[tuple[UUID, str], list[Notice]] = {}
    for notice in notices:
        found.setdefault((notice.ticket_id, notice.recipient), []).append(notice)
    return [theirs[0] if len(theirs) == 1 else _together(theirs) for theirs in found.values()]


def _together(notices: list[Notice]) -> Notice:
    last = max(reversed(notices), key=lambda notice: notice.weight)
    others = dict.fromkeys(notice.name for notice in notices if notice.name != last.name)
    asks = last.reason is not Reason.TAKEN_AWAY and any(notice.asks for notice in notices)
    return last._replace(asks=asks, also=tuple(others))
