from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID

import pytest
from careloop_common import records
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

KINDS: Final = {
    "id": "uuid",
    "name": "text",
    "number": "int",
    "flag": "bool",
    "at": "timestamptz",
    "span": "interval",
    "words": "text[]",
    "document": "jsonb",
    "bytes": "bytea",
}
AT: Final = datetime(2026, 3, 1, 12, 30, 0, 123456, tzinfo=UTC)
ROW: Final = (
    UUID(int=7),
    'a "quoted" 名字\n',
    -3,
    True,
    AT,
    timedelta(days=2, hours=25, microseconds=5),
    ["a,b", "{c}", ""],
    {"x": [1, 1.5, None], "y": "\\"},
    records.hexed(b"\x00\xff"),
)


async def test_rows_arrive_as_they_were_sent(session: AsyncSession) -> None:
    query = text(f"SELECT * FROM {records.given(KINDS)}")
    empty = (None,) * len(KINDS)
    found = await session.execute(query, {"rows": records.encode(KINDS, [ROW, empty])})
    first, second = found.all()
    nothing = await session.execute(query, {"rows": records.encode(KINDS, [])})
    assert tuple(first) == (*ROW[:-1], b"\x00\xff")
    assert tuple(second) == empty
    assert nothing.all() == []


def test_a_row_of_another_length_is_refused() -> None:
    with pytest.raises(TypeError, match="positional"):
        records.encode(["id"], [(1, 2)])
