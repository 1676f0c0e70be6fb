"""Doing a job, batch by batch, each batch one transaction: a killed worker goes on where it was, and nothing is done twice.

The acts of a batch are done in one savepoint and written together, by few statements. If one of them turns out to be
impossible, the savepoint is rolled back and the others are done anew: whatever an act did before it was refused leaves no
trace. A dry run is the same with a savepoint that is rolled back in any case, so the two cannot come apart.

A ticket that somebody else has in hand has its turn after all others: who waited for it would hold up all of its batch.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final
from uuid import UUID

import structlog
from careloop_common.errors import DomainError
from careloop_common.failures import is_transient
from careloop_common.tokens import Actor
from sqlalchemy.ext.asyncio import AsyncSession

from careloop_ticketing.bulk import acts, metrics, queries
from careloop_ticketing.bulk.errors import ActFailed, ChangedSince
from careloop_ticketing.bulk.models import BulkJobRow
from careloop_ticketing.bulk.policy import Result, State
from careloop_ticketing.bulk.queries import Item, Outcome
from careloop_ticketing.classification import service as classification
from careloop_ticketing.classification.service import Lesson
from careloop_ticketing.notices import service as notices
from careloop_ticketing.notices.service import Notice
from careloop_ticketing.sla import service as sla
from careloop_ticketing.sla.policy.terms import Policy
from careloop_ticketing.sla.service import Watches
from careloop_ticketing.tickets import service as tickets
from careloop_ticketing.tickets.chain import Linked
from careloop_ticketing.tickets.service import Case, history

BATCH: Final = 100
"""Tickets that are locked together: whoever wants one of them waits for so long as they take. Of 24, each costs double."""
SUPERVISE: Final = "tickets:supervise"
"""Who asked for a job held this scope."""

log = structlog.get_logger()


@dataclass(slots=True)
class _Batch:
    """What the acts of a batch share, and what they leave to be written for all of them at once."""

    applied: Policy | None
    acknowledged: list[UUID] = field(default_factory=list)
    told: list[Notice] = field(default_factory=list)
    learnt: list[Lesson] = field(default_factory=list)
    entries: list[Linked] = field(default_factory=list)

    async def write(
        self, session: AsyncSession, watches: Collection[Watches], *, by: str, now: datetime
    ) -> None:
        await session.flush()
        await classification.learn(session, self.learnt)
        await history.write(session, self.entries)
        await sla.save(session, *watches)
        # In this order: what is told now waits for somebody.
        if self.acknowledged:
            await notices.acknowledge(session, self.acknowledged, by=by, now=now)
        await notices.tell(session, self.told, by=by, now=now)


@dataclass(slots=True)
class _OneOfMany(Case):
    """A case of which what is alike for all of its batch is written with theirs."""

    batch: _Batch = field(kw_only=True)

    async def applied(self) -> Policy | None:
        return self.batch.applied

    async def save(self) -> None:
        """Later."""

    async def learn(self, lesson: Lesson) -> None:
        self.batch.learnt.append(lesson)

    def keep(self, entry: Linked) -> None:
        self.batch.entries.append(entry)

    async def tell(self, told: Sequence[Notice]) -> None:
        self.batch.told += told

    async def acknowledged(self) -> None:
        self.batch.acknowledged.append(self.ticket.id)


async def advance(session: AsyncSession, *, now: datetime, limit: int = BATCH) -> bool:
    """Do one batch of the job whose turn it is; whether there may be more to do."""
    job = await queries.claim(session)
    if job is None:
        return False
    items = await queries.upcoming(session, job.id, after=job.cursor, limit=limit)
    if items:
        outcomes = await _settle(session, job, items, now)
        await queries.store(session, job.id, outcomes, now=now)
        _count(job, outcomes)
        job.state, job.cursor, job.worked_at = State.RUNNING, items[-1].ticket_id, now
    if len(items) < limit:
        if job.counts[Result.PENDING]:
            # Others had these in hand.
            job.cursor = None
        else:
            job.state, job.finished_at = State.DONE, now
    return True


def _count(job: BulkJobRow, outcomes: Sequence[Outcome]) -> None:
    job.changed += sum(one.result is Result.CHANGED for one in outcomes)
    job.no_effect += sum(one.result is Result.NO_EFFECT for one in outcomes)
    job.impossible += sum(one.result is Result.IMPOSSIBLE for one in outcomes)
    for one in () if job.dry_run else outcomes:
        metrics.ITEMS.labels(job.act, one.result).inc()


async def _settle(
    session: AsyncSession, job: BulkJobRow, items: Sequence[Item], now: datetime
) -> list[Outcome]:
    """Do what can be done, unless the job is a dry run; returns what became of each that had its turn, or would."""
    settled: list[Outcome] = []
    while items:
        try:
            async with session.begin_nested() as savepoint:
                found = await _do(session, job, items, now)
                impossible = [one for one in found if one.result is Result.IMPOSSIBLE]
                if impossible or job.dry_run:
                    await savepoint.rollback()
        except Exception as error:
            if is_transient(error):
                raise
            return settled + await _apart(session, job, items, now, error)
        if not impossible:
            return settled + found
        settled += impossible
        refused = {one.ticket_id for one in impossible}
        items = [item for item in items if item.ticket_id not in refused]
    return settled


async def _apart(
    session: AsyncSession, job: BulkJobRow, items: Sequence[Item], now: datetime, error: Exception
) -> list[Outcome]:
    """Something unexpected is wrong with one of the items: find out which by halves, so that the others are done."""
    if len(items) == 1:
        ticket_id = items[0].ticket_id
        metrics.FAILED.labels(job.act).inc()
        log.error("bulk.act_failed", job_id=str(job.id), ticket_id=str(ticket_id), exc_info=error)
        return [_impossible(items[0], ActFailed())]
    half = len(items) // 2
    return [one for part in (items[:half], items[half:]) for one in await _settle(session, job, part, now)]


async def _do(session: AsyncSession, job: BulkJobRow, items: Sequence[Item], now: datetime) -> list[Outcome]:
    """The act on every item; written only if none is impossible, for what those did is not to be written."""
    actor = Actor(job.actor_id, job.actor_kind, scopes=frozenset({SUPERVISE}))
    within = {"bulk_job": str(job.id)}
    found = await tickets.lock_all(session, [item.ticket_id for item in items], wait=False)
    free = {ticket.id: ticket for ticket in found}
    watches = await sla.of_all(session, free)
    batch, outcomes = _Batch(await sla.applied(session)), []
    with session.no_autoflush:
        # Most share the arguments of their job.
        named: dict[int, DomainError | None] = {}
        for item in items:
            if (ticket := free.get(item.ticket_id)) is None:
                continue
            case = _OneOfMany(session, ticket, watches[ticket.id], actor, now, within, batch=batch)
            given = job.arguments if item.arguments is None else item.arguments
            if id(given) not in named:
                named[id(given)] = await _nobody(session, job, given)
            missed = named[id(given)]
            outcomes.append(_impossible(item, missed) if missed else await _try(job, item, case, given))
    if not any(one.result is Result.IMPOSSIBLE for one in outcomes):
        await batch.write(session, watches.values(), by=actor.id, now=now)
    return outcomes


async def _nobody(session: AsyncSession, job: BulkJobRow, given: acts.Arguments) -> DomainError | None:
    """What is wrong with whom these arguments name."""
    try:
        await acts.expect(session, job.act, given, undo=job.undoes is not None)
    except DomainError as error:
        return error
    return None


async def _try(job: BulkJobRow, item: Item, case: Case, given: acts.Arguments) -> Outcome:
    ticket, version = case.ticket, case.ticket.version
    try:
        if job.undoes and item.version != version:
            raise ChangedSince(current_version=version)
        tickets.expect(ticket, item.version)
        back = await (acts.undo if job.undoes else acts.do)(job.act, case, given)
    except DomainError as error:
        return _impossible(item, error)
    if ticket.version == version:
        return Outcome(item.ticket_id, Result.NO_EFFECT)
    left_at = None if job.dry_run else ticket.version
    return Outcome(item.ticket_id, Result.CHANGED, version_after=left_at, back=None if job.dry_run else back)


def _impossible(item: Item, error: DomainError) -> Outcome:
    return Outcome(item.ticket_id, Result.IMPOSSIBLE, error.code, error.detail)
