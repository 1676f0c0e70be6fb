"""The tags that come with the platform: each can be read, and each has somebody who has it and somebody who has not."""

from collections import Counter

import pytest
from careloop_profile.tags.policy.vocabulary import AMOUNTS, CHANNEL_GROUPS, EVENTS, METRICS
from careloop_profile.tags.service.shipping import packs, shipped

TAGS = [(pack["pack"], one) for pack in packs() for one in pack["tags"]]


def test_there_are_more_than_three_hundred_and_no_two_of_one_code():
    counted = Counter(one["code"] for _, one in TAGS)
    assert len(counted) == len(TAGS) >= 300
    assert len({name for name, _ in TAGS}) >= 16


@pytest.mark.parametrize(("pack", "one"), TAGS, ids=[one["code"] for _, one in TAGS])
def test_somebody_has_the_tag_and_somebody_has_not(tags, pack, one):
    assert one["name"]
    assert one["zh"]
    assert one["code"] in tags(**one["has"])
    assert one["code"] not in tags(**one["has_not"])


def test_what_is_counted_has_one_meaning_only():
    """Events and metrics lie in one document."""
    assert not set(EVENTS) & set(METRICS)
    assert {kind for kinds in AMOUNTS.values() for kind in kinds} <= set(EVENTS)
    channels = [channel for group in CHANNEL_GROUPS.values() for channel in group]
    assert len(channels) == len(set(channels))


def test_no_definition_contradicts_itself():
    assert [one.code for one in shipped() if one.content.contradiction()] == []
