"""The partitions of `interaction`, made before they are needed.

Days from the start of the month on, months before that, and a DEFAULT for what no partition expects. A range that
DEFAULT has rows of is left to it.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

import structlog
from careloop_common import clock
from careloop_common.runtime import Runtime
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

log = structlog.get_logger()

AHEAD = timedelta(days=7)
MONTHS_BACK = 14
_NAME = re.compile(r"interaction_p(\d{4})(\d{2})(\d{2})?")
_PART = re.compile(_NAME.pattern + r"_\d+")
_EXISTING = text("SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = 'interaction'::regclass")
_GONE = text("SELECT name FROM interaction_archive")
"""Days that have become files do not come again: what is late for them is for DEFAULT."""


@dataclass(frozen=True, slots=True)
class Span:
    first: date
    last: date

    @property
    def name(self) -> str:
        one_day = self.last - self.first == timedelta(days=1)
        return f"interaction_p{self.first:%Y%m%d}" if one_day else f"interaction_p{self.first:%Y%m}"

    def part(self, number: int) -> str:
        """The name of the so-manieth file that follows the first one; these sort as they were written."""
        return f"{self.name}_{number:04}"

    def overlaps(self, other: "Span") -> bool:
        return self.first < other.last and other.first < self.last


def wanted(today: date, *, fresh: bool) -> Iterator[Span]:
    """Days of this month and a week ahead; months before it only where the table is `fresh`."""
    month = today.replace(day=1)
    day = month
    while day <= today + AHEAD:
        yield Span(day, day + timedelta(days=1))
        day += timedelta(days=1)
    for _ in range(MONTHS_BACK if fresh else 0):
        before = (month - timedelta(days=1)).replace(day=1)
        yield Span(before, month)
        month = before


def missing(today: date, names: Sequence[str]) -> list[Span]:
    existing = [span for name in names if (span := span_of(name))]
    return [
        span
        for span in wanted(today, fresh=not existing)
        if not any(span.overlaps(other) for other in existing)
    ]


def due(today: date, names: Sequence[str], *, days: int) -> list[Span]:
    """Partitions whose last day is so long ago, the oldest first."""
    found = [span for name in names if (span := span_of(name))]
    old = [span for span in found if span.last <= today - timedelta(days=days)]
    return sorted(old, key=lambda span: span.first)


def number_of(name: str) -> int:
    """Which of the files of its span it is; the first one is 0."""
    return int(name.rpartition("_")[2]) if _PART.fullmatch(name) else 0


def span_of(name: str) -> Span | None:
    match = _NAME.fullmatch(name)
    if match is None:
        return None
    year, month, day = match.groups()
    first = date(int(year), int(month), int(day or 1))
    if day:
        return Span(first, first + timedelta(days=1))
    return Span(first, (first + timedelta(days=31)).replace(day=1))


async def existing(session: AsyncSession) -> Sequence[str]:
    """The partitions that there are, by name."""
    return (await session.scalars(_EXISTING)).all()


async def ensure(session: AsyncSession, now: datetime) -> int:
    """Make what is missing; returns how many partitions were made."""
    names = [*await existing(session), *(await session.scalars(_GONE)).all()]
    made = 0
    for span in missing(now.astimezone(UTC).date(), names):
        bounds = {"first": midnight(span.first), "last": midnight(span.last)}
        stray = text(
            "SELECT EXISTS (SELECT FROM interaction_default WHERE occurred_at >= :first AND occurred_at < :last)"
        )
        if await session.scalar(stray, bounds):
            continue
        await session.execute(
            text(
                f"CREATE TABLE IF NOT EXISTS {span.name} PARTITION OF interaction "
                f"FOR VALUES FROM ('{bounds['first'].isoformat()}') TO ('{bounds['last'].isoformat()}')"
            )
        )
        made += 1
    return made


def midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


async def keep_ahead(runtime: Runtime[Any]) -> None:
    """Job: partitions for the coming week."""
    async with runtime.database.transaction() as session:
        if made := await ensure(session, clock.now()):
            log.info("interaction.partitions_made", count=made)
