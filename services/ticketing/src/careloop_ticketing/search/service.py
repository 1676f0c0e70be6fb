"""Indexing a text, and walking what matches from the newest to the oldest.

A word may be in three tickets of a million or in half of them, lately or long ago, and statistics do not tell which;
nor do they tell whether a filter leaves any of them. So the walk needs none. It goes on for a while, however much or
little it finds in it, and tells how far it came.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from careloop_ticketing.search import queries
from careloop_ticketing.search.policy import BLOCK, marker, wanted, words_of
from careloop_ticketing.search.queries import Passes

__all__ = ["INDEX", "Found", "Passes", "add", "found_by", "newest_first", "replace", "those_with", "wanted"]

PATIENCE: Final = timedelta(milliseconds=20)
"""How long a walk goes on; the turn that it is at comes to an end."""
MOST: Final = 1_000
"""Subjects with the words that one turn looks at, if not all of them are to be shown."""
WIDEST: Final = 8
"""Blocks of a window. Where a word was common once, all of a window is found before the newest of it is known."""

INDEX: Final = "INSERT INTO search_entry (subject_id, seq, words) SELECT id, :place, CAST(:words AS text[])"
"""Makes the subject with this `id` findable, from the end of the transaction on: a part of what stores the subject."""
_REPLACE: Final = text(
    "UPDATE search_entry SET words = array_append(CAST(:words AS text[]), '#' || seq / :block) WHERE subject_id = :id"
)
# An entry that has them all already, as that of a long conversation soon does, is not written again.
_ADD: Final = text(
    "UPDATE search_entry SET words = ARRAY(SELECT DISTINCT unnest(words || CAST(:words AS text[])))"
    " WHERE subject_id = :id AND NOT words @> CAST(:words AS text[]) AND cardinality(words) < :most"
)
FULL: Final = 20_000
"""Words with which an entry takes no more in: to add one is to write all of them again."""
_LAST: Final = text("SELECT coalesce(max(seq), 0) FROM search_entry")
# The plans are to be those by the index over words, and to compile them would take longer than the walk.
_BY_INDEX: Final = text("SELECT set_config('enable_seqscan', 'off', true), set_config('jit', 'off', true)")
_EVERYTHING: Final = queries.walk(None)


@dataclass(frozen=True, slots=True)
class Found:
    """Matches, newest first; there can be more below `down_to`, unless that is 0."""

    matches: Sequence[tuple[int, UUID]]
    down_to: int = 0


def found_by(place: int, *texts: str) -> Mapping[str, Any]:
    """What `INDEX` takes: where the subject stands among all, and the words of its texts."""
    words = words_of("\n".join(texts)) | {marker(place // BLOCK)}
    return {"place": place, "words": sorted(words)}


async def replace(session: AsyncSession, subject_id: UUID, *texts: str) -> None:
    """Have the subject found by these texts, and by nothing that it was found by before."""
    words = sorted(words_of("\n".join(texts)))
    await session.execute(_REPLACE, {"id": subject_id, "words": words, "block": BLOCK})


async def add(session: AsyncSession, subject_id: UUID, said: str) -> None:
    """Have the subject found by this text too."""
    words = sorted(words_of(said))
    await session.execute(_ADD, {"id": subject_id, "words": words, "most": FULL})


async def newest_first(
    session: AsyncSession, words: Collection[str], passes: Passes | None, *, before: int | None, limit: int
) -> Found:
    """The newest that have all of the words and pass, so many or as many as were found in time."""
    await session.execute(_BY_INDEX)
    top = before if before is not None else (await session.execute(_LAST)).scalar_one() + 1
    asked = {"words": sorted(words), "before": top, "wanted": limit + 1, "patience": PATIENCE}
    look = {"block": BLOCK, "widest": WIDEST, "most": limit + 1 if passes is None else MOST}
    walk = _EVERYTHING if passes is None else queries.walk(passes)
    matches: list[tuple[int, UUID]] = []
    for turn in await session.execute(walk, {**asked, **look}):
        top = turn.top
        matches += zip(turn.seqs or (), turn.subjects or (), strict=True)
    return _page(matches, limit, top)


async def those_with(
    session: AsyncSession,
    words: Collection[str],
    passes: Passes | None,
    subjects: Collection[UUID],
    *,
    before: int | None,
    limit: int,
) -> Found:
    """The newest of these few subjects that have all of the words and pass."""
    having = queries.those_with(words, passes, subjects, before=before, wanted=limit + 1)
    return _page([(row.seq, row.subject_id) for row in await session.execute(having)], limit, 0)


def _page(matches: Sequence[tuple[int, UUID]], limit: int, down_to: int) -> Found:
    if len(matches) > limit:
        return Found(matches[:limit], matches[limit - 1][0])
    return Found(matches, down_to)
