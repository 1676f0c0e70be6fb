"""Which events a step in a ticket's life makes, who wants them, and when a failed one is sent again."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final
from urllib.parse import parse_qsl
from uuid import NAMESPACE_URL, UUID, uuid5

from careloop_ticketing.tmf621.errors import AttributeInvalid
from careloop_ticketing.tmf621.policy.statuses import TmfStatus

GIVE_UP_AFTER: Final = timedelta(hours=24)
_LONGEST_WAIT: Final = timedelta(hours=1)
_SILENT: Final = frozenset({"acknowledged", "satisfaction_received"})
"""Steps of which the interface shows nothing."""


class EventType(StrEnum):
    CREATE = "TroubleTicketCreateEvent"
    ATTRIBUTE = "TroubleTicketAttributeValueChangeEvent"
    STATUS = "TroubleTicketStatusChangeEvent"
    RESOLVED = "TroubleTicketResolvedEvent"
    INFORMATION = "TroubleTicketInformationRequiredEvent"

    @property
    def listener(self) -> str:
        """The last part of the address to which it goes."""
        return f"{self[0].lower()}{self[1:]}"


@dataclass(frozen=True, slots=True)
class Step:
    """A history entry, and what is told of it."""

    seq: int
    at: datetime
    events: Sequence[EventType]


def told(steps: Iterable[Step]) -> list[Step]:
    """The steps of a ticket of which something is told. Attributes that changed by one act are told of once."""
    found: list[Step] = []
    for step in steps:
        again = (
            bool(found)
            and step.at == found[-1].at
            and tuple(step.events) == tuple(found[-1].events) == (EventType.ATTRIBUTE,)
        )
        if again:
            found[-1] = step
        elif step.events:
            found.append(step)
    return found


class DeliveryState(StrEnum):
    WAITING = "waiting"
    DELIVERED = "delivered"
    GIVEN_UP = "given_up"


def events_of(fact: str, seq: int, before: TmfStatus | None, after: TmfStatus) -> Sequence[EventType]:
    """The events of one history entry, in the order in which they are sent."""
    if before is None:
        return (EventType.CREATE,)
    if before is not after:
        more = {TmfStatus.RESOLVED: (EventType.RESOLVED,), TmfStatus.PENDING: (EventType.INFORMATION,)}
        return EventType.STATUS, *more.get(after, ())
    # The classification by rules is part of the opening.
    return () if fact in _SILENT or (fact == "classified" and seq == 2) else (EventType.ATTRIBUTE,)


def event_id(ticket_id: UUID, seq: int, event_type: EventType) -> UUID:
    """The same for whoever asks, however often it is worked out."""
    return uuid5(NAMESPACE_URL, f"tmf621/{ticket_id}/{seq}/{event_type}")


def wanted_types(query: str | None) -> frozenset[EventType]:
    """The event types that a subscription's query names; all of them without one."""
    if not query or not query.strip():
        return frozenset(EventType)
    found = set()
    for name, value in parse_qsl(query.strip().lstrip("?"), keep_blank_values=True) or [("", "")]:
        if name != "eventType":
            raise AttributeInvalid("A query is eventType=…, with several types by comma.", pointer="/query")
        for word in value.split(","):
            if word.strip() not in set(EventType):
                raise AttributeInvalid(f"There is no event type {word[:80]!r} here.", pointer="/query")
            found.add(EventType(word.strip()))
    return frozenset(found)


def next_attempt(attempts: int, *, first: float, now: datetime, until: datetime) -> datetime | None:
    """When to send it again after this many failures; None once it is given up."""
    if now >= until:
        return None
    doubled: int = 1 << min(attempts - 1, 20)
    return now + min(_LONGEST_WAIT, timedelta(seconds=first) * doubled)


def body(
    version: int,
    event: EventType,
    identity: UUID,
    at: str,
    ticket: dict[str, Any],
    *,
    left_out: Sequence[str],
) -> dict[str, Any]:
    """A notification. Version 4 spells the moment of the event with one c."""
    common = {
        "eventId": str(identity),
        "eventTime": at,
        "eventType": event.value,
        "correlationId": ticket["id"],
        "domain": "troubleTicket",
        "title": event.value,
        "event": {"troubleTicket": ticket},
    }
    if left_out:
        common["description"] = f"Left out for their size, see href: {', '.join(left_out)}."
    if version == 4:
        return {**common, "timeOcurred": at}
    source = {"id": "careloop-ticketing", "name": "CareLoop", "@type": "EntityRef", "@referredType": "System"}
    more = {"timeOccurred": at, "source": source, "reportingSystem": source}
    return {**common, **more, "@type": event.value, "@baseType": "Event"}
