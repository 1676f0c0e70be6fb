"""What a ticket gets by a step that lifts it: the clocks of its new place, unless its life has them behind it."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from careloop_common.tokens import SYSTEM
from sqlalchemy.ext.asyncio import AsyncSession

from careloop_ticketing.escalation.climbing import Taken
from careloop_ticketing.sla import service as sla
from careloop_ticketing.sla.policy import adopting, watch
from careloop_ticketing.sla.policy.clock import Because
from careloop_ticketing.sla.policy.terms import Definition, Policy
from careloop_ticketing.sla.service import Watches
from careloop_ticketing.tickets.facts import facts_of, seen_by
from careloop_ticketing.tickets.service import targets
from careloop_ticketing.tickets.service.lives import lives

_BY: Final = Because(SYSTEM.id)


async def begin_late(
    session: AsyncSession, steps: Sequence[Taken], watches: Mapping[UUID, Watches], now: datetime
) -> Sequence[Taken]:
    """Begin the clocks that tickets have by their new place; of the steps, the last that lifted a ticket says so."""
    last = {one.ticket.id: one for one in steps if one.lifts}
    wanting = {one: found for one, taken in last.items() if (found := _missing(taken, watches[one], now))}
    if not wanting:
        return steps
    saying: dict[UUID, Taken] = {}
    calendars, histories = await sla.active_calendars(session), await lives(session, wanting)
    for ticket_id, wanted in wanting.items():
        taken, theirs = last[ticket_id], watches[ticket_id]
        policy, facts = _newest(theirs), facts_of(taken.ticket)
        over = adopting.over(
            theirs, wanted, policy, histories[ticket_id], facts=facts, calendars=calendars, because=_BY
        )
        begun = watch.begin_late(
            theirs,
            policy,
            seen_by(taken.ticket),
            facts=facts,
            calendars=calendars,
            because=_BY,
            now=now,
            over=over,
        )
        after = {**taken.entry.after, **targets.begun(begun)}
        saying[ticket_id] = taken._replace(entry=taken.entry._replace(after=after))
    return [saying.get(one.ticket.id, one) if one is last.get(one.ticket.id) else one for one in steps]


def _missing(taken: Taken, watches: Watches, now: datetime) -> Sequence[Definition]:
    ticket = taken.ticket
    return watch.missing(watches, _newest(watches), seen_by(ticket), facts=facts_of(ticket), now=now)


def _newest(watches: Watches) -> Policy:
    return max((one.policy for one in watches.values()), key=lambda policy: policy.version)
