"""The walk over what matches, as one statement: from the newest block to the oldest, until there is enough.

Every turn of it looks into a window, a run of blocks. Each block has a marker among the words, so that the index
intersects both without touching a row. A window that has little is followed by a wider one. One that has more than a
block can have is left for a narrower one, and one that has more than a look takes is gone through by several looks.
"""

from collections.abc import Callable, Collection
from typing import Any
from uuid import UUID

from sqlalchemy import (
    CTE,
    BigInteger,
    ColumnElement,
    Integer,
    Interval,
    Select,
    Text,
    Uuid,
    and_,
    any_,
    bindparam,
    case,
    cast,
    func,
    literal,
    or_,
    select,
    true,
)
from sqlalchemy.dialects.postgresql import ARRAY, aggregate_order_by
from sqlalchemy.sql.selectable import LateralFromClause
from sqlmodel import col

from careloop_ticketing.search.models import SearchRow
from careloop_ticketing.search.policy import MARKER

Passes = Callable[[ColumnElement[UUID]], ColumnElement[bool]]
"""Whether a subject, named by this column, is to be shown; as a scalar, so that it is asked for each by itself."""


_WORDS = bindparam("words", type_=ARRAY(Text))
_BEFORE = bindparam("before", type_=BigInteger)
_WANTED = bindparam("wanted", type_=Integer)
_PATIENCE = bindparam("patience", type_=Interval)
_BLOCK = bindparam("block", type_=BigInteger)
"""Subjects of a block."""
_WIDEST = bindparam("widest", type_=Integer)
"""Blocks of a window."""
_MOST = bindparam("most", type_=Integer)
"""Subjects that one look takes, the newest ones of the window that have the words."""


def walk(passes: Passes | None) -> Select[Any]:
    """Where each turn ended and what it found, newest first."""
    start = select(
        _BEFORE.label("top"),
        literal(1, Integer).label("width"),
        _BEFORE.label("edge"),
        literal(0, Integer).label("have"),
        literal([], ARRAY(BigInteger)).label("seqs"),
        literal([], ARRAY(Uuid)).label("subjects"),
    )
    turns = start.cte("turns", recursive=True)
    bottom = func.greatest((turns.c.top - 1) // _BLOCK - turns.c.width + 1, 0) * _BLOCK
    found = _found(_window(passes, turns, bottom))
    is_crowded, is_full = found.c.crowd > _BLOCK, found.c.total == _MOST
    has_little = found.c.total * 4 < _MOST
    turn = (
        select(
            case((is_crowded, turns.c.top), (is_full, found.c.lowest), else_=bottom),
            case(
                (or_(is_crowded, is_full), func.greatest(turns.c.width // 4, 1)),
                (and_(has_little, bottom <= turns.c.edge), func.least(turns.c.width * 4, _WIDEST)),
                else_=turns.c.width,
            ),
            # Down to where a crowd was seen no window is widened, or it would be seen again and again.
            case((is_crowded, func.least(turns.c.edge, bottom)), else_=turns.c.edge),
            turns.c.have + func.coalesce(func.cardinality(found.c.seqs), 0),
            found.c.seqs,
            found.c.subjects,
        )
        .select_from(turns.join(found, true()))
        .where(turns.c.top > 0, turns.c.have < _WANTED)
        # The first turn is always made: a page that ends where it began would never end.
        .where(or_(turns.c.top == _BEFORE, func.clock_timestamp() - func.statement_timestamp() < _PATIENCE))
    )
    turns = turns.union_all(turn)
    return select(turns.c.top, turns.c.seqs, turns.c.subjects).order_by(turns.c.top.desc())


def _window(passes: Passes | None, turns: CTE, bottom: ColumnElement[int]) -> LateralFromClause:
    """The newest of the window that have the words, and whether they are to be shown; of a crowd only that it is one."""
    blocks = func.generate_series(bottom // _BLOCK, (turns.c.top - 1) // _BLOCK)
    marker = literal(MARKER, Text) + cast(blocks.column_valued("block"), Text)
    markers = func.array(select(marker).correlate(turns).scalar_subquery(), type_=ARRAY(Text))
    some = (
        select(col(SearchRow.seq), col(SearchRow.subject_id))
        .where(col(SearchRow.words).contains(_WORDS), col(SearchRow.words).bool_op("&&")(markers))
        # Plus nothing: the index over `seq` is not to offer itself.
        .where(col(SearchRow.seq) + 0 < turns.c.top)
        .limit(_BLOCK + 1)
        .correlate(turns)
        .lateral("some")
    )
    newest = (
        select(some, func.count().over().label("crowd"))
        .order_by(some.c.seq.desc())
        .limit(_MOST)
        .lateral("newest")
    )
    shown = true() if passes is None else passes(newest.c.subject_id)
    judged = case((newest.c.crowd <= _BLOCK, shown)).label("shown")
    # Offset, so that this stays a row of its own: each of the two lists that are made of it would judge again.
    return select(newest, judged).offset(0).lateral("judged")


def _found(judged: LateralFromClause) -> LateralFromClause:
    def newest_first(column: ColumnElement[Any]) -> ColumnElement[Any]:
        ordered = aggregate_order_by(column, judged.c.seq.desc())
        return func.array_agg(ordered).filter(judged.c.shown)

    return select(
        func.count().label("total"),
        func.min(judged.c.seq).label("lowest"),
        func.max(judged.c.crowd).label("crowd"),
        newest_first(judged.c.seq).label("seqs"),
        newest_first(judged.c.subject_id).label("subjects"),
    ).lateral("found")


def those_with(
    words: Collection[str],
    passes: Passes | None,
    subjects: Collection[UUID],
    *,
    before: int | None,
    wanted: int,
) -> Select[Any]:
    """Which of these few subjects have all of the words, newest first."""
    entry = select(col(SearchRow.seq), col(SearchRow.subject_id), col(SearchRow.words))
    named = entry.where(col(SearchRow.subject_id) == any_(literal(list(subjects), ARRAY(Uuid))))
    # Materialized: the index over words is not to offer itself, for it may know far more subjects.
    these = named.cte("these").prefix_with("MATERIALIZED").c
    having = select(these.seq, these.subject_id).where(these.words.contains(sorted(words)))
    if passes is not None:
        having = having.where(passes(these.subject_id))
    if before is not None:
        having = having.where(these.seq < before)
    return having.order_by(these.seq.desc()).limit(wanted)
