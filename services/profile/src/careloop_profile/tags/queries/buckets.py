"""What customers did, by the day."""

from collections.abc import Collection, Iterator, Sequence
from datetime import UTC, date, datetime
from typing import Any, Final, NamedTuple
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession

from careloop_profile.interactions.queries import OF_DAYS
from careloop_profile.tags.policy.activity import Added, Sum
from careloop_profile.tags.policy.vocabulary import WINDOWS


def _windows(column: str, as_type: str) -> str:
    """The sum of a column over each window."""
    within = "FILTER (WHERE day > CAST(:today AS date) - {})"
    return ", ".join(
        f"CAST(coalesce(sum({column}) {within.format(length)}, 0) AS {as_type}) AS {column}_{window}"
        for window, length in WINDOWS.items()
    )


# All that waits is read each time: it is what came within seconds. Where it is more, more of it is taken at once.
_WAITING: Final = text("""
    WITH waiting AS (
        SELECT customer_id, count(*) AS news, min(stored_at) AS since,
               min(stored_at + least(10, already * 3) * interval '1 s') AS turn
        FROM interaction_news GROUP BY customer_id
    )
    SELECT customer_id, news, (SELECT CAST(sum(news) AS bigint) FROM waiting)
    FROM waiting ORDER BY turn, since LIMIT (SELECT greatest(count(*) / 20, :fewest) FROM waiting)
""")
_NOVEL: Final = text("""
    WITH waiting AS (
        SELECT customer_id, count(*) AS novel, min(stored_at) AS since
        FROM interaction_news WHERE already = 0 GROUP BY customer_id
    ), first AS (
        SELECT customer_id, greatest(
                   since + least(20, (novel - 1) * 3) * interval '0.5 s', counted_at + interval '10 s'
               ) AS turn
        FROM waiting LEFT JOIN person_fact ON person_id = customer_id
        ORDER BY turn LIMIT (SELECT greatest(count(*) / 20, :fewest) FROM waiting)
    )
    SELECT customer_id, (SELECT count(*) FROM interaction_news AS waiting WHERE waiting.customer_id = first.customer_id)
    FROM first ORDER BY turn
""")
# Of whom all is of today, by channels that today had before, nothing can be other than that numbers grew. Nothing is joined:
# how much there is PostgreSQL learns when it is gone, so each would be compared with each.
_FOLD: Final = text("""
    WITH taken AS (
        DELETE FROM interaction_news WHERE customer_id = ANY(CAST(:ids AS uuid[]))
        RETURNING *, CAST(occurred_at AT TIME ZONE 'UTC' AS date) AS day
    ), summed AS (
        SELECT customer_id, day, channel, kind, count(*) AS count, coalesce(sum(amount), 0) AS amount,
               min(occurred_at) AS first_at, max(occurred_at) AS last_at
        FROM taken GROUP BY customer_id, day, channel, kind
    ), by_day AS (
        INSERT INTO metric_bucket AS known (customer_id, day, channel, kind, count, amount, first_at, last_at)
        SELECT customer_id, day, channel, kind, count, amount, first_at, last_at FROM summed ORDER BY 1, 2, 3, 4
        ON CONFLICT (customer_id, day, channel, kind) DO UPDATE SET
            count = known.count + excluded.count, amount = known.amount + excluded.amount,
            first_at = least(known.first_at, excluded.first_at), last_at = greatest(known.last_at, excluded.last_at)
        RETURNING customer_id, day, channel, xmax <> 0 AS there
    ), other AS (
        SELECT customer_id FROM by_day WHERE day <> :today OR NOT there AND (
            SELECT true FROM metric_bucket AS known
            WHERE known.customer_id = by_day.customer_id AND known.day = :today AND known.channel = by_day.channel LIMIT 1
        ) IS NULL
    )
    SELECT customer_id, CAST(sum(count) AS int), customer_id NOT IN (SELECT customer_id FROM other),
           min(first_at), array_agg(channel), array_agg(kind), array_agg(count), array_agg(CAST(amount AS float8)),
           array_agg(last_at)
    FROM summed GROUP BY customer_id
""")
# Whoever looks for what waits passes by all that was taken and is not swept away yet, which in a flood is most of it.
# Who has the table is not waited for: what waits would wait, too.
_SWEEP: Final = text("VACUUM (TRUNCATE off, SKIP_LOCKED) interaction_news")
_COUNTED: Final = (
    "channel",
    "kind",
    *(f"{name}_{window}" for name in ("count", "amount") for window in WINDOWS),
    "last_at",
)
# A row for each customer: it costs more to read than what is in it. Nobody is silent of whom something is there that was
# only not counted yet, and of what is long ago it is only asked when it was.
_DONE: Final = text(f"""
    SELECT asked.id, least(done.first_at, rest.first_at), greatest(done.until_at, rest.last_at), by || channels, days,
           {", ".join(f"done.{name}" for name in _COUNTED)}
    FROM unnest(CAST(:ids AS uuid[])) AS asked (id) CROSS JOIN LATERAL (
        SELECT {", ".join(f"array_agg({name}) FILTER (WHERE last_at IS NOT NULL) AS {name}" for name in _COUNTED)},
               min(first_at) AS first_at, max(until_at) AS until_at, array_agg(channel) AS by
        FROM (
            SELECT channel, kind, {_windows("count", "int")}, {_windows("amount", "float8")},
                   min(coalesce(first_at, last_at)) AS first_at, max(last_at) AS until_at,
                   max(last_at) FILTER (WHERE day >= :since) AS last_at
            FROM metric_bucket WHERE customer_id = asked.id GROUP BY channel, kind
        ) AS kinds
    ) AS done CROSS JOIN LATERAL (
        SELECT array_agg(DISTINCT day) AS days FROM metric_bucket
        WHERE customer_id = asked.id AND day > CAST(:today AS date) - CAST(:longest AS int)
    ) AS active CROSS JOIN LATERAL (
        SELECT min(first_at) AS first_at, max(last_at) AS last_at, array_agg(DISTINCT channel) AS channels FROM (
            SELECT first_at, last_at, channel FROM customer_activity WHERE customer_id = asked.id
            UNION ALL SELECT occurred_at, occurred_at, channel FROM interaction_news WHERE customer_id = asked.id
        ) AS seen
    ) AS rest
""")  # noqa: S608
_ANY_NEWS: Final = text(
    "SELECT EXISTS (SELECT FROM interaction_news WHERE customer_id = ANY(CAST(:ids AS uuid[])))"
)
_DAYS: Final = text("""
    SELECT customer_id, array_agg(DISTINCT day) FROM metric_bucket
    WHERE customer_id = ANY(CAST(:ids AS uuid[])) AND day > CAST(:today AS date) - CAST(:longest AS int) GROUP BY customer_id
""")
# Days that somebody just adds to are left to the next time: so nobody who counts is waited for, in whatever order they do.
_FORGET: Final = text(f"""
    WITH gone AS (
        DELETE FROM metric_bucket WHERE ctid = ANY(ARRAY(
            SELECT ctid FROM metric_bucket WHERE day < :until LIMIT :limit FOR UPDATE SKIP LOCKED
        )) RETURNING *
    ), kept AS (
        INSERT INTO customer_activity AS known
            (customer_id, channel, interactions, payments, amount, complaints, first_at, last_at)
        SELECT {OF_DAYS} FROM gone GROUP BY customer_id, channel ORDER BY customer_id, channel
        ON CONFLICT (customer_id, channel) DO UPDATE SET
            interactions = known.interactions + excluded.interactions,
            payments = known.payments + excluded.payments,
            amount = known.amount + excluded.amount,
            complaints = known.complaints + excluded.complaints,
            first_at = least(known.first_at, excluded.first_at),
            last_at = greatest(known.last_at, excluded.last_at)
    )
    SELECT count(*) FROM gone
""")  # noqa: S608
Ever = tuple[datetime, datetime, list[str]]
"""When a customer was seen first and last, and by which channels."""


