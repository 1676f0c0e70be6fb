import re

import pytest
from careloop_profile.channels.policy import Channel, Channels
from hypothesis import given
from hypothesis import strategies as st

CHANNELS = Channels(
    [
        Channel("web", 900, [{"protocol": ["segment"]}]),
        Channel("app", 30, [{"device.type": ["android"]}, {"os.name": ["harmony*"]}]),
        Channel("tv", 10, [{"device.type": ["*tv*"], "os.name": ["android"]}]),
        Channel("bss", 70, [{"source": ["*/bss*"]}]),
    ]
)


@pytest.mark.parametrize(
    ("origin", "code"),
    [
        ({"protocol": "segment"}, "web"),
        ({"protocol": "segment", "device": {"type": "Android"}}, "app"),
        ({"protocol": "segment", "os": {"name": "HarmonyOS NEXT"}}, "app"),
        ({"device": {"type": "Smart TV"}, "os": {"name": "android"}}, "tv"),
        ({"device": {"type": "Smart TV"}}, None),
        ({"device": "android"}, None),
        ({"device": {"type": 7}}, None),
        ({"source": "//x/bss/1"}, "bss"),
        ({}, None),
    ],
)
def test_the_first_channel_that_fits_is_taken(origin, code):
    found = CHANNELS.of(None, origin)
    assert (found and found.code) == code


@given(st.lists(st.text("ab*", min_size=1, max_size=6), min_size=1, max_size=3), st.text("ab\n", max_size=8))
def test_a_star_stands_for_anything(values, text):
    found = Channels([Channel("any", 1, [{"source": values}])]).of(None, {"source": text})
    expected = any(re.fullmatch(value.replace("*", ".*"), text, re.DOTALL) for value in values)
    assert (found is not None) == expected


def test_what_senders_make_up_is_looked_at_once():
    channels = Channels([Channel("tv", 1, [{"userAgent": ["*a*b*c*"]}])])
    assert channels.of(None, {"userAgent": "a" * 100_000 + "b" * 100_000}) is None


@pytest.mark.parametrize("named", ["pigeon", "", 7, ["web"], {}])
def test_a_name_that_is_no_channel_is_not_guessed_at(named):
    assert CHANNELS.of(named, {"protocol": "segment"}) is None


def test_a_channel_that_is_named_is_taken_whatever_its_origin():
    found = CHANNELS.of("bss", {"device": {"type": "android"}})
    assert found is not None
    assert found.code == "bss"
