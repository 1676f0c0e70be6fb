"""Many rows as one parameter of a statement.

_STORE = text(f"INSERT INTO note (id, text) SELECT id, text FROM {records.given(_COLUMNS)}")
await session.execute(_STORE, {"rows": records.encode(_COLUMNS, found)})

An array for each column reads the same, but the driver asks of every element whether it is an array itself: with twenty
columns that is five times the work, and clocks run out by the hundred thousand.
"""

from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import Any

import msgspec

_ENCODE = msgspec.json.Encoder().encode


def given(columns: Mapping[str, str], name: str = "rows") -> str:
    """What stands in a FROM: a row set `new` of these columns, each with its type, that the parameter `name` brings."""
    keyed = ", ".join(f"c{place} {kind}" for place, kind in enumerate(columns.values()))
    named = ", ".join(f'c{place} AS "{column}"' for place, column in enumerate(columns))
    return f"(SELECT {named} FROM json_to_recordset(CAST(:{name} AS json)) AS keyed ({keyed})) AS new"  # noqa: S608


def encode(columns: Iterable[str], rows: Iterable[Sequence[Any]]) -> str:
    """Rows with their values in the order of the columns; for jsonb whatever is JSON, for bytea a text in hex."""
    shape = _shape(len(tuple(columns)))
    return _ENCODE([shape(*row) for row in rows]).decode()


@cache
def _shape(width: int) -> type[msgspec.Struct]:
    """A row of so many values, whose keys are short because each is said again in every row."""
    return msgspec.defstruct(f"Row{width}", [f"c{place}" for place in range(width)], gc=False)


def hexed(value: bytes) -> str:
    """Bytes as PostgreSQL reads them in a text."""
    return f"\\x{value.hex()}"