class Done(NamedTuple):
    """What a customer did in the windows, by channel and kind; on which days of the longest one; and since and until when it
    has been seen."""

    sums: list[Sum]
    days: list[date]
    ever: Ever | None


class Fresh(NamedTuple):
    """What was counted of a customer just now: how much; and, where it only adds to what today has already, since when and
    what by channel and kind."""

    news: int
    first_at: datetime
    added: list[Added] | None


class Turn(NamedTuple):
    """Of whom something was not counted yet: who comes next, and of each how much there is; and how much there is of all."""

    waiting: dict[UUID, int]
    news: int

    def parts(self, size: int, most: int) -> Iterator[list[UUID]]:
        """Some after the others, of so many customers and so much that waits at most, or of one customer."""
        part: list[UUID] = []
        much = 0
        for customer, news in self.waiting.items():
            if part and (len(part) == size or much + news > most):
                yield part
                part, much = [], 0
            part.append(customer)
            much += news
        if part:
            yield part


async def waiting(session: AsyncSession, fewest: int) -> Turn:
    """Who waits for longest comes first, but what the day had already lets others go first: for three seconds for each time,
    for ten at most."""
    rows = (await session.execute(_WAITING, {"fewest": fewest})).all()
    return Turn({row[0]: row[1] for row in rows}, rows[0][2] if rows else 0)


