"""Moving persons on while they are looked at: stage and tier are facts before any tag is asked."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

from careloop_common import outbox
from sqlalchemy.ext.asyncio import AsyncSession

from careloop_profile.lifecycle import events, queries
from careloop_profile.lifecycle.policy import stages, tiers
from careloop_profile.lifecycle.policy.stages import Stage, Standing
from careloop_profile.lifecycle.policy.terms import Terms
from careloop_profile.lifecycle.policy.tiers import End, Place, Rank
from careloop_profile.lifecycle.service import terms as in_versions
from careloop_profile.tags.service.gathering import Look


@dataclass(slots=True)
class Turn:
    """What is written at the end of looking at some persons."""

    terms: Terms
    version: int | None
    now: datetime
    moves: list[tuple[Any, ...]] = field(default_factory=list)
    ranks: list[tuple[Any, ...]] = field(default_factory=list)

    def moved(self, person: UUID, kind: str, before: str | None, after: str | None, because: str) -> None:
        at = self.now.astimezone(UTC)
        self.moves.append((person, kind, before, after, at, because, self.version))


async def follow(session: AsyncSession, looks: Sequence[Look], *, now: datetime) -> None:
    """Find out where these persons stand now, write down who moved, and tell."""
    found, version = await in_versions.in_force(session, now)
    turn = Turn(found, version, now)
    month = month_of(now)
    period = await queries.period(session, month)
    ends = None if period is None else queries.ends_of(period)
    ranks = await queries.ranks(session, [look.person_id for look in looks])
    # Who was part of somebody else meanwhile goes on from where it stood.
    new = [look.person_id for look in looks if look.first]
    stood = await queries.stood(session, new) if new else {}
    for look in looks:
        look.known.plain.update(stood.get(look.person_id, {}))
        facts = look.known.facts()
        _stage(turn, look, facts)
        known = ranks.get(look.person_id)
        _tier(turn, look, facts, known, ends, month)
    await queries.moved(session, turn.moves)
    await queries.rank(session, turn.ranks)
    for move in turn.moves:
        outbox.add(session, events.moved(*move[:6]), now=now)


def month_of(now: datetime) -> date:
    """The month that it is where `now` is told."""
    return now.date().replace(day=1)


def _stage(turn: Turn, look: Look, facts: dict[str, Any]) -> None:
    plain = look.known.plain
    known = plain.get("stage")
    standing = Standing(
        facts, Stage(known) if known else None, plain.get("stage_since"), turn.terms, turn.now
    )
    if row := stages.move(standing):
        turn.moved(look.person_id, "stage", known, row.to.value, row.because)
        since = turn.now.astimezone(UTC)
        plain |= {"stage": row.to.value, "stage_since": since}
        standing = Standing(facts, row.to, since, turn.terms, turn.now)
    look.moments.append(stages.next_moment(standing))


def _tier(
    turn: Turn,
    look: Look,
    facts: dict[str, Any],
    known: tuple[Rank, date] | None,
    ends: Sequence[End | None] | None,
    month: date,
) -> None:
    """Once a month for each, by what all were worth when it began."""
    rank, settled = known or (None, None)
    if facts.get("status") == "active" and ends is not None and settled != month:
        value = tiers.worth(facts)
        place = Place(value, facts.get("joined_at"), look.person_id)
        after = tiers.settle(rank, tiers.tier_of(place, ends), turn.terms.tier_periods)
        turn.ranks.append((look.person_id, after.tier, after.due, after.periods, value, month))
        if rank is None or after.tier != rank.tier:
            because = "first measured" if rank is None else f"{turn.terms.tier_periods} months agree"
            turn.moved(look.person_id, "tier", rank.tier if rank else None, after.tier, because)
        rank = after
    look.known.plain["tier"] = rank.tier if rank else None
