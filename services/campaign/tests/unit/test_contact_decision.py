"""Every candidate ends in exactly one outcome, with its reason."""

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from careloop_campaign.contact.policy import (
    Block,
    Candidate,
    Cap,
    Channel,
    Consent,
    Defer,
    Person,
    Purpose,
    QuietHours,
    Reason,
    Rules,
    Send,
    Suppression,
    Withhold,
    decide,
)

NOON = datetime(2026, 6, 1, 4, tzinfo=UTC)  # in Shanghai
NIGHT = datetime(2026, 6, 1, 15, tzinfo=UTC)
DAY = timedelta(days=1)
GRANTED = Consent(granted=True, at=NOON - DAY)
REFUSED = Consent(granted=False, at=NOON - DAY)

RULES = Rules(
    caps=(Cap(DAY, care=1, marketing=1),),
    quiet_hours=QuietHours(time(21), time(8)),
    zone=ZoneInfo("Asia/Shanghai"),
    channels=(Channel.EMAIL, Channel.SMS),
)
PERSON = Person(
    addresses=frozenset({Channel.SMS, Channel.EMAIL}),
    consents={(Purpose.CARE, Channel.EMAIL): GRANTED, (Purpose.CARE, Channel.SMS): GRANTED},
)


def candidate(purpose=Purpose.CARE, **other):
    return Candidate(**{"purpose": purpose, "planned_at": NOON, "expires_at": NOON + 3 * DAY, **other})


def test_the_first_permitted_channel_in_the_policys_order():
    assert decide(candidate(), PERSON, RULES, (), NOON) == Send(Channel.EMAIL)
    refused = replace(PERSON, consents={**PERSON.consents, (Purpose.CARE, Channel.EMAIL): REFUSED})
    assert decide(candidate(), refused, RULES, (), NOON) == Send(Channel.SMS)


@pytest.mark.parametrize(
    ("person", "reason"),
    [
        ({"do_not_disturb": True}, Reason.DO_NOT_DISTURB),
        ({"left": True}, Reason.CUSTOMER_LEFT),
        ({"open_complaint": True}, Reason.OPEN_COMPLAINT),
        ({"addresses": frozenset()}, Reason.NO_ADDRESS),
        ({"addresses": frozenset({Channel.WECHAT})}, Reason.NO_ADDRESS),
        ({"consents": {}}, Reason.NO_CONSENT),
        ({"suppressions": (Suppression(NOON),)}, Reason.NO_CONSENT),
        ({"suppressions": (Suppression(NOON, Purpose.CARE),)}, Reason.NO_CONSENT),
    ],
)
def test_care_is_withheld(person, reason):
    assert decide(candidate(), replace(PERSON, **person), RULES, (), NOON) == Withhold(reason)


def test_an_unsubscribe_counts_until_a_later_consent():
    earlier = replace(PERSON, suppressions=(Suppression(GRANTED.at - DAY),))
    assert isinstance(decide(candidate(), earlier, RULES, (), NOON), Send)


def test_an_unsubscribe_from_marketing_leaves_care():
    person = replace(PERSON, suppressions=(Suppression(NOON, Purpose.MARKETING),))
    assert isinstance(decide(candidate(), person, RULES, (), NOON), Send)


def test_service_needs_no_consent_and_no_slot_and_goes_to_who_has_left_or_complains():
    person = replace(PERSON, consents={}, left=True, open_complaint=True, suppressions=(Suppression(NOON),))
    assert decide(candidate(Purpose.SERVICE), person, RULES, (NOON,) * 9, NOON) == Send(Channel.EMAIL)


def test_do_not_disturb_and_a_stated_refusal_stop_service_too():
    quiet = replace(PERSON, do_not_disturb=True)
    assert decide(candidate(Purpose.SERVICE), quiet, RULES, (), NOON) == Withhold(Reason.DO_NOT_DISTURB)
    refused = replace(
        PERSON, consents={(Purpose.SERVICE, Channel.EMAIL): REFUSED, (Purpose.SERVICE, Channel.SMS): REFUSED}
    )
    assert decide(candidate(Purpose.SERVICE), refused, RULES, (), NOON) == Withhold(Reason.NO_CONSENT)


def test_the_cap_refuses_care():
    assert decide(candidate(), PERSON, RULES, (NOON,), NOON) == Withhold(Reason.FREQUENCY_CAP)


def test_quiet_hours_defer_to_the_first_allowed_instant():
    morning = datetime(2026, 6, 2, tzinfo=UTC)
    assert decide(candidate(), PERSON, RULES, (), NIGHT) == Defer(morning, Reason.QUIET_HOURS)


