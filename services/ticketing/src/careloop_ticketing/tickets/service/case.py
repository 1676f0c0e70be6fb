"""A ticket in somebody's hands: locked for this transaction, with its clocks, and who acts on it when."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from careloop_common import outbox
from careloop_common.tokens import Actor
from sqlalchemy.ext.asyncio import AsyncSession

from careloop_ticketing.classification import service as classification
from careloop_ticketing.classification.service import Lesson
from careloop_ticketing.notices import service as notices
from careloop_ticketing.notices.service import Notice
from careloop_ticketing.sla import service as sla
from careloop_ticketing.sla.policy import adopting, watch
from careloop_ticketing.sla.policy.adopting import Happening, Turn
from careloop_ticketing.sla.policy.clock import Because
from careloop_ticketing.sla.policy.following import Change, NewTerms
from careloop_ticketing.sla.policy.terms import Definition, Policy
from careloop_ticketing.sla.service import Moment, Watch, Watches
from careloop_ticketing.tickets import events
from careloop_ticketing.tickets.chain import Linked
from careloop_ticketing.tickets.facts import facts_of, past_of, seen_by
from careloop_ticketing.tickets.models import HistoryRow, TicketRow
from careloop_ticketing.tickets.service import targets
from careloop_ticketing.tickets.service.lives import lives, opened_under


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
        over = await self._over(policy, moments)
        await sla.observe(
            self.session,
            self.watches,
            policy,
            *moments,
            facts=facts,
            actor=self.actor,
            now=at or self.now,
            over=over,
        )

    async def _over(self, policy: Policy, moments: Collection[Moment]) -> Collection[str]:
        """The clocks that would begin now, though by its life the ticket has had its time for them."""
        if Moment.OPENED in moments:
            return ()
        facts, past = facts_of(self.ticket), past_of(self.ticket)
        found = watch.doubtful(self.watches, policy, moments, past, facts=facts, now=self.now)
        return await self._behind(policy, found, None) if found else ()

    async def _behind(
        self, policy: Policy, wanted: Sequence[Definition], what: Moment | Turn | None
    ) -> Collection[str]:
        """Which of these clocks the ticket would have behind it, if it had ever had them."""
        return adopting.over(
            self.watches,
            wanted,
            policy,
            await self._life(what),
            facts=facts_of(self.ticket),
            calendars=await sla.active_calendars(self.session, policy.calendars),
            because=Because(self.actor.id),
        )

    async def catch_up(self, what: Moment | Turn) -> targets.Said:
        """Let clocks that stood still follow also the terms that those which ran were given meanwhile.

        `what` has just happened, and is not in the history yet.
        """
        ticket, before = self.ticket, self.ticket.policy_version
        applied = await self.applied()
        missed = applied if applied and applied.version >= before else None
        terms = await sla.new_terms(self.session, missed)
        changes: list[Change] = []
        if missed is not None:
            ticket.policy_version = missed.version
            # Told before or not, what stood still then neither ended nor began.
            changes += adopting.end_dropped(self.watches, missed, now=self.now)
            if missed.version != await opened_under(self.session, ticket.id):
                changes += await self._adopt(missed, terms, what)
        moved_from, moved_to = await self.follow(terms, what=what)
        said_from, said_to = targets.told(ticket, self.watches, changes, self.now)
        if ticket.policy_version != before:
            said_from["policy_version"], said_to["policy_version"] = before, ticket.policy_version
        return {**said_from, **moved_from}, {**said_to, **moved_to}

    async def applied(self) -> Policy | None:
        """The newest policy that running clocks were told to follow, if there is one."""
        return await sla.applied(self.session)

    async def _adopt(self, policy: Policy, terms: NewTerms, what: Moment | Turn) -> list[Change]:
        """Begin the clocks that the policy adds."""
        return adopting.begin_added(
            self.watches,
            policy,
            await self._life(what),
            facts=facts_of(self.ticket),
            calendars=terms.calendars,
            because=Because(self.actor.id),
            now=self.now,
        )

    async def _life(self, what: Moment | Turn | None) -> Sequence[Happening]:
        undone = what is Turn.UNDONE
        life = (await lives(self.session, [self.ticket.id], undone=undone))[self.ticket.id]
        return life if what is None or undone else [*life, Happening(self.now, what)]

    async def follow(
        self, terms: NewTerms | None = None, *, what: Moment | Turn | None = None
    ) -> targets.Said:
        """Let the clocks follow the ticket's facts, and begin those that it has by them only now."""
        before, after = targets.follow(self.ticket, self.watches, self.now, terms)
        if "status" in after:
            event = events.resumed(self.ticket, because="not_allowed", by=self.actor.id, now=self.now)
            outbox.add(self.session, event, now=self.now)
        return before, after | targets.begun(await self._begin_late(what))

    async def _begin_late(self, what: Moment | Turn | None) -> Sequence[Watch]:
        policy = await sla.policy_of(self.session, self.ticket.policy_version)
        facts, seen = facts_of(self.ticket), seen_by(self.ticket)
        wanted = watch.missing(self.watches, policy, seen, facts=facts, now=self.now)
        if not wanted:
            return ()
        return watch.begin_late(
            self.watches,
            policy,
            seen,
            facts=facts,
            calendars=await sla.active_calendars(self.session, policy.calendars),
            because=Because(self.actor.id),
            now=self.now,
            over=await self._behind(policy, wanted, what),
        )

    async def tell(self, told: Sequence[Notice]) -> None:
        await notices.tell(self.session, told, by=self.actor.id, now=self.now)

    async def acknowledged(self) -> None:
        """Somebody has taken notice of the ticket: it waits for nobody."""
        await notices.acknowledge(self.session, [self.ticket.id], by=self.actor.id, now=self.now)

    async def learn(self, lesson: Lesson) -> None:
        await classification.learn(self.session, [lesson])

    def keep(self, entry: Linked) -> None:
        """Write the next entry of the ticket's history."""
        self.session.add(HistoryRow(**entry.said._asdict(), key_id=entry.key_id, hash=entry.hash))

    async def save(self) -> None:
        await sla.save(self.session, self.watches)
