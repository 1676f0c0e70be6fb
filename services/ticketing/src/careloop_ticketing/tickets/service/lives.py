"""What has happened to tickets, as far as clocks heed it, out of their histories."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
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
_Entry = tuple[list[Happening], list[Happening]]
"""What an entry of the history says happened, and what did if it is taken back."""
_TURNS: Final = {"merged": Turn.WITHDRAWN, "unmerged": Turn.RETURNED}
_OPENED_UNDER: Final = text(
    "SELECT CAST(after ->> 'policy_version' AS int) FROM ticket_history WHERE ticket_id = :id AND seq = 1"
)
_HISTORY: Final = text(
    "SELECT ticket_id, fact, at, actor_id, before, after FROM ticket_history"
    " WHERE ticket_id = ANY(CAST(:ids AS uuid[])) ORDER BY ticket_id, seq"
)


async def lives(
    session: AsyncSession, ticket_ids: Collection[UUID], *, undone: bool = False
) -> Mapping[UUID, Sequence[Happening]]:
    """Of each of these tickets, in order; with `undone`, as if the last entry were taken back already."""
    found: dict[UUID, list[_Entry]] = {ticket_id: [] for ticket_id in ticket_ids}
    for row in await session.execute(_HISTORY, {"ids": list(ticket_ids)}):
        life = found[row.ticket_id]
        if row.fact == "undone":
            _take_back(life)
        else:
            life.append(([*_happenings(row.fact, row.at, row.actor_id, row.before, row.after)], []))
    for life in found.values() if undone else ():
        _take_back(life)
    return {
        ticket_id: [*_answered(one for entry, _ in life for one in entry)]
        for ticket_id, life in found.items()
    }


async def opened_under(session: AsyncSession, ticket_id: UUID) -> int:
    """The version of the policy under which a ticket was opened."""
    return int((await session.execute(_OPENED_UNDER, {"id": ticket_id})).scalar_one())


def _take_back(life: list[_Entry]) -> None:
    """As if the last entry had never been: nothing has happened since. Said again, it is there again."""
    happened, instead = life.pop()
    life.append((instead, happened))


def _answered(life: Iterable[Happening]) -> Iterator[Happening]:
    """Who is told of a remedy has an answer."""
    answered = False
    for one in life:
        if one.what is Moment.RESOLVED and not answered:
            yield Happening(one.at, Moment.RESPONDED)
        answered = answered or one.what in {Moment.RESPONDED, Moment.RESOLVED}
        yield one


def _happenings(
    fact: str, at: datetime, actor_id: str, before: Mapping[str, Any], after: Mapping[str, Any]
) -> Iterator[Happening]:
    if fact == "paused":
        # What the evidence was is not in the history, only that there was some.
        evidence = "told" if after.get("evidence") else None
        approved_by = actor_id if after.get("approved") else None
        yield Happening(at, Turn.PAUSED, Because(actor_id, after["reason"], evidence, approved_by))
    elif fact == "customer_wrote":
        heard_at = datetime.fromisoformat(after["received_at"])
        yield Happening(heard_at, Turn.RESUMED, Because(actor_id, PauseReason.WAITING_FOR_CUSTOMER))
        if not (after.get("overlooked") or after.get("courtesy")):
            yield Happening(heard_at, Moment.CUSTOMER_WROTE)
    if fact in _TURNS:
        yield Happening(at, _TURNS[fact])
    if fact in _MOMENTS:
        yield Happening(at, _MOMENTS[fact])
    if fact == "assigned" and after["assignee_id"]:
        yield Happening(at, Moment.TAKEN)
    waits_on = after.get("status", Status.WAITING) == Status.WAITING
    if fact != "customer_wrote" and before.get("status") == Status.WAITING and not waits_on:
        # However the wait came to its end: with a remedy, with a merge.
        yield Happening(at, Turn.RESUMED)
