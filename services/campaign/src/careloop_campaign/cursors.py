from datetime import datetime
from typing import Any
from uuid import UUID

from careloop_common.errors import InvalidCursor


def newest_first(after: tuple[Any, ...] | None) -> tuple[datetime, UUID] | None:
    """The sort key of a list that is ordered by time and id; a cursor of another list does not fit."""
    match after:
        case None:
            return None
        case (datetime() as at, UUID() as key):
            return at, key
        case _:
            raise InvalidCursor(pointer="/cursor")
