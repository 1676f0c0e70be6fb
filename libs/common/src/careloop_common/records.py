"""Many rows as one parameter of a statement.

_STORE = text(f"INSERT INTO note (id, text) SELECT id, text FROM {records.given(_COLUMNS)}")
await session.execute(_STORE, {"rows": records.encode(_COLUMNS, found)})

An array for each column reads the same, but the driver asks of every element whether it is an array itself: with twenty
columns that is five times the work, and clocks run out by the hundred thousand.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec

_ENCODE = msgspec.json.Encoder().encode


def given(columns: Mapping[str, str], name: str = "rows") -> str:
    """What stands in a FROM: a row set `new` of these columns, each with its type, that the parameter `name` brings."""
    typed = ", ".join(f"{column} {kind}" for column, kind in columns.items())
    return f"json_to_recordset(CAST(:{name} AS json)) AS new ({typed})"


def encode(columns: Iterable[str], rows: Iterable[Sequence[Any]]) -> str:
    """Rows with their values in the order of the columns; for jsonb whatever is JSON, for bytea a text in hex."""
    names = tuple(columns)
    return _ENCODE([dict(zip(names, row, strict=True)) for row in rows]).decode()


def hexed(value: bytes) -> str:
    """Bytes as PostgreSQL reads them in a text."""
    return f"\\x{value.hex()}"
