"""What a person is found by, and when an erasure is complete."""

import json
from uuid import UUID

import pytest
from careloop_profile.privacy import policy

ONE, OTHER = UUID(int=1), UUID(int=2)
WORDS = policy.sought(
    ONE, "A-4711", {"name": "王五", "phone": "+8613812345678", "email": "wang@example.com", "address": None}
)


@pytest.mark.parametrize(
    "body",
    [
        {"userId": "A-4711"},
        {"phone": "+86 138-1234-5678"},
        {"phone": "(138) 1234 5678"},
        {"email": "WANG@Example.com"},
        {"customer": {"customer_id": str(ONE)}},
    ],
)
def test_somebody_is_found_however_it_is_written(body):
    assert policy.mentions(json.dumps(body).encode(), WORDS)


def test_somebody_is_found_behind_escapes_and_in_what_is_no_json():
    escaped = policy.sought(ONE, "甲-1", {})
    assert policy.mentions(json.dumps({"userId": "甲-1"}).encode(), escaped)
    assert policy.mentions(b'{"phone": "13812345678", ', WORDS)


@pytest.mark.parametrize(
    "body",
    [
        "4711",
        '{"userId": 4711}',
        '{"userId": " 4711 "}',
        '{"userId": "\u200b4711"}',
        '{"a": [{"userId":4711}]}',
    ],
)
def test_somebody_is_found_as_he_is_known_when_the_message_is_read(body):
    assert policy.mentions(body.encode(), policy.sought(ONE, "4711", {}))


def test_a_message_that_is_too_deep_to_be_read_is_looked_through_all_the_same():
    deep = '{"a":' * 5000 + '"wang@example.com"' + "}" * 5000
    assert policy.mentions(deep.encode(), WORDS)


def test_a_number_in_full_width_is_the_same_number():
    assert policy.mentions(json.dumps({"text": "我的电话１３８１２３４５６７８"}).encode(), WORDS)


@pytest.mark.parametrize("body", ['{"userId": 47110}', '{"n": 4711.5}'])
def test_a_key_that_is_a_number_is_not_found_within_others(body):
    assert not policy.mentions(body.encode(), policy.sought(ONE, "4711", {}))


@pytest.mark.parametrize("body", [{"userId": "A-47110"}, {"name": "王五"}, {"phone": "13812345679"}, {}])
def test_others_are_left_alone_also_those_of_the_same_name(body):
    assert not policy.mentions(json.dumps(body).encode(), WORDS)


def test_nobody_is_found_by_nothing():
    assert not policy.mentions(b"{}", [])


def test_an_erasure_is_complete_when_every_service_has_spoken_of_every_customer():
    services = ("campaign", "scoring")
    told = {(ONE, "campaign"), (ONE, "scoring"), (OTHER, "scoring")}
    assert policy.outstanding([ONE, OTHER], services, told) == [(OTHER, "campaign")]
    assert policy.outstanding([ONE], services, told) == []
    assert policy.outstanding([ONE], (), set()) == []


def test_the_signed_part_is_the_receipt_without_its_signature():
    receipt = {"b": 1, "a": "字", "signature": "x"}
    assert policy.signed_part(receipt) == '{"a":"字","b":1}'.encode()