async def novel(session: AsyncSession, fewest: int) -> Turn:
    """Only of whom there is something that the day did not have, so that it says more than a number. To whom much is new
    at once, and of whom something was counted a moment ago, lets others go first, ten seconds at most."""
    found = {row[0]: row[1] for row in await session.execute(_NOVEL, {"fewest": fewest})}
    return Turn(found, sum(found.values()))


async def fold(session: AsyncSession, customers: Collection[UUID], now: datetime) -> dict[UUID, Fresh]:
    """Count by the day what was stored of these customers since; returns of whom there was something."""
    asked = {"ids": list(customers), "today": now.astimezone(UTC).date()}
    return {row[0]: _fresh(*row[1:]) for row in await session.execute(_FOLD, asked)}


def _fresh(news: int, grew: bool, first_at: datetime, *added: Sequence[Any]) -> Fresh:
    return Fresh(news, first_at, list(map(Added, *added)) if grew else None)


async def sweep(connection: AsyncConnection) -> None:
    """Give back the room of what was counted; in no transaction."""
    await connection.execute(_SWEEP)


async def done(
    session: AsyncSession, customers: Collection[UUID], since: datetime, today: date
) -> dict[UUID, Done]:
    """What these customers did in the windows that end with `today`, as far back as `since`."""
    asked = {"since": since.astimezone(UTC).date(), "today": today, "longest": max(WINDOWS.values())}
    return {row[0]: _done(*row[1:]) for row in await session.execute(_DONE, asked | {"ids": list(customers)})}


async def any_news(session: AsyncSession, customers: Collection[UUID]) -> bool:
    """Whether something of these customers waits to be counted."""
    return bool(await session.scalar(_ANY_NEWS, {"ids": list(customers)}))


def _done(
    first: datetime | None, last: datetime | None, channels: list[str], days: list[date] | None, *counted: Any
) -> Done:
    sums = []
    if counted[0]:
        by, kinds, *numbers, lasts = counted
        counts, amounts = numbers[: len(WINDOWS)], numbers[len(WINDOWS) :]
        sums = list(map(Sum, by, kinds, zip(*counts, strict=True), zip(*amounts, strict=True), lasts))
    return Done(sums, days or [], (first, last, channels) if first and last else None)


async def days(session: AsyncSession, customers: Collection[UUID], today: date) -> dict[UUID, list[date]]:
    """On which days of the longest window these customers did something."""
    asked = {"ids": list(customers), "today": today, "longest": max(WINDOWS.values())}
    return {row[0]: row[1] for row in await session.execute(_DAYS, asked)}


async def forget(session: AsyncSession, until: datetime, limit: int) -> int:
    """Delete days before, of which only the sums are kept; returns how many counts there were."""
    return await session.scalar(_FORGET, {"until": until.date(), "limit": limit}) or 0


def joined(parts: Sequence[Ever]) -> Ever | None:
    """The same of several customers who are one person."""
    if not parts:
        return None
    channels = sorted({channel for _, _, some in parts for channel in some})
    return min(first for first, _, _ in parts), max(last for _, last, _ in parts), channels
