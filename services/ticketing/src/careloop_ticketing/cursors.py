"""Reading the cursor of a list whose rows are ordered by one key."""

from typing import TypeVar

from careloop_common.errors import InvalidCursor
from careloop_common.pagination import PageRequest

K = TypeVar("K")
_LARGEST = 2**31 - 1


def position(query: PageRequest, of: type[K]) -> K | None:
    """The key after which the page begins; `InvalidCursor` for a cursor of another list."""
    if query.after is None:
        return None
    match query.after:
        case (key,) if type(key) is of and not (isinstance(key, int) and abs(key) > _LARGEST):
            return key
        case _:
            raise InvalidCursor(pointer="/cursor")
