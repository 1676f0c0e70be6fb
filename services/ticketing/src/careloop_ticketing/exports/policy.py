"""Tables as files that spreadsheets open: as text, whatever a cell begins with."""

import csv
import io
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, Final

BOM: Final = "\ufeff"
"""Without it Excel takes the file for one of the system's old encoding."""
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠")
"""What a formula may begin with: a customer can write one into a subject."""


def lines(rows: Iterable[Sequence[Any]]) -> str:
    """The rows as CSV (RFC 4180)."""
    written = io.StringIO()
    csv.writer(written).writerows([[cell(value) for value in row] for row in rows])
    return written.getvalue()


def cell(value: Any) -> str:
    """The value as text that is no formula."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return value.isoformat(timespec="seconds")
    text = str(value)
    return f"'{text}" if text.lstrip(" \n\ufeff").startswith(_FORMULA) else text