def test_quiet_hours_beyond_the_expiry_withhold_at_once():
    short = candidate(expires_at=NIGHT + timedelta(hours=1))
    assert decide(short, PERSON, RULES, (), NIGHT) == Withhold(Reason.QUIET_HOURS)


def test_an_answer_to_what_the_person_just_did_does_not_wait():
    urgent = candidate(Purpose.SERVICE, immediate=True)
    assert isinstance(decide(urgent, PERSON, RULES, (), NIGHT), Send)


def test_the_customers_own_quiet_hours_and_zone_come_first():
    person = replace(PERSON, quiet_hours=QuietHours(time(12), time(14)), zone=ZoneInfo("Europe/Berlin"))
    assert isinstance(decide(candidate(), person, RULES, (), NIGHT), Send)
    siesta = datetime(2026, 6, 1, 10, 30, tzinfo=UTC)
    assert decide(candidate(), person, RULES, (), siesta) == Defer(
        datetime(2026, 6, 1, 12, tzinfo=UTC), Reason.QUIET_HOURS
    )


def test_an_expired_candidate_is_dropped_before_anything_else():
    past = candidate(Purpose.SERVICE, expires_at=NOON)
    assert decide(past, None, RULES, (), NOON) == Withhold(Reason.EXPIRED)


def test_an_unknown_person_is_waited_for_and_then_given_up():
    assert decide(candidate(), None, RULES, (), NOON) == Defer(
        NOON + timedelta(seconds=5), Reason.CUSTOMER_UNKNOWN
    )
    assert decide(candidate(), None, RULES, (), NOON + timedelta(minutes=2)) == Withhold(Reason.NO_ADDRESS)


def test_quiet_hours_of_the_same_person_elsewhere_hold_beside_its_own():
    noon_nap = (QuietHours(time(12), time(14)), ZoneInfo("Asia/Shanghai"))
    evening = (QuietHours(time(19), time(22)), None)
    person = replace(PERSON, also_quiet=(noon_nap, evening))
    assert decide(candidate(), person, RULES, (), NOON) == Defer(
        NOON + timedelta(hours=2), Reason.QUIET_HOURS
    )
    dusk = NOON + timedelta(hours=8)
    assert decide(candidate(), person, RULES, (), dusk) == Defer(
        NOON + timedelta(hours=20), Reason.QUIET_HOURS
    )


def test_a_person_who_is_never_to_be_reached_is_not_looked_at_for_ever():
    never = (QuietHours(time(8), time(20)), None), (QuietHours(time(20), time(9)), None)
    person = replace(PERSON, also_quiet=never)
    assert decide(candidate(), person, RULES, (), NOON) == Withhold(Reason.QUIET_HOURS)


def test_do_not_disturb_of_a_channel_leaves_the_others_until_it_is_over():
    email = Block(Channel.EMAIL)
    assert decide(candidate(), replace(PERSON, blocks=(email,)), RULES, (), NOON) == Send(Channel.SMS)
    both = replace(PERSON, blocks=(email, Block(Channel.SMS, until=NOON + DAY)))
    assert decide(candidate(), both, RULES, (), NOON) == Withhold(Reason.DO_NOT_DISTURB)
    assert decide(candidate(), both, RULES, (), NOON + DAY) == Send(Channel.SMS)


def test_do_not_disturb_of_some_hours_defers_on_its_channel_only():
    noon = Block(Channel.EMAIL, QuietHours(time(12), time(14)), ZoneInfo("Asia/Shanghai"))
    person = replace(PERSON, blocks=(noon,))
    assert decide(candidate(), person, RULES, (), NOON) == Defer(
        NOON + timedelta(hours=2), Reason.QUIET_HOURS
    )
    assert decide(candidate(channels=(Channel.SMS,)), person, RULES, (), NOON) == Send(Channel.SMS)


def test_a_consent_is_over_when_its_time_is_up_whatever_we_have_been_told():
    words = {key: Consent(granted=True, at=NOON - DAY, expires_at=NOON) for key in PERSON.consents}
    person = replace(PERSON, consents=words)
    second = timedelta(seconds=1)
    assert decide(candidate(), person, RULES, (), NOON - second) == Send(Channel.EMAIL)
    assert decide(candidate(), person, RULES, (), NOON) == Withhold(Reason.NO_CONSENT)


def test_quiet_hours_of_a_day_defer_on_that_day_only():
    monday = QuietHours(time(9), time(18), (1,))  # NOON is one
    person = replace(PERSON, quiet_hours=monday)
    assert decide(candidate(), person, RULES, (), NOON) == Defer(
        NOON + timedelta(hours=6), Reason.QUIET_HOURS
    )
    assert decide(candidate(), person, RULES, (), NOON + DAY) == Send(Channel.EMAIL)
