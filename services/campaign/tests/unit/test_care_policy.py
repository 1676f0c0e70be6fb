from datetime import UTC, datetime, timedelta

import pytest
from careloop_campaign.care.policy import (
    NO_OFFER,
    Driver,
    Offer,
    offer_for,
    queue_for,
    same_episode,
    whole_hours,
)

DONE = datetime(2026, 6, 1, tzinfo=UTC)
GAP = timedelta(days=30)


@pytest.mark.parametrize(
    ("driver", "offer"),
    [
        (Driver.PRICE, Offer("discount")),
        ("experience", Offer("upgrade_voucher", adviser=True)),
        ("need", Offer("new_bundle")),
        ("weather", NO_OFFER),
        (None, NO_OFFER),
    ],
)
def test_the_driver_decides_the_offer(driver, offer):
    assert offer_for(driver) == offer


@pytest.mark.parametrize(
    ("tier", "vip", "queue"),
    [
        ("strategic", False, "key_accounts"),
        ("mass", True, "key_accounts"),
        ("warning", False, "retention"),
        (None, False, "retention"),
    ],
)
def test_key_accounts_have_people_of_their_own(tier, vip, queue):
    assert queue_for(tier, vip=vip) == queue


def test_an_episode_ends_exactly_one_gap_after_its_task():
    assert same_episode(DONE, DONE + GAP - timedelta(microseconds=1), GAP)
    assert not same_episode(DONE, DONE + GAP, GAP)
    assert not same_episode(DONE, DONE, timedelta(0))


@pytest.mark.parametrize(("seconds", "hours"), [(48 * 3600, 48), (5, 1), (5400, 2), (3600, 1)])
def test_spans_are_told_in_whole_hours(seconds, hours):
    assert whole_hours(timedelta(seconds=seconds)) == hours
