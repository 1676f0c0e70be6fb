"""What binds a person, whatever its customers said, and when."""

from datetime import UTC, datetime, time, timedelta
from uuid import UUID

from careloop_profile.customers.policy import CHANNELS, PURPOSES, Block, Consent, Customer, QuietHours, bound
from hypothesis import given
from hypothesis import strategies as st

START = datetime(2026, 1, 1, tzinfo=UTC)
IDS = [UUID(int=number) for number in range(4)]
MOMENTS = st.integers(0, 20).map(lambda hours: START + timedelta(hours=hours))
STATUSES = st.sampled_from(["granted", "denied", "withdrawn", "expired"])
WORDS = st.builds(Consent, st.sampled_from(PURPOSES[:2]), st.sampled_from(CHANNELS[:2]), STATUSES, MOMENTS)
QUIET = st.none() | st.builds(
    QuietHours, st.just(time(21)), st.sampled_from([time(7), time(8)]), st.just("Asia/Shanghai")
)


def customer(number, words=(), **facts):
    latest = {}
    for word in sorted(words, key=lambda word: word.place):
        latest[word.about] = word
    return Customer(
        UUID(int=number),
        1,
        "individual",
        "crm",
        None,
        START,
        START,
        consents=tuple(latest[key] for key in sorted(latest)),
        **facts,
    )


PEOPLE = st.lists(
    st.builds(dict, words=st.lists(WORDS, max_size=6), do_not_disturb=st.booleans(), quiet_hours=QUIET),
    min_size=2,
    max_size=4,
).map(lambda facts: [customer(number, **one) for number, one in enumerate(facts)])


def allowed(one):
    return {word.about for word in one.consents if word.granted}


def refused(one):
    return {word.about for word in one.consents if not word.granted}


@given(PEOPLE)
def test_a_merge_never_makes_a_customer_reachable_who_was_not(people):
    since = dict.fromkeys(IDS, START + timedelta(hours=9))
    for one in people:
        told = bound(one, people, since)
        assert allowed(told) <= allowed(one)
        assert refused(told) >= refused(one)
        assert told.do_not_disturb >= one.do_not_disturb
        assert told.quiet_hours == one.quiet_hours


@given(PEOPLE)
def test_what_one_refused_before_the_merge_is_refused_to_all(people):
    since = dict.fromkeys(IDS, START + timedelta(hours=20))
    everything = set().union(*(refused(one) for one in people))
    for one in people:
        told = bound(one, people, since)
        assert everything <= refused(told)
        assert told.do_not_disturb == any(other.do_not_disturb for other in people)
        theirs = {other.quiet_hours for other in people if other is not one and other.quiet_hours}
        assert set(told.also_quiet) == theirs


@given(PEOPLE)
def test_nobody_is_changed_and_a_person_alone_is_told_as_it_is(people):
    assert bound(people[0], people[:1], {}) == people[0]


def test_a_yes_after_the_merge_outweighs_a_no_from_before_it():
    no = Consent("marketing", "sms", status="denied", at=START)
    early = Consent("marketing", "sms", status="granted", at=START + timedelta(hours=1))
    late = Consent("marketing", "sms", status="granted", at=START + timedelta(hours=5))
    since = dict.fromkeys(IDS, START + timedelta(hours=2))
    other = customer(2, [no])
    assert refused(bound(customer(1, [early]), [customer(1), other], since)) == {no.about}
    assert allowed(bound(customer(1, [late]), [customer(1), other], since)) == {no.about}
    assert refused(bound(other, [customer(1, [late]), other], since)) == {no.about}, (
        "its own source has no yes"
    )
    again = customer(2, [Consent("marketing", "sms", status="denied", at=START + timedelta(hours=6))])
    assert refused(bound(customer(1, [late]), [customer(1), again], since)) == {no.about}


def test_a_yes_whose_time_is_up_is_over_for_the_whole_person_but_a_no_weighs_more():
    since = dict.fromkeys(IDS, START + timedelta(hours=9))
    yes = customer(1, [Consent("marketing", "sms", "granted", START)])
    over = customer(2, [Consent("marketing", "sms", "expired", START + timedelta(hours=2))])
    no = customer(3, [Consent("marketing", "sms", "denied", START + timedelta(hours=1))])
    assert [word.status for word in bound(yes, [yes, over], since).consents] == ["expired"]
    assert [word.status for word in bound(over, [yes, over, no], since).consents] == ["denied"]
    assert [word.status for word in bound(yes, [yes, over, no], since).consents] == ["denied"]


def test_blocks_and_wishes_of_one_hold_for_all():
    quiet = (QuietHours(time(9), time(10), "UTC", (7,)),)
    one = customer(1, more_quiet=quiet, accessibility=("hearing",), blocks=(Block("asked", "sms"),))
    told = bound(customer(2), [customer(2), one], dict.fromkeys(IDS, START))
    assert (told.also_quiet, told.accessibility, told.blocks) == (
        quiet,
        ("hearing",),
        (Block("asked", "sms"),),
    )
