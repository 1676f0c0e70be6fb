from datetime import UTC, datetime, timedelta

from careloop_ticketing.tmf621.policy.circuits import AT_ONCE, FAILURES, Circuit, SubscriptionState
from hypothesis import given
from hypothesis import strategies as st

NOW = datetime(2026, 3, 1, tzinfo=UTC)


def _failed(times, first=1.0):
    circuit = Circuit()
    for _ in range(times):
        circuit = circuit.after(delivered=False, now=NOW, first=first)
    return circuit


def test_a_subscriber_that_answers_has_room_for_a_few():
    assert Circuit().room(0, NOW) == AT_ONCE
    assert Circuit().room(AT_ONCE + 2, NOW) == 0


def test_one_that_failed_gets_one_at_a_time():
    assert (_failed(1).room(0, NOW), _failed(1).room(1, NOW)) == (1, 0)


def test_one_that_keeps_failing_gets_nothing_and_then_one_to_see():
    circuit = _failed(FAILURES)
    assert circuit.state(NOW) is SubscriptionState.OPEN
    assert circuit.room(0, NOW) == 0
    later = NOW + timedelta(seconds=5)
    assert (circuit.state(later), circuit.room(0, later)) == (SubscriptionState.FAILING, 1)


def test_each_further_failure_doubles_the_rest_up_to_minutes():
    rests = [(_failed(FAILURES + more).open_until - NOW).total_seconds() for more in range(8)]
    assert rests == [5, 10, 20, 40, 80, 160, 300, 300]


@given(st.integers(0, 10_000), st.floats(0.01, 60))
def test_one_delivery_is_enough_to_trust_it_again(failures, first):
    circuit = Circuit(failures).after(delivered=False, now=NOW, first=first)
    assert circuit.after(delivered=True, now=NOW, first=first) == Circuit()
    assert circuit.open_until is None or circuit.open_until - NOW <= timedelta(minutes=5)
