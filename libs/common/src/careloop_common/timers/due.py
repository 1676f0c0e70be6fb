"""What a handler gets when a timer is due."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession


class DueTimer(NamedTuple):
    """A timer whose time has come. Whether its generation is still the current one is for the owner to check."""

    id: int
    kind: str
    owner_id: UUID
    step: str
    generation: int
    due_at: datetime
    data: dict[str, Any]
    attempts: int = 0


Handler = Callable[[AsyncSession, DueTimer, datetime], Awaitable[None]]
BatchHandler = Callable[[AsyncSession, Sequence[DueTimer], datetime], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class InBatches:
    """Marks a handler that takes all timers of its kind that are due together."""

    handler: BatchHandler


@dataclass(frozen=True, slots=True)
class Alone:
    """Marks a handler of whose timers each has a transaction of its own."""

    handler: Handler


TimerHandler = Handler | InBatches | Alone


def in_batches(handler: BatchHandler) -> InBatches:
    """Give `handler` the due timers of a kind together, in due order: for kinds that come in thousands."""
    return InBatches(handler)


def alone(handler: Handler) -> Alone:
    """Give `handler` each timer of a kind by itself: for what takes locks that others want, and would keep them until all
    that is due with it is done."""
    return Alone(handler)
