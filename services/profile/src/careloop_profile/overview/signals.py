"""What happened to anybody, from the newest on, and what else happened to those whom it happened to.

No index leads by kind: it would cost every interaction that is stored. The key begins with the time, so the newest are
read along it, a bounded number of them, and what is asked for is picked out.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from careloop_common import records
from sqlalchemy import TextClause, text
from sqlalchemy.ext.asyncio import AsyncSession

from careloop_profile.interactions.policy import microseconds

SCANNED: Final = 500_000
"""Most interactions that one request looks at."""

# ruff: noqa: S608  (these statements are put together from the constants of this module)
_OUTCOME: Final = "{0}.kind = :kind AND (CAST(:channel AS text) IS NULL OR {0}.channel = :channel)"
_UNHAPPY: Final = """{0}.kind = 'complaint' OR {0}.kind = 'survey' AND CASE jsonb_typeof({0}.properties -> 'score')
    WHEN 'number' THEN CAST({0}.properties ->> 'score' AS numeric) <= :score ELSE false END"""
_RECENT: Final = """
    SELECT message_uid, customer_id, occurred_at, channel, kind, ({condition}) AS matches, place
    FROM (
        SELECT *, row_number() OVER (ORDER BY message_uid DESC) AS place FROM interaction
        WHERE message_uid >= :low AND message_uid < :high AND occurred_at >= :since AND occurred_at < :until
            AND NOT time_suspect
        ORDER BY message_uid DESC LIMIT :scanned
    ) AS recent
    WHERE place = :scanned OR ({condition})
    ORDER BY message_uid DESC LIMIT :limit
"""
_FOUND: Final = {"number": "int", "uid": "uuid", "customer_id": "uuid", "at": "timestamptz"}
_MEMBERS: Final = f"""
    signal AS (
        SELECT new.*, coalesce(own.person_id, new.customer_id) AS person_id
        FROM {records.given(_FOUND)} LEFT JOIN person_member AS own USING (customer_id)
    ), member AS (
        SELECT signal.number, signal.uid, signal.at, signal.person_id,
               coalesce(kin.customer_id, signal.customer_id) AS customer_id
        FROM signal LEFT JOIN person_member AS kin ON kin.person_id = signal.person_id
    )
"""
_BEFORE: Final = text(f"""
    WITH {_MEMBERS}
    SELECT number, array_agg(channel ORDER BY place DESC) AS channels, array_agg(kind ORDER BY place DESC) AS kinds,
           array_agg(CAST(extract(epoch FROM at - occurred_at) AS float8) ORDER BY place DESC) AS seconds
    FROM (
        SELECT member.number, member.at, touch.*,
               row_number() OVER (PARTITION BY number ORDER BY occurred_at DESC, message_uid DESC) AS place
        FROM member CROSS JOIN LATERAL (
            SELECT channel, kind, occurred_at, message_uid FROM interaction
            WHERE customer_id = member.customer_id
                AND occurred_at >= member.at - CAST(:window AS interval) AND occurred_at <= member.at
                AND (occurred_at, message_uid) < (member.at, member.uid)
            ORDER BY occurred_at DESC, message_uid DESC LIMIT :most
        ) AS touch
    ) AS found
    WHERE place <= :most GROUP BY number
""")
_AROUND: Final = text(f"""
    WITH {_MEMBERS}
    SELECT * FROM (
        SELECT member.number, member.person_id, touch.*,
               row_number() OVER (PARTITION BY number ORDER BY occurred_at DESC, interaction_id DESC) AS place
        FROM member CROSS JOIN LATERAL (
            SELECT message_uid AS interaction_id, customer_id, occurred_at, channel, kind, direction FROM interaction
            WHERE customer_id = member.customer_id
                AND occurred_at >= member.at - CAST(:window AS interval) AND occurred_at < :until
            ORDER BY occurred_at DESC, message_uid DESC LIMIT :most
        ) AS touch
        WHERE NOT EXISTS (
            SELECT FROM member AS kin JOIN interaction AS later USING (customer_id)
            WHERE kin.number = member.number AND later.message_uid > member.uid AND NOT later.time_suspect
                AND later.occurred_at >= date_trunc('milliseconds', member.at) AND later.occurred_at < :until
                AND ({_UNHAPPY.format("later")})
        )
    ) AS found
    WHERE place <= :most ORDER BY number, place
""")
"""Of those of whom there is a later signal nothing: they have been listed with that."""


@dataclass(frozen=True, slots=True)
class Period:
    since: datetime
    until: datetime


@dataclass(frozen=True, slots=True)
class Signal:
    """An interaction that was looked for."""

    uid: UUID
    customer_id: UUID
    at: datetime
    channel: str
    kind: str


@dataclass(frozen=True, slots=True)
class Signals:
    """What was found, the newest first. `reached` is the last interaction that was looked at, if that was not the last
    there is; what is before it was not looked at."""

    found: Sequence[Signal]
    reached: Signal | None


async def outcomes(
    session: AsyncSession, period: Period, kind: str, channel: str | None, *, most: int
) -> Signals:
    """Interactions of a kind."""
    wanted = {"kind": kind, "channel": channel}
    return await _recent(session, _statement(_OUTCOME), period, wanted, before=None, most=most)


async def unhappy(
    session: AsyncSession, period: Period, score: float, *, before: UUID | None, most: int
) -> Signals:
    """Complaints, and surveys with no more than this score."""
    return await _recent(session, _statement(_UNHAPPY), period, {"score": score}, before=before, most=most)


async def before_each(
    session: AsyncSession, signals: Sequence[Signal], window: timedelta, *, most: int
) -> Mapping[int, Any]:
    """Up to so many touches of the same person in a time before each, by its place among the signals."""
    parameters = {"rows": _rows(signals), "window": window, "most": most}
    return {row.number: row for row in await session.execute(_BEFORE, parameters)}


async def around_each(
    session: AsyncSession,
    signals: Sequence[Signal],
    window: timedelta,
    period: Period,
    score: float,
    *,
    most: int,
) -> Sequence[Any]:
    """The newest touches of the same person since a time before each of those that are the last of their person."""
    parameters = {
        "rows": _rows(signals),
        "window": window,
        "until": period.until,
        "score": score,
        "most": most,
    }
    return (await session.execute(_AROUND, parameters)).all()


def _statement(condition: str) -> TextClause:
    return text(_RECENT.format(condition=condition.format("recent")))


async def _recent(
    session: AsyncSession,
    statement: TextClause,
    period: Period,
    wanted: dict[str, Any],
    *,
    before: UUID | None,
    most: int,
) -> Signals:
    high = _first_uid(period.until)
    bounds = {
        "low": _first_uid(period.since),
        "high": high if before is None else min(before, high),
        "since": period.since,
        "until": period.until,
        "scanned": SCANNED,
        "limit": most + 1,
    }
    rows = (await session.execute(statement, bounds | wanted)).all()
    found = [Signal(*row[:5]) for row in rows if row.matches][:most]
    if len(rows) > most:
        return Signals(found, found[-1])
    more = bool(rows) and rows[-1].place == SCANNED
    return Signals(found, Signal(*rows[-1][:5]) if more else None)


def _first_uid(moment: datetime) -> UUID:
    """The lowest id of what happened from this millisecond on."""
    return UUID(int=microseconds(moment) // 1000 << 80)


def _rows(signals: Sequence[Signal]) -> str:
    return records.encode(
        _FOUND, [(place, one.uid, one.customer_id, one.at) for place, one in enumerate(signals)]
    )
