"""What cursors of this service may hold. One that another list made is not one of ours."""

from datetime import datetime
from typing import Any
from uuid import UUID

from careloop_common.errors import InvalidCursor


def moment_and_id(after: tuple[Any, ...] | None) -> tuple[datetime, UUID] | None:
    """The sort key of a list that is ordered by a time and an id."""
    if after is None:
        return None
    match after:
        case (datetime() as moment, UUID() as identity):
            return moment, identity
        case _:
            raise InvalidCursor(pointer="/cursor")
