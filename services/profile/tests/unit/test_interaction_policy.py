import contextlib
import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import get_args
from uuid import RFC_4122, UUID

import pytest
from careloop_profile.interactions import policy, wire
from careloop_profile.interactions.errors import ItemRefused, Reason
from careloop_profile.interactions.policy import Row
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Raw

NOW = datetime(2025, 6, 1, 12, tzinfo=UTC)


@given(st.timedeltas(-policy.OLDEST, policy.NEWEST))
def test_a_believable_time_is_kept_to_the_microsecond(off):
    claimed = NOW + off
    at, suspect = policy.Arrival(NOW).occurred(policy.microseconds(claimed))
    assert not suspect
    assert datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=at) == claimed


@pytest.mark.parametrize("off", [timedelta(days=-401), timedelta(days=1, seconds=1)])
def test_a_time_that_cannot_be_becomes_that_of_arrival(off):
    at, suspect = policy.Arrival(NOW).occurred(policy.microseconds(NOW + off))
    assert (at, suspect) == (policy.microseconds(NOW), True)


def test_message_ids_are_told_apart_by_their_source():
    assert policy.message_uid(1, "crm", "1") == policy.message_uid(1, "crm", "1")
    assert policy.message_uid(1, "crm", "1") != policy.message_uid(1, "erp", "1")
    assert policy.message_uid(1, "crm", "1") != policy.message_uid(2000, "crm", "1")
    assert policy.message_uid(-1, "crm", "1") != policy.message_uid(-2, "crm", "1")


@given(st.integers(-(10**18), 10**18), st.text(max_size=20))
def test_message_ids_are_uuids_in_the_order_of_the_claimed_time(claimed, message_id):
    uid = UUID(policy.message_uid(claimed, "crm", message_id))
    assert (uid.version, uid.variant) == (8, RFC_4122)
    assert policy.message_uid(1_700_000_000_000_000, "x") < policy.message_uid(1_700_000_001_000_000, "a")


@pytest.mark.parametrize(
    "amount", ["NaN", "Infinity", "1e12", "-1e12", "999999999999.99999", "-999999999999.99996", "1e999999999"]
)
def test_amounts_beyond_the_column_are_refused(amount):
    with pytest.raises(ItemRefused):
        policy.money(Decimal(amount))


@given(st.decimals(allow_nan=False, allow_infinity=False))
def test_an_amount_fits_the_column_or_is_refused(amount):
    with contextlib.suppress(ItemRefused):
        kept = Decimal(policy.money(amount))
        assert abs(kept) < Decimal(10) ** 12
        assert abs(kept - amount) <= Decimal("0.00005")


texts = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=8)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**9), 10**9) | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=10,
)


@given(st.dictionaries(texts, json_values, max_size=5), st.booleans())
def test_properties_pass_on_one_line_with_their_meaning_kept(value, pretty):
    text = json.dumps(value, ensure_ascii=pretty, indent=1 if pretty else None).encode()
    line = wire.checked_properties(Raw(text))
    assert "\n" not in line
    assert json.loads(line) == value


@pytest.mark.parametrize(
    "text",
    [
        b"[1]",
        b'"x"',
        b'{"a": "\\u0000"}',
        b'{"\\u0000": 1}',
        b'{"a": 1e999999}',
        b'{"a": ' + b"[" * 40 + b"]" * 40 + b"}",
        b'{"a": "' + b"x" * (32 << 10) + b'"}',
    ],
)
def test_properties_that_the_database_would_refuse_are_refused(text):
    with pytest.raises(ItemRefused):
        wire.checked_properties(Raw(text))


def test_a_body_that_one_item_spoils_is_salvaged():
    assert wire.salvage(b'{"items": [{"a": "\\ud800"}, 1]}') == [b'{"a": "\\ud800"}', b"1"]
    for body in (b"{", b"[]", b'{"items": 1}', b'{"items": [], "x": 1}', b'{"items":' + b"[" * 100_000):
        assert wire.salvage(body) is None


def test_one_spelling_per_value():
    assert wire.canonical('{"b": 1, "a":2}') == wire.canonical('{"a":2,"b":1}')


def test_an_envelope_gives_back_what_was_put_in():
    rows = [
        Row("u1", "c1", "", "crm:7", "web", "browse", "1", "f", "inbound", "", '{"a":"中\\n"}'),
        Row("u2", "", "i2", "", "sms", "message", "2", "t", "", "5.0000", "{}"),
    ]
    envelope = wire.decode_envelope(wire.seal(rows, 99))
    assert (envelope.received_at, envelope.count) == (99, 2)
    assert [
        Row(*values) for values in zip(*(text.split("\n") for text in envelope.columns), strict=True)
    ] == rows


def test_every_reason_to_refuse_an_interaction_is_described():
    assert set(ItemRefused.reasons) == set(get_args(Reason))


def test_an_envelope_that_an_earlier_version_wrote_is_read_too():
    written = b'{"received_at":99,"count":1,"columns":["u1","c1"]}'
    envelope = wire.decode_envelope(written)
    assert (envelope.received_at, envelope.count, envelope.columns) == (99, 1, ["u1", "c1"])
