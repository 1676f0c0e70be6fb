"""Awarding: nobody gets a medal twice for a month, however often anybody asks, and what was taken back stays so."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from careloop_common import ids
from careloop_common.tokens import SYSTEM, Actor
from sqlalchemy.ext.asyncio import AsyncSession

from careloop_ticketing.medals import policy, queries
from careloop_ticketing.medals.errors import (
    AwardNotFound,
    AwardTakenBack,
    MedalAlreadyAwarded,
    MedalByFigures,
    MedalUnknown,
    MonthNotOver,
)
from careloop_ticketing.medals.models import AwardRow, MedalMonthRow, MedalRow
from careloop_ticketing.medals.policy import Figures, Month
from careloop_ticketing.medals.schemas import AwardByHand
from careloop_ticketing.medals.service.measuring import figures_of
from careloop_ticketing.staff import service as staff
from careloop_ticketing.staff.errors import AgentNotFound, AgentUnknown


@dataclass(frozen=True, slots=True)
class Winner:
    medal: str
    agent_id: str
    rule: str
    figures: Figures
    had: bool
    """Awarded for this month before, be it that it was taken back."""


@dataclass(frozen=True, slots=True)
class Judged:
    """A month, and who deserves what in it."""

    people: int
    winners: Sequence[Winner]

    @property
    def new(self) -> int:
        return sum(not winner.had for winner in self.winners)


async def award_month(
    session: AsyncSession,
    month: Month,
    *,
    zone: ZoneInfo,
    medal: str | None = None,
    dry_run: bool = False,
    actor: Actor,
    now: datetime,
) -> Judged:
    """Award what the figures of a month say; as a dry run only tell it, also of the month that has not ended."""
    if month > Month.of(now, zone).moved(0 if dry_run else -1):
        raise MonthNotOver(f"{month} has not {'begun' if dry_run else 'ended'} yet.", pointer="/month")
    rules = {row.code: row.rule or "" for row in await _judging(session, medal)}
    people = await figures_of(session, month, zone=zone, now=now)
    keys = list(policy.winners(rules, people, now))
    if dry_run:
        had = await queries.awarded(session, str(month))
    else:
        had = frozenset(keys) - await queries.award(session, _rows(keys, rules, people, month, actor, now))
    return Judged(
        len(people),
        [Winner(code, who, rules[code], people[who], had=(code, who) in had) for code, who in keys],
    )


async def _judging(session: AsyncSession, code: str | None) -> Sequence[MedalRow]:
    rows = await queries.by_figures(session, code)
    if code is not None and not rows:
        found = await _medal(session, code)
        raise MedalByFigures(f"The medal {found.code!r} has no rule: it is given by hand.", pointer="/medal")
    return rows


async def _medal(session: AsyncSession, code: str) -> MedalRow:
    row = await session.get(MedalRow, code)
    if row is None or not row.active:
        raise MedalUnknown(f"There is no medal {code!r} that is awarded.", pointer="/medal")
    return row


def _rows(
    keys: Sequence[queries.Key],
    rules: Mapping[str, str],
    people: Mapping[str, Figures],
    month: Month,
    actor: Actor,
    now: datetime,
) -> list[dict[str, object]]:
    return [
        {
            "id": ids.new_id(),
            "medal": medal,
            "agent_id": agent_id,
            "month": str(month),
            "rule": rules[medal],
            "figures": people[agent_id].to_facts(),
            "awarded_at": now,
            "awarded_by": actor.id,
        }
        for medal, agent_id in keys
    ]


async def turn(session: AsyncSession, *, zone: ZoneInfo, now: datetime) -> Month | None:
    """Award the medals of the month that ended, once; of several that ended meanwhile the first. None if there is none.

    Where no month was ever judged, it begins with the last one.
    """
    ended = Month.of(now, zone).moved(-1)
    judged = await queries.last_judged(session)
    month = Month.read(judged).moved(1) if judged else ended
    if month > ended:
        return None
    found = await award_month(session, month, zone=zone, actor=SYSTEM, now=now)
    session.add(MedalMonthRow(month=str(month), judged_at=now, awards=found.new))
    return month


async def award_by_hand(
    session: AsyncSession, body: AwardByHand, *, zone: ZoneInfo, actor: Actor, now: datetime
) -> AwardRow:
    """Give somebody a medal that no figures decide on."""
    medal = await _medal(session, body.medal)
    if medal.rule is not None:
        raise MedalByFigures(f"Figures decide who gets {medal.code!r}.", pointer="/medal")
    try:
        await staff.get_agent(session, body.agent_id)
    except AgentNotFound as error:
        raise AgentUnknown(error.detail, pointer="/agent_id") from error
    if Month.read(body.month) > Month.of(now, zone):
        raise MonthNotOver(f"{body.month} has not begun yet.", pointer="/month")
    row = {"id": ids.new_id(), **body.model_dump(), "awarded_at": now, "awarded_by": actor.id}
    new = await queries.award(session, [row])
    given = await queries.award_for(session, body.medal, body.agent_id, body.month)
    if given is None or not new:
        raise MedalAlreadyAwarded(pointer="/agent_id", award_id=str(given.id) if given else "")
    return given


async def take_back(
    session: AsyncSession, award_id: UUID, *, reason: str, actor: Actor, now: datetime
) -> AwardRow:
    row = await queries.lock_award(session, award_id)
    if row is None:
        raise AwardNotFound(f"There is no award {award_id}.")
    if row.taken_back_at is not None:
        raise AwardTakenBack(f"It was taken back at {row.taken_back_at.isoformat()}.")
    row.taken_back_at, row.taken_back_by, row.taken_back_because = now, actor.id, reason
    await session.flush()
    return row
