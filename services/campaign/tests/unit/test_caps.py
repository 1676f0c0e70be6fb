"""No rolling window ever holds more contacts than the class that was admitted may have."""

from datetime import UTC, datetime, timedelta

from careloop_campaign.contact.policy import Cap, Purpose, exhausted
from hypothesis import given
from hypothesis import strategies as st

START = datetime(2026, 5, 1, tzinfo=UTC)
DAY = timedelta(days=1)

caps = st.lists(
    st.builds(
        Cap,
        window=st.sampled_from([DAY, 7 * DAY, 30 * DAY]),
        care=st.integers(0, 4),
        marketing=st.integers(0, 4),
    ),
    min_size=1,
    max_size=3,
)
# Candidates come in any order of time: workers' clocks differ, and deferred ones come back late.
candidates = st.lists(st.tuples(st.sampled_from(Purpose), st.integers(0, 60 * 24 * 45)), max_size=40)


@given(caps=caps, candidates=candidates)
def test_any_interleaving_of_candidates_stays_within_every_window(caps, candidates):
    taken = []
    for purpose, minute in candidates:
        now = START + timedelta(minutes=minute)
        if exhausted(caps, purpose, taken, now) is None:
            taken.append(now)
            for cap in caps:
                limit = cap.limit(purpose)
                if limit is not None:
                    assert sum(slot > now - cap.window and slot <= now for slot in taken) <= limit


@given(candidates=candidates)
def test_service_is_never_refused_and_always_counted(candidates):
    cap = Cap(window=DAY, care=1, marketing=1)
    taken = [START + timedelta(minutes=minute) for _, minute in candidates]
    now = START + timedelta(days=46)
    assert exhausted([cap], Purpose.SERVICE, taken, now) is None
    assert exhausted([cap], Purpose.CARE, [*taken, now], now) == cap


def test_a_slot_leaves_the_window_when_exactly_one_window_old():
    cap = Cap(window=DAY, care=1, marketing=1)
    assert exhausted([cap], Purpose.CARE, [START], START + DAY - timedelta(microseconds=1)) == cap
    assert exhausted([cap], Purpose.CARE, [START], START + DAY) is None
