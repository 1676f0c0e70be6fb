"""Asking for a job, stopping it, and asking for its undoing. What it touches is fixed when it is asked for."""

from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from careloop_common.rules import Rule, RuleError
from careloop_common.tokens import Actor
from sqlalchemy.ext.asyncio import AsyncSession

from careloop_ticketing import facts
from careloop_ticketing.bulk import queries
from careloop_ticketing.bulk.errors import (
    BulkJobDone,
    BulkJobNotFound,
    BulkJobUndone,
    BulkJobUnfinished,
    InvalidBulkJob,
    UndoImpossible,
)
from careloop_ticketing.bulk.models import OPEN, BulkJobRow
from careloop_ticketing.bulk.policy import INVERSE, Act, State
from careloop_ticketing.bulk.queries import Item
from careloop_ticketing.bulk.schemas import MOST, Over, TicketAt
from careloop_ticketing.saved_views import service as saved_views
from careloop_ticketing.tickets import queries as tickets
from careloop_ticketing.tickets.queries import Choice, Filters

__all__ = ["Item", "Job"]

Job = BulkJobRow
_FORGOTTEN_AT_ONCE: Final = 20


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be done to each ticket, and by what the tickets were chosen if they were not named."""

    act: Act
    arguments: Mapping[str, Any]
    dry_run: bool = False
    rule: str | None = None
    view: str | None = None
    undoes: UUID | None = None


async def ask(session: AsyncSession, order: Order, over: Over, *, actor: Actor, now: datetime) -> BulkJobRow:
    """Ask for an act on the tickets that are named, or that a rule or a saved view chooses at this moment."""
    if over.tickets is not None:
        items = _named(over.tickets)
    else:
        items = [Item(one) for one in await _chosen(session, over, actor=actor, now=now)]
    order = replace(order, rule=over.rule, view=over.view)
    return await queue(session, order, items, actor=actor, now=now)


def _named(given: Collection[UUID | TicketAt]) -> list[Item]:
    items = [Item(one.id, one.version) if isinstance(one, TicketAt) else Item(one) for one in given]
    seen: set[UUID] = set()
    for place, item in enumerate(items):
        if item.ticket_id in seen:
            raise InvalidBulkJob(f"{item.ticket_id} is named twice.", pointer=f"/over/tickets/{place}")
        seen.add(item.ticket_id)
    return items


async def _chosen(session: AsyncSession, over: Over, *, actor: Actor, now: datetime) -> Collection[UUID]:
    by = "rule" if over.view is None else "view"
    rule = (
        _rule(over.rule or "")
        if over.view is None
        else await saved_views.rule_of(session, over.view, actor=actor)
    )
    found = await tickets.ids(session, Choice(Filters(), [rule]), limit=MOST + 1, now=now)
    if not 0 < len(found) <= MOST:
        many = f"more than {MOST}" if found else "no"
        raise InvalidBulkJob(f"The {by} chooses {many} tickets.", pointer=f"/over/{by}")
    return found


def _rule(text: str) -> Rule:
    try:
        return facts.choice(text)
    except RuleError as error:
        raise RuleError(error.detail, column=error.column, pointer="/over/rule") from error


async def queue(
    session: AsyncSession, order: Order, items: Collection[Item], *, actor: Actor, now: datetime
) -> BulkJobRow:
    """Have it done to these tickets, each of which is named once. If there is none, the job is done."""
    job = BulkJobRow(
        **asdict(order),
        total=len(items),
        actor_id=actor.id,
        actor_kind=actor.kind,
        requested_at=now,
        worked_at=now,
    )
    session.add(job)
    await session.flush()
    known = await queries.expect(session, job.id, items)
    if len(known) < len(items):
        unknown = [number for number, item in enumerate(items) if item.ticket_id not in known]
        raise InvalidBulkJob(
            f"{len(unknown)} of the tickets do not exist.", pointer=f"/over/tickets/{unknown[0]}"
        )
    return job


async def find(session: AsyncSession, job_id: UUID) -> BulkJobRow:
    job = await session.get(BulkJobRow, job_id)
    if job is None:
        raise BulkJobNotFound(f"There is no bulk job {job_id}.")
    return job


async def cancel(session: AsyncSession, job_id: UUID, *, now: datetime) -> BulkJobRow:
    """Leave undone what is not done yet; said again, nothing happens. A batch under way is waited for."""
    job = await _locked(session, job_id)
    if job.state is State.DONE:
        raise BulkJobDone
    if job.state is not State.CANCELLED:
        job.state, job.finished_at = State.CANCELLED, now
        await queries.give_up(session, job.id)
    return job


async def undo(
    session: AsyncSession, job_id: UUID, *, dry_run: bool, actor: Actor, now: datetime
) -> BulkJobRow:
    """Ask for a job that puts back what this one changed, ticket by ticket, where nothing has happened since."""
    job = await _locked(session, job_id)
    if job.state in OPEN:
        raise BulkJobUnfinished
    inverse = INVERSE.get(job.act)
    if inverse is None:
        raise UndoImpossible(f"Nothing takes back the act {job.act}.")
    if job.dry_run or job.forgotten_at is not None:
        raise UndoImpossible("It was a dry run." if job.dry_run else "Its items are forgotten.")
    if not dry_run and (other := await queries.undoing(session, job.id)):
        raise BulkJobUndone(undone_by=str(other))
    items = await queries.to_put_back(session, job.id)
    if not items:
        raise UndoImpossible("It changed nothing.")
    order = Order(inverse, {}, dry_run=dry_run, undoes=job.id)
    return await queue(session, order, items, actor=actor, now=now)


async def _locked(session: AsyncSession, job_id: UUID) -> BulkJobRow:
    job = await queries.lock(session, job_id)
    if job is None:
        raise BulkJobNotFound(f"There is no bulk job {job_id}.")
    return job


async def forget(session: AsyncSession, *, days: int, now: datetime) -> bool:
    """Forget the items of jobs that were finished so long ago; whether there may be more."""
    before = now - timedelta(days=days)
    found = await queries.forget(session, before=before, now=now, limit=_FORGOTTEN_AT_ONCE)
    return found == _FORGOTTEN_AT_ONCE
