"""A ticket in somebody's hands: locked for this transaction, with its clocks, and who acts on it when."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from careloop_common import outbox
from careloop_common.tokens import Actor
from sqlalchemy.ext.asyncio import AsyncSession

from careloop_ticketing.sla import service as sla
from careloop_ticketing.sla.policy import adopting
from careloop_ticketing.sla.policy.adopting import Happening, Turn
from careloop_ticketing.sla.policy.clock import Because
from careloop_ticketing.sla.policy.following import NewTerms
from careloop_ticketing.sla.service import Moment, Watches
from careloop_ticketing.tickets import events
from careloop_ticketing.tickets.facts import facts_of, seen_by
from careloop_ticketing.tickets.models import TicketRow
from careloop_ticketing.tickets.service import targets
from careloop_ticketing.tickets.service.lives import lives


@dataclass(slots=True)
class Case:
    session: AsyncSession
    ticket: TicketRow
    watches: Watches
    actor: Actor
    now: datetime
    within: Mapping[str, str] = field(default_factory=dict)
    """What the act is a part of, such as a job over many tickets; its history entry says so."""

    def __post_init__(self) -> None:
        # Who waited for the lock looked at the clock before: nothing happens earlier than what happened already.
        self.now = max(self.now, self.ticket.changed_at)

    async def observe(self, *moments: Moment, at: datetime | None = None) -> None:
        """Let the clocks see what happened, now or `at` an earlier time. They are stored with `save`, at the end of the act."""
        policy = await sla.policy_of(self.session, self.ticket.policy_version)
        facts = facts_of(self.ticket)
        await sla.observe(
            self.session, self.watches, policy, *moments, facts=facts, actor=self.actor, now=at or self.now
        )

    async def catch_up(self, what: Moment | Turn) -> targets.Said:
        """Let clocks that stood still follow also the terms that those which ran were given meanwhile.

        `what` has just happened, and is not in the history yet.
        """
        applied, before = await sla.applied(self.session), self.ticket.policy_version
        missed = applied if applied and applied.version >= before else None
        terms = await sla.new_terms(self.session, missed)
        if missed is None or missed.version == before:
            # The ticket is told already, but not those of its clocks that had stopped then.
            return await self.follow(terms)
        self.ticket.policy_version = missed.version
        facts, life = facts_of(self.ticket), (await lives(self.session, [self.ticket.id]))[self.ticket.id]
        changes = adopting.end_dropped(self.watches, missed, now=self.now)
        changes += adopting.begin_added(
            self.watches,
            missed,
            [*life, Happening(self.now, what)],
            facts=facts,
            calendars=terms.calendars,
            because=Because(self.actor.id),
            now=self.now,
        )
        moved_from, moved_to = await self.follow(terms)
        said_from, said_to = targets.told(self.ticket, self.watches, changes, self.now)
        return (
            {"policy_version": before, **said_from, **moved_from},
            {"policy_version": missed.version, **said_to, **moved_to},
        )

    async def follow(self, terms: NewTerms | None = None) -> targets.Said:
        """Let the clocks follow the ticket's facts, and begin those that it has by them only now."""
        before, after = targets.follow(self.ticket, self.watches, self.now, terms)
        if "status" in after:
            event = events.resumed(self.ticket, because="not_allowed", by=self.actor.id, now=self.now)
            outbox.add(self.session, event, now=self.now)
        policy = await sla.policy_of(self.session, self.ticket.policy_version)
        begun = await sla.begin_late(
            self.session,
            self.watches,
            policy,
            seen_by(self.ticket),
            facts=facts_of(self.ticket),
            actor=self.actor,
            now=self.now,
        )
        return before, after | targets.begun(begun)

    async def save(self) -> None:
        await sla.save(self.session, self.watches)
