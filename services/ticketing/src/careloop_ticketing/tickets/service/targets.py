"""When tier or customer class change, the clocks aim at other targets, and the history says how the due time moved."""

from datetime import datetime
from typing import Any

from careloop_common.tokens import SYSTEM
from sqlalchemy.ext.asyncio import AsyncSession

from careloop_ticketing.sla import service as sla
from careloop_ticketing.sla.service import Clocks, Retargeting
from careloop_ticketing.tickets import policy
from careloop_ticketing.tickets.models import TicketRow
from careloop_ticketing.tickets.policy import Act, Status


async def follow(
    session: AsyncSession, ticket: TicketRow, clocks: Clocks, now: datetime
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Aim the ticket's clocks at what its tier and customer ask for, and end a pause that they forbid.

    Returns what the history says of before and after.
    """
    before: dict[str, Any] = {}
    after: dict[str, Any] = {}
    for row in clocks.values():
        moved = await sla.retarget(session, row, tier=ticket.tier, vip=ticket.vip, now=now)
        if moved:
            before[row.name] = {
                "target_seconds": moved.target_before.total_seconds(),
                "due_at": _instant(moved.due_before),
            }
            after[row.name] = {
                "target_seconds": moved.target_after.total_seconds(),
                "due_at": _instant(moved.due_after),
                "why": _arithmetic(moved, now),
            }
    if ticket.status is Status.WAITING and not policy.may_wait(ticket.tier, vip=ticket.vip):
        before["status"], after["status"] = ticket.status, Status.HANDLING
        ticket.status = policy.after(ticket.status, Act.RESUME)
        for row in clocks.values():
            await sla.resume(session, row, actor=SYSTEM, now=now)
    return before, after


def _arithmetic(moved: Retargeting, now: datetime) -> str:
    target, elapsed = moved.target_after.total_seconds(), moved.elapsed.total_seconds()
    if moved.due_after is None:
        return f"target {target:g} s, of which {elapsed:g} s have run; due when the clock runs again"
    return f"target {target:g} s - {elapsed:g} s run = {target - elapsed:g} s from {now.isoformat()}"


def _instant(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None
