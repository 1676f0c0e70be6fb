"""What has happened to tickets, as far as clocks heed it, out of their histories."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from careloop_ticketing.sla.policy.adopting import Happening, Turn
from careloop_ticketing.sla.policy.clock import Because
from careloop_ticketing.sla.policy.terms import Moment
from careloop_ticketing.vocabulary import PauseReason, Status

_MOMENTS: Final[Mapping[str, Moment]] = {
    "opened": Moment.OPENED,
    "classified": Moment.CLASSIFIED,
    "assigned": Moment.ASSIGNED,
    "responded": Moment.RESPONDED,
    "diagnosed": Moment.DIAGNOSED,
    "visit_needed": Moment.VISIT_NEEDED,
    "visited": Moment.VISITED,
    "resolved": Moment.RESOLVED,
    "reopened": Moment.REOPENED,
    "archived": Moment.ARCHIVED,
}
_TURNS: Final = {"merged": Turn.WITHDRAWN, "unmerged": Turn.RETURNED}
_HISTORY: Final = text(
    "SELECT ticket_id, fact, at, actor_id, before, after FROM ticket_history"
    " WHERE ticket_id = ANY(CAST(:ids AS uuid[])) ORDER BY ticket_id, seq"
)


async def lives(session: AsyncSession, ticket_ids: Collection[UUID]) -> Mapping[UUID, Sequence[Happening]]:
    """Of each of these tickets, in order."""
    found: dict[UUID, list[list[Happening]]] = {ticket_id: [] for ticket_id in ticket_ids}
    undone: dict[UUID, list[Happening]] = {}
    for row in await session.execute(_HISTORY, {"ids": list(ticket_ids)}):
        life = found[row.ticket_id]
        if row.fact == "undone":
            # As if the entry before it had never been; if that was one like this, as if both had not.
            if (was := undone.pop(row.ticket_id, None)) is None:
                undone[row.ticket_id] = life.pop()
            else:
                life.append(was)
            continue
        undone.pop(row.ticket_id, None)
        happened = list(_happenings(row.fact, row.at, row.actor_id, row.before, row.after))
        if row.fact == "resolved" and not any(_is_answer(one) for entry in life for one in entry):
            # Who is told of a remedy has an answer.
            happened.insert(0, Happening(row.at, Moment.RESPONDED))
        life.append(happened)
    return {ticket_id: [one for entry in life for one in entry] for ticket_id, life in found.items()}


def _is_answer(one: Happening) -> bool:
    return one.what is Moment.RESPONDED


def _happenings(
    fact: str, at: datetime, actor_id: str, before: Mapping[str, Any], after: Mapping[str, Any]
) -> Iterator[Happening]:
    if fact == "paused":
        # What the evidence was is not in the history, only that there was some; nor who approved.
        evidence = "told" if after.get("evidence") else None
        yield Happening(at, Turn.PAUSED, Because(actor_id, after["reason"], evidence))
    elif fact == "customer_wrote":
        heard_at = datetime.fromisoformat(after["received_at"])
        yield Happening(heard_at, Turn.RESUMED, Because(actor_id, PauseReason.WAITING_FOR_CUSTOMER))
        if not after.get("overlooked"):
            yield Happening(heard_at, Moment.CUSTOMER_WROTE)
    if fact in _TURNS:
        yield Happening(at, _TURNS[fact])
    if fact in _MOMENTS:
        yield Happening(at, _MOMENTS[fact])
    waits_on = after.get("status", Status.WAITING) == Status.WAITING
    if fact != "customer_wrote" and before.get("status") == Status.WAITING and not waits_on:
        # However the wait came to its end: with a remedy, with a merge.
        yield Happening(at, Turn.RESUMED)
