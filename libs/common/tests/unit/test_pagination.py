"""Cursors survive a round trip and anything else is refused."""

import asyncio
import base64
import contextlib
from collections.abc import Callable
from contextvars import copy_context
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from careloop_common.errors import InvalidCursor
from careloop_common.pagination import Long, PageRequest, _page_request, decode, encode, page
from hypothesis import given
from hypothesis import strategies as st
from starlette.requests import Request

PART = st.one_of(
    st.text(st.characters(exclude_characters="\0")),
    st.integers(-(2**63) + 1, 2**63 - 1),
    st.uuids(),
    st.datetimes(datetime(1970, 1, 1), datetime(2199, 12, 31), timezones=st.just(UTC)),  # noqa: DTZ001
)


@given(st.tuples(PART, PART))
def test_a_key_survives_its_cursor(key: tuple[Any, ...]) -> None:
    assert decode(encode(key)) == key


@given(st.text(max_size=60))
def test_noise_is_an_invalid_cursor_or_a_key(text: str) -> None:
    with contextlib.suppress(InvalidCursor):
        assert isinstance(decode(text), tuple)


@pytest.mark.parametrize(
    "forged",
    [
        '["", ["t", "9999-12-31T23:59:59-14:00"]]',
        '["", ["t", "0001-01-01T00:00:00+14:00"]]',
        '["", ["s", "\\u0000"]]',
        '["", ["n", 1e400]]',
        '["", ["n", 1e30]]',
    ],
)
def test_what_the_database_cannot_compare_is_refused(forged: str) -> None:
    with pytest.raises(InvalidCursor):
        decode(base64.urlsafe_b64encode(forged.encode()).decode().rstrip("="))


def test_a_time_without_zone_is_refused() -> None:
    with pytest.raises(InvalidCursor):
        decode(encode((datetime(2026, 1, 1),)))  # noqa: DTZ001


def test_the_last_page_has_no_cursor() -> None:
    key = UUID(int=3)
    assert page([1, 2], 2, key=lambda n: (n, key)).next_cursor is None
    first = page([1, 2, 3], 2, key=lambda n: (n, key))
    assert first.items == [1, 2]
    assert decode(first.next_cursor or "") == (2, key)


@pytest.mark.parametrize("key", [(), ("x",), (True,), (1, 2), (10**12,), (1.5,)])
def test_a_cursor_of_another_list_is_refused(key: tuple[Any, ...]) -> None:
    with pytest.raises(InvalidCursor):
        PageRequest(10, key).after(int)


def test_a_cursor_is_good_for_the_list_that_made_it() -> None:
    def of(path: str, act: Callable[[], Any]) -> Any:
        async def asked() -> Any:
            await _page_request(Request({"type": "http", "path": path, "headers": [], "query_string": b""}))
            return act()

        return copy_context().run(asyncio.run, asked())

    cursor = of("/v1/a", lambda: encode((7,)))
    assert of("/v1/a", lambda: decode(cursor)) == (7,)
    with pytest.raises(InvalidCursor):
        of("/v1/b", lambda: decode(cursor))


def test_a_cursor_of_this_list_is_read() -> None:
    moment, identity = datetime(2026, 1, 1, tzinfo=UTC), UUID(int=3)
    assert PageRequest(10, (7,)).after(int) == 7
    assert PageRequest(10, (1, identity)).after(float, UUID) == (1, identity)
    assert PageRequest(10, (moment, identity)).after(datetime, UUID) == (moment, identity)
    assert PageRequest(10, None).after(int) is None


def test_a_number_of_64_bits_is_one_where_the_list_has_such() -> None:
    assert PageRequest(10, (2**40,)).after(Long) == 2**40
    for part, of in ((2**40, int), (True, Long), (1.5, Long), ("7", Long)):
        with pytest.raises(InvalidCursor):
            PageRequest(10, (part,)).after(of)
