import hashlib
import io

import pytest
from careloop_common.errors import SealBroken
from careloop_ticketing.attachments import sealed
from careloop_ticketing.attachments.sealed import Reader, Writer
from hypothesis import given
from hypothesis import strategies as st

KEY = bytes(range(32))
SMALL = 64


@pytest.fixture(autouse=True, scope="module")
def small_chunks():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sealed, "CHUNK", SMALL)
        yield


def seal(*parts, key=KEY):
    file = io.BytesIO()
    writer = Writer(file, key)
    for part in parts:
        writer.write(part)
    writer.finish()
    return file.getvalue(), writer


def opened(data, size, key=KEY):
    return b"".join(Reader(io.BytesIO(data), key, size).chunks())


@given(st.lists(st.binary(max_size=200), max_size=6))
def test_what_was_written_is_read(parts):
    plain = b"".join(parts)
    data, writer = seal(*parts)
    assert (writer.size, writer.sha256) == (len(plain), hashlib.sha256(plain).hexdigest())
    assert opened(data, len(plain)) == plain
    assert len(plain) < 8 or plain not in data


@given(st.binary(min_size=1, max_size=300), st.integers(0, 400), st.integers(0, 400))
def test_any_place_is_read_without_those_before_it(plain, offset, length):
    data, _ = seal(plain)
    assert Reader(io.BytesIO(data), KEY, len(plain)).read(offset, length) == plain[offset : offset + length]


@given(st.binary(min_size=1, max_size=300), st.integers(0, 10_000), st.integers(1, 255))
def test_no_byte_can_be_changed(plain, place, mask):
    data = bytearray(seal(plain)[0])
    data[place % len(data)] ^= mask
    with pytest.raises(SealBroken):
        opened(bytes(data), len(plain))


def test_chunks_cannot_be_left_out_exchanged_cut_off_or_appended():
    plain, step = b"a" * SMALL + b"b" * SMALL + b"c" * SMALL, SMALL + 16
    data, _ = seal(plain)
    mark, chunks = data[:4], [data[4 + n * step :][:step] for n in range(3)]
    assert opened(mark + b"".join(chunks), len(plain)) == plain
    for order, size in (
        ([1, 0, 2], len(plain)),
        ([0, 1], len(plain)),
        ([0, 1], 2 * SMALL),
        ([0, 2], 2 * SMALL),
        ([0, 1, 2, 2], len(plain)),
        ([0, 1, 2, 2], 4 * SMALL),
    ):
        with pytest.raises(SealBroken):
            opened(mark + b"".join(chunks[n] for n in order), size)


def test_another_key_opens_nothing():
    data, _ = seal(b"x")
    with pytest.raises(SealBroken):
        opened(data, 1, key=bytes(32))
    assert seal(b"x", key=bytes(32))[0] != data
