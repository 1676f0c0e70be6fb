"""What may be done with a customer, and when next."""

from datetime import UTC, datetime, time, timedelta
from uuid import UUID

import pytest
from careloop_profile.consents.policy import Reason, next_allowed, permission, read_numbers
from careloop_profile.customers.policy import (
    CHANNELS,
    PURPOSES,
    Block,
    Consent,
    Customer,
    Identifier,
    QuietHours,
    bound,
)
from hypothesis import given
from hypothesis import strategies as st

NOON = datetime(2026, 6, 1, 4, tzinfo=UTC)  # a Monday, in Shanghai
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
SHANGHAI = "Asia/Shanghai"


def customer(*words, number=1, **facts):
    reachable = {"phone": Identifier("p", "sealed"), "email": Identifier("e", "sealed")}
    about = {**reachable, **facts, "consents": words}
    return Customer(UUID(int=number), 1, "individual", "crm", None, NOON, NOON, **about)


def yes(until=None):
    return Consent("marketing", "sms", "granted", NOON - DAY, until)


@pytest.mark.parametrize(
    ("known", "reason", "again"),
    [
        (customer(yes()), Reason.ALLOWED, NOON),
        (customer(), Reason.NO_CONSENT, None),
        (customer(Consent("marketing", "sms", "withdrawn", NOON)), Reason.REFUSED, None),
        (customer(yes(until=NOON)), Reason.CONSENT_EXPIRED, None),
        (customer(yes(), do_not_disturb=True), Reason.DO_NOT_DISTURB, None),
        (customer(yes(), blocks=(Block("asked"),)), Reason.DO_NOT_DISTURB, None),
        (
            customer(yes(), blocks=(Block("asked", "sms", until=NOON + DAY),)),
            Reason.DO_NOT_DISTURB,
            NOON + DAY,
        ),
        (customer(yes(), blocks=(Block("asked", "email"),)), Reason.ALLOWED, NOON),
        (customer(yes(), blocks=(Block("asked", "sms", until=NOON),)), Reason.ALLOWED, NOON),
        (customer(yes(), status="left"), Reason.CUSTOMER_LEFT, None),
        (customer(yes(), phone=None), Reason.NO_ADDRESS, None),
        (
            customer(yes(), quiet_hours=QuietHours(time(11), time(13), SHANGHAI)),
            Reason.QUIET_HOURS,
            NOON + HOUR,
        ),
        (
            customer(yes(), more_quiet=(QuietHours(time(11), time(13), SHANGHAI, (2,)),)),
            Reason.ALLOWED,
            NOON,
        ),
        (
            customer(
                yes(), blocks=(Block("asked", "sms", QuietHours(time(0), time(0), SHANGHAI, (1, 2)), None),)
            ),
            Reason.QUIET_HOURS,
            NOON + 36 * HOUR,
        ),
    ],
)
def test_each_rule_has_its_reason_and_says_when_to_ask_again(known, reason, again):
    assert permission(known, "marketing", "sms", NOON).reason is reason
    assert next_allowed(known, "marketing", "sms", NOON) == again


def test_who_is_never_out_of_quiet_hours_waits_for_the_end_of_those_that_end():
    days = QuietHours(time(8), time(20), SHANGHAI)
    nights = QuietHours(time(20), time(8), SHANGHAI)
    block = Block("asked", "sms", nights, NOON + 10 * HOUR)
    assert next_allowed(customer(yes(), quiet_hours=days, blocks=(block,)), "marketing", "sms", NOON) == (
        NOON + 10 * HOUR
    )
    never = customer(yes(), quiet_hours=days, more_quiet=(nights,))
    assert permission(never, "marketing", "sms", NOON).reason is Reason.QUIET_HOURS
    assert next_allowed(never, "marketing", "sms", NOON) is None


def test_what_stands_behind_one_obstacle_is_seen_too():
    quiet = QuietHours(time(11), time(13), SHANGHAI)
    block = Block("asked", "sms", until=NOON + DAY)
    assert (
        next_allowed(customer(yes(), blocks=(block,), quiet_hours=quiet), "marketing", "sms", NOON)
        == NOON + DAY + HOUR
    )
    over = customer(yes(until=NOON + DAY), blocks=(block,))
    assert next_allowed(over, "marketing", "sms", NOON) is None


def test_service_needs_no_yes_and_heeds_a_no():
    assert permission(customer(), "service", "sms", NOON).allowed
    over = Consent("service", "sms", "expired", NOON)
    assert permission(customer(over), "service", "sms", NOON).allowed
    no = Consent("service", "sms", "denied", NOON)
    assert permission(customer(no), "service", "sms", NOON).reason is Reason.REFUSED


WORDS = st.builds(
    lambda purpose, status, hours, ends: Consent(
        purpose,
        "sms",
        status,
        NOON - hours * HOUR,
        NOON + ends * HOUR if status == "granted" and ends else None,
    ),
    st.sampled_from(PURPOSES),
    st.sampled_from(["granted", "denied", "withdrawn", "expired"]),
    st.integers(0, 9),
    st.integers(-5, 5),
)
QUIET = st.builds(
    QuietHours,
    st.sampled_from([time(0), time(11)]),
    st.sampled_from([time(0), time(13)]),
    st.just(SHANGHAI),
    st.sampled_from([(), (1,), (2, 7)]),
)
BLOCKS = st.builds(
    Block,
    st.just("asked"),
    st.sampled_from([None, *CHANNELS]),
    st.none() | QUIET,
    st.none() | st.integers(-5, 50).map(lambda hours: NOON + hours * HOUR),
)
FACTS = st.fixed_dictionaries(
    {
        "do_not_disturb": st.booleans(),
        "quiet_hours": st.none() | QUIET,
        "more_quiet": st.lists(QUIET, max_size=2).map(tuple),
        "blocks": st.lists(BLOCKS, max_size=2).map(tuple),
        "status": st.sampled_from(["active", "left"]),
    }
)


@st.composite
def people(draw):
    found = []
    for number in range(1, draw(st.integers(2, 3)) + 1):
        words = {word.about: word for word in draw(st.lists(WORDS, max_size=4))}
        found.append(customer(*words.values(), number=number, **draw(FACTS)))
    return found


@given(people(), st.integers(0, 12), st.integers(-12, 60))
def test_nobody_may_be_contacted_after_a_merge_who_might_not_before(person, since, hours):
    at = NOON + hours * HOUR
    for one in person:
        told = bound(one, person, dict.fromkeys((each.customer_id for each in person), NOON - since * HOUR))
        for purpose in PURPOSES:
            if permission(told, purpose, "sms", at).allowed:
                assert permission(one, purpose, "sms", at).allowed


@given(people(), st.sampled_from(PURPOSES))
def test_the_next_time_is_the_first_at_which_it_is_allowed(person, purpose):
    for one in person:
        found = next_allowed(one, purpose, "sms", NOON)
        quarter = timedelta(minutes=15)
        hours = (NOON + quarter * step for step in range(4 * 24 * 3))
        first = next((at for at in hours if permission(one, purpose, "sms", at).allowed), None)
        if first is not None:
            assert found == first


def test_a_list_of_numbers_is_read_as_it_comes():
    text = '\ufeffnumber,since\n"137 1234 5678",2020\n+8613712345678\n\n0\n+491711234567;x\n'
    found = read_numbers(text, "CN")
    assert found.numbers == ("+8613712345678", "+491711234567")
    assert (found.lines, found.refused, [line for line, _ in found.examples]) == (5, 1, [5])
