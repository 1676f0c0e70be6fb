from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import permutations
from uuid import UUID

import pytest
from careloop_profile.customers import policy
from careloop_profile.customers.errors import DatesReversed, TooManyFacts
from careloop_profile.customers.policy import CHANNELS, PURPOSES, Consent, Customer, Subscription
from hypothesis import given
from hypothesis import strategies as st

NOW = datetime(2025, 6, 1, tzinfo=UTC)
BLANK = Customer(UUID(int=1), 1, "individual", "crm", "7", created_at=NOW, updated_at=NOW)

words = st.builds(
    Consent,
    st.sampled_from(PURPOSES),
    st.sampled_from(CHANNELS[:2]),
    st.booleans(),
    st.integers(0, 5).map(lambda days: NOW + timedelta(days=days)),
)


@given(st.lists(words, max_size=6))
def test_the_order_in_which_consents_arrive_makes_no_difference(said):
    results = {policy.declare_consents(BLANK, order).consents for order in list(permutations(said))[:24]}
    assert len(results) == 1


@given(st.lists(words, min_size=1, max_size=10))
def test_of_the_latest_words_a_refusal_wins(said):
    effective = {word.about: word for word in policy.declare_consents(BLANK, said).consents}
    for about, word in effective.items():
        latest = max(other.at for other in said if other.about == about)
        assert word.at == latest
        assert word.granted == all(
            other.granted for other in said if (other.about, other.at) == (about, latest)
        )


def test_a_source_adds_what_it_knows_and_takes_nothing_away():
    known = replace(BLANK, region="北京", attributes={"a": 1.0, "b": "x"})
    after = policy.enrich(known, {"region": None, "status": "left"}, {"b": "y", "c": True})
    assert (after.region, after.status, after.attributes) == ("北京", "left", {"a": 1.0, "b": "y", "c": True})


def test_a_form_empties_what_it_leaves_blank():
    assert policy.revise(replace(BLANK, region="北京"), {"region": None}).region is None


def test_leaving_before_joining_is_refused_also_when_said_in_two_steps():
    joined = policy.revise(BLANK, {"joined_on": date(2025, 2, 1)})
    with pytest.raises(DatesReversed):
        policy.revise(joined, {"left_on": date(2025, 1, 1)})


def test_a_subscription_replaces_the_one_of_its_id():
    first, second = Subscription(UUID(int=1), "mobile"), Subscription(UUID(int=2), "broadband")
    held = policy.hold(policy.hold(BLANK, [first, second]), [replace(first, plan="5G")])
    assert [item.plan for item in held.subscriptions] == ["5G", None]


def test_listed_and_counted_devices_do_not_add_up():
    assert replace(BLANK, declared_devices=3, registered_devices=2).devices == 3


def test_there_is_an_end_to_what_may_be_said_of_one_customer():
    with pytest.raises(TooManyFacts):
        policy.revise(BLANK, {"attributes": {f"a{n}": 1.0 for n in range(201)}})
    with pytest.raises(TooManyFacts):
        policy.enrich(BLANK, {}, {"a": "x" * 20_001})
    with pytest.raises(TooManyFacts):
        policy.hold(BLANK, [Subscription(UUID(int=n), "mobile") for n in range(201)])
