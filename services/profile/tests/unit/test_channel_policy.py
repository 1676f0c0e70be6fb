import pytest
from careloop_profile.channels.policy import Channel, Channels

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


@pytest.mark.parametrize("named", ["pigeon", "", 7, ["web"], {}])
def test_a_name_that_is_no_channel_is_not_guessed_at(named):
    assert CHANNELS.of(named, {"protocol": "segment"}) is None


def test_a_channel_that_is_named_is_taken_whatever_its_origin():
    found = CHANNELS.of("bss", {"device": {"type": "android"}})
    assert found is not None
    assert found.code == "bss"
