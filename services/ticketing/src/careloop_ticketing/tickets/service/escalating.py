from collections.abc import Mapping
from datetime import datetime
from typing import Any

from careloop_common.tokens import SYSTEM
from sqlalchemy.ext.asyncio import AsyncSession

from careloop_ticketing.ranks import Level, Tier
from careloop_ticketing.sla.service import Clocks
from careloop_ticketing.tickets.models import TicketRow
from careloop_ticketing.tickets.service import targets
from careloop_ticketing.tickets.service.history import record


async def escalate(
    session: AsyncSession,
    ticket: TicketRow,
    clocks: Clocks,
    fact: str,
    *,
    level: Level,
    tier: Tier,
    step: Mapping[str, Any],
    now: datetime,
) -> None:
    """A step of a ladder was taken: lift the ticket to `level` and `tier`, and remember the step."""
    before = {"level": ticket.level, "tier": ticket.tier, "assignee_id": ticket.assignee_id}
    if level is not ticket.level:
        ticket.level, ticket.assignee_id = level, None
    moved_from: dict[str, Any] = {}
    moved_to: dict[str, Any] = {}
    if tier is not ticket.tier:
        ticket.tier = tier
        moved_from, moved_to = await targets.follow(session, ticket, clocks, now)
    after = {"level": ticket.level, "tier": ticket.tier, "assignee_id": ticket.assignee_id}
    record(
        session,
        ticket,
        fact,
        actor=SYSTEM,
        now=now,
        before=before | moved_from,
        after={**step, **after, **moved_to},
    )
