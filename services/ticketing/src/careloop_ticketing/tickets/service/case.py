"""A ticket in somebody's hands: locked for this transaction, with its clocks, and who acts on it when."""

from dataclasses import dataclass
from datetime import datetime

from careloop_common.tokens import Actor
from sqlalchemy.ext.asyncio import AsyncSession

from careloop_ticketing.sla import service as sla
from careloop_ticketing.sla.service import Moment, Watches
from careloop_ticketing.tickets.facts import facts_of
from careloop_ticketing.tickets.models import TicketRow


@dataclass(slots=True)
class Case:
    session: AsyncSession
    ticket: TicketRow
    watches: Watches
    actor: Actor
    now: datetime

    async def observe(self, *moments: Moment) -> None:
        """Let the clocks see what happened. They are stored with `save`, at the end of the act."""
        policy = await sla.policy_of(self.session, self.ticket.policy_version)
        facts = facts_of(self.ticket)
        await sla.observe(
            self.session, self.watches, policy, *moments, facts=facts, actor=self.actor, now=self.now
        )

    async def save(self) -> None:
        await sla.save(self.session, self.watches)
