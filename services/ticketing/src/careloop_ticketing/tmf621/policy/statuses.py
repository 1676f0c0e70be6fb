"""Our statuses and the interface's, and which acts lead from one to another."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from careloop_ticketing.tickets.policy import Act
from careloop_ticketing.tmf621.errors import StatusImpossible
from careloop_ticketing.vocabulary import PauseReason, Status


class TmfStatus(StrEnum):
    ACKNOWLEDGED = "acknowledged"
    REJECTED = "rejected"
    PENDING = "pending"
    HELD = "held"
    IN_PROGRESS = "inProgress"
    CANCELLED = "cancelled"
    CLOSED = "closed"
    RESOLVED = "resolved"


OURS: Mapping[TmfStatus, frozenset[Status]] = MappingProxyType(
    {
        TmfStatus.ACKNOWLEDGED: frozenset({Status.RECEIVED, Status.CLASSIFIED}),
        TmfStatus.IN_PROGRESS: frozenset({Status.HANDLING}),
        TmfStatus.PENDING: frozenset({Status.WAITING}),
        TmfStatus.HELD: frozenset({Status.WAITING}),
        TmfStatus.RESOLVED: frozenset({Status.FEEDBACK}),
        TmfStatus.CLOSED: frozenset({Status.ARCHIVED, Status.MERGED}),
        TmfStatus.REJECTED: frozenset({Status.REJECTED}),
        TmfStatus.CANCELLED: frozenset({Status.CANCELLED}),
    }
)
WAITS: Mapping[TmfStatus, PauseReason] = MappingProxyType(
    {
        TmfStatus.PENDING: PauseReason.WAITING_FOR_CUSTOMER,
        TmfStatus.HELD: PauseReason.WAITING_FOR_THIRD_PARTY,
    }
)


@dataclass(frozen=True, slots=True)
class Step:
    """An act that a wanted status asks for; a pause has a reason."""

    act: Act
    reason: PauseReason | None = None


def shown(status: Status, waits_for: str | None) -> TmfStatus:
    """What a ticket in `status` shows; a waiting one by what it waits for."""
    if status is Status.WAITING:
        return TmfStatus.HELD if waits_for == PauseReason.WAITING_FOR_THIRD_PARTY else TmfStatus.PENDING
    return next(wanted for wanted, ours in OURS.items() if status in ours)


_SUPERVISE: Final = "tickets:supervise"
SCOPES: Mapping[Act, str] = MappingProxyType({Act.REJECT: _SUPERVISE, Act.ARCHIVE: _SUPERVISE})
"""What an act needs besides leave to write, as it does at its own address under `/v1`. Closing has none there: who closes
a ticket for the customer leaves out the question how it went."""


_OPEN = (TmfStatus.ACKNOWLEDGED, TmfStatus.IN_PROGRESS, TmfStatus.PENDING, TmfStatus.HELD)
_WAYS: Mapping[tuple[TmfStatus, TmfStatus], Act] = MappingProxyType(
    {
        (TmfStatus.ACKNOWLEDGED, TmfStatus.IN_PROGRESS): Act.RESPOND,
        (TmfStatus.ACKNOWLEDGED, TmfStatus.RESOLVED): Act.RESOLVE,
        (TmfStatus.IN_PROGRESS, TmfStatus.PENDING): Act.PAUSE,
        (TmfStatus.IN_PROGRESS, TmfStatus.HELD): Act.PAUSE,
        (TmfStatus.IN_PROGRESS, TmfStatus.RESOLVED): Act.RESOLVE,
        (TmfStatus.PENDING, TmfStatus.IN_PROGRESS): Act.RESUME,
        (TmfStatus.PENDING, TmfStatus.RESOLVED): Act.RESOLVE,
        (TmfStatus.HELD, TmfStatus.IN_PROGRESS): Act.RESUME,
        (TmfStatus.HELD, TmfStatus.RESOLVED): Act.RESOLVE,
        (TmfStatus.RESOLVED, TmfStatus.IN_PROGRESS): Act.REOPEN,
        (TmfStatus.RESOLVED, TmfStatus.CLOSED): Act.ARCHIVE,
        **{(open_, TmfStatus.REJECTED): Act.REJECT for open_ in _OPEN},
        **{(open_, TmfStatus.CANCELLED): Act.CANCEL for open_ in _OPEN},
    }
)


def steps(current: TmfStatus, wanted: TmfStatus) -> tuple[Step, ...]:
    """The acts that lead to `wanted`, none if the ticket is there; `StatusImpossible` where none do."""
    if current is wanted:
        return ()
    if {current, wanted} == set(WAITS):
        return Step(Act.RESUME), Step(Act.PAUSE, WAITS[wanted])
    act = _WAYS.get((current, wanted))
    if act is None:
        ways = sorted(there for here, there in _WAYS if here is current)
        hint = f"; from there it can become {', '.join(ways)}" if ways else ""
        raise StatusImpossible(f"A ticket that is {current} cannot become {wanted}{hint}.", pointer="/status")
    return (Step(act, WAITS.get(wanted)),)
