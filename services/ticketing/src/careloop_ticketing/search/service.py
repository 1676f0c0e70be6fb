"""Indexing a text, and walking what matches from the newest to the oldest.

A word may be in three tickets of a million or in half of them, lately or long ago, and statistics do not tell which. So
the walk needs none. It asks for everything in a window, but for no more than `MOST` rows: a window that has more is
narrowed, and one that is exhausted is followed by a wider one. Windows are runs of blocks; each block has a marker
among the words, so that the index intersects both without touching a row.
"""

from collections.abc import AsyncGenerator, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from sqlalchemy import TextClause, text
from sqlalchemy.ext.asyncio import AsyncSession

from careloop_ticketing.search.policy import BLOCK, marker, wanted, words_of

__all__ = ["INDEX", "Found", "found_by", "newest_first", "those_with", "wanted"]

MOST: Final = 2_000
"""Rows that one look into a window may give, unless it is a single block."""
_WIDEST: Final = 64
"""Blocks of a window: every one of them is one more list for the index to walk."""

_END: Final = 2**62

INDEX: Final = "INSERT INTO search_entry (subject_id, seq, words) SELECT id, :place, CAST(:words AS text[])"
"""Makes the subject with this `id` findable, from the end of the transaction on: a part of what stores the subject."""
_LAST: Final = text("SELECT max(seq) FROM search_entry")
# The plans are to be those by the index over words. With `seq + 0` no other index offers itself.
_ONLY_INDEXES: Final = text("SELECT set_config('enable_seqscan', 'off', true)")
_MATCHES: Final = (
    "SELECT seq, subject_id FROM search_entry WHERE words @> CAST(:words AS text[]) AND seq + 0 < :before"
)
_NEWEST: Final = (
    "SELECT seq, subject_id, count(*) OVER () AS matches FROM ({matches} LIMIT :most) AS found"
    " ORDER BY seq DESC LIMIT CAST(:wanted AS bigint)"
)
_ALL: Final = text(_NEWEST.format(matches=_MATCHES))
_WINDOW: Final = text(_NEWEST.format(matches=f"{_MATCHES} AND words && CAST(:blocks AS text[])"))
_OF_SOME: Final = text(
    "SELECT seq, subject_id FROM search_entry WHERE subject_id = ANY(:subjects)"
    " AND words @> CAST(:words AS text[]) AND seq < :before ORDER BY seq DESC"
)


@dataclass(frozen=True, slots=True)
class Found:
    """Matches of one stretch, newest first; the next stretch begins below `down_to`."""

    matches: Sequence[tuple[int, UUID]]
    total: int
    """How many there are, whether given or not."""
    down_to: int


def found_by(place: int, *texts: str) -> Mapping[str, Any]:
    """What `INDEX` takes: where the subject stands among all, and the words of its texts."""
    words = words_of("\n".join(texts)) | {marker(place // BLOCK)}
    return {"place": place, "words": sorted(words)}


async def newest_first(
    session: AsyncSession, words: Collection[str], *, before: int | None, wanted: int | None = None
) -> AsyncGenerator[Found, None]:
    """Everything that has all of the words, stretch by stretch; of each stretch only the newest `wanted`, if so many will do."""
    await session.execute(_ONLY_INDEXES)
    top = before if before is not None else ((await session.execute(_LAST)).scalar_one() or 0) + 1
    asked = {"words": sorted(words), "wanted": wanted}
    # Common words fill a page out of the newest block, rare ones are exhausted by one look at the rest.
    newest = await _look(session, asked, _floor(top, 1), top)
    yield newest
    top, width = newest.down_to, 4
    if top == 0:
        return
    rest = await _found(session, _ALL, {**asked, "before": top, "most": MOST}, 0)
    if rest.total < MOST:
        yield rest
        return
    while top > 0:
        found = await _look(session, asked, _floor(top, width), top)
        if found.total >= MOST and width > 1:
            width //= 4
            continue
        yield found
        top, width = found.down_to, min(width * 4, _WIDEST)


async def those_with(
    session: AsyncSession, words: Collection[str], subjects: Collection[UUID], *, before: int | None
) -> Sequence[tuple[int, UUID]]:
    """Which of these few subjects have all of the words, newest first."""
    asked = {"words": sorted(words), "subjects": list(subjects), "before": _END if before is None else before}
    return [(row.seq, row.subject_id) for row in await session.execute(_OF_SOME, asked)]


def _floor(top: int, width: int) -> int:
    """Where a window of so many blocks begins whose last place is just below `top`."""
    return max(0, ((top - 1) // BLOCK - width + 1) * BLOCK)


async def _look(session: AsyncSession, asked: Mapping[str, Any], bottom: int, top: int) -> Found:
    blocks = range(bottom // BLOCK, (top - 1) // BLOCK + 1)
    most = BLOCK if len(blocks) == 1 else MOST
    window = {"blocks": [marker(block) for block in blocks], "before": top, "most": most}
    return await _found(session, _WINDOW, {**asked, **window}, bottom)


async def _found(
    session: AsyncSession, statement: TextClause, given: Mapping[str, Any], down_to: int
) -> Found:
    rows = (await session.execute(statement, given)).all()
    return Found([(seq, subject_id) for seq, subject_id, _ in rows], rows[0].matches if rows else 0, down_to)
