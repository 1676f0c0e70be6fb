"""Cursor pagination: stable under inserts, no offsets, no counts. A cursor is good for the list that made it.

rows = await queries.newest(session, before=query.after(datetime, UUID), limit=query.limit + 1)
return page(rows, query.limit, key=lambda row: (row.created_at, row.id))
"""

import base64
import binascii
import json
from collections.abc import Callable, Sequence
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime
from hashlib import blake2b
from typing import Annotated, Any, Final, Generic, TypeVar, overload
from uuid import UUID

from fastapi import Depends, Query, Request
from pydantic import BaseModel

from careloop_common.errors import InvalidCursor
from careloop_common.schemas import in_utc

MAX_LIMIT = 100
_LIST: Final[ContextVar[str]] = ContextVar("list", default="")
"""Which list the request is for, in a few characters; its path says so, whose query may change from page to page."""
_MOST = 2**63
_LARGEST = 2**31 - 1
A = TypeVar("A")
B = TypeVar("B")
R = TypeVar("R")
T = TypeVar("T")


class Long(int):
    """A number of 64 bits, as the type of a part of a sort key; `int` is one of 32."""


class Page(BaseModel, Generic[T]):
    """Some items and the cursor of the next page; no cursor means the end."""

    items: list[T]
    next_cursor: str | None = None


@dataclass(frozen=True, slots=True)
class PageRequest:
    """Which page the client asks for."""

    limit: int
    key: tuple[Any, ...] | None

    @overload
    def after(self, of: type[A], /) -> A | None: ...
    @overload
    def after(self, first: type[A], second: type[B], /) -> tuple[A, B] | None: ...
    @overload
    def after(self, first: type, second: type, third: type, /, *more: type) -> tuple[Any, ...] | None: ...
    def after(self, *types: type) -> Any:
        """The sort key behind which the page begins, of these types; `InvalidCursor` if another list made it."""
        if self.key is None:
            return None
        if len(self.key) != len(types) or not all(map(_fits, self.key, types)):
            raise InvalidCursor(pointer="cursor")
        return self.key if len(types) > 1 else self.key[0]


async def _page_request(
    request: Request,
    limit: Annotated[
        int, Query(ge=1, le=MAX_LIMIT, description="Largest number of items in the answer.")
    ] = 50,
    cursor: Annotated[
        str | None, Query(max_length=512, description="`next_cursor` of the page before this one.")
    ] = None,
) -> PageRequest:
    _LIST.set(blake2b(request.url.path.encode(), digest_size=6).hexdigest())
    return PageRequest(limit, decode(cursor) if cursor is not None else None)


PageQuery = Annotated[PageRequest, Depends(_page_request)]


def page(
    rows: Sequence[R],
    limit: int,
    *,
    key: Callable[[R], tuple[Any, ...]],
    view: Callable[[R], T] | None = None,
) -> Page[T]:
    """A page of up to `limit` of `rows`; fetch one row more than `limit` so that the end is known."""
    shown = rows[:limit]
    more = len(rows) > limit
    items: list[Any] = [view(row) for row in shown] if view else list(shown)
    return Page.model_construct(items=items, next_cursor=encode(key(shown[-1])) if more else None)


def encode(key: tuple[Any, ...]) -> str:
    """An opaque cursor from a sort key of strings, numbers, UUIDs and datetimes, for the list that the request is for."""
    tagged = [_LIST.get(), *(_tag(part) for part in key)]
    return base64.urlsafe_b64encode(json.dumps(tagged).encode()).decode().rstrip("=")


def decode(cursor: str) -> tuple[Any, ...]:
    """The sort key that `encode` was given for this list; `InvalidCursor` for anything else."""
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        of, *parts = json.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
        key = tuple(_untag(tag, text) for tag, text in parts)
    except (ValueError, TypeError, KeyError, binascii.Error) as error:
        raise InvalidCursor(pointer="cursor") from error
    if of != _LIST.get():
        raise InvalidCursor("The cursor is one of another list.", pointer="cursor")
    return key


def _fits(part: Any, of: type) -> bool:
    if of is float:
        return type(part) in (int, float)
    if of is Long:
        return type(part) is int
    return type(part) is of and not (isinstance(part, int) and abs(part) > _LARGEST)


def _tag(part: Any) -> tuple[str, Any]:
    if isinstance(part, datetime):
        return "t", part.isoformat()
    if isinstance(part, UUID):
        return "u", str(part)
    return ("s", part) if isinstance(part, str) else ("n", part)


def _untag(tag: str, value: Any) -> Any:
    if tag == "n":
        if not isinstance(value, (int, float)) or not abs(value) < _MOST:
            raise TypeError(tag)
        return value
    readers: dict[str, Callable[[str], Any]] = {"t": _instant, "u": UUID, "s": _text}
    return readers[tag](value)


def _instant(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(text)
    return in_utc(moment)


def _text(text: str) -> str:
    if "\0" in text:
        raise ValueError("PostgreSQL knows no NUL")
    return str(text)
