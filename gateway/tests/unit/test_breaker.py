import pytest
from careloop_gateway.routing import Limit
from careloop_gateway.upstream.breaker import Breaker, State, Tripping
from careloop_gateway.upstream.bulkhead import Bulkhead
from hypothesis import given
from hypothesis import strategies as st


@pytest.fixture
def breaker():
    return Breaker(Tripping(window=10, volume=10, ratio=0.5, open_seconds=1, probes=2))


def fail(breaker, times, now):
    for _ in range(times):
        if breaker.admit(now) is None:
            breaker.failed(now)


def test_it_opens_when_most_calls_fail(breaker):
    fail(breaker, 9, 0)
    assert breaker.state is State.CLOSED
    fail(breaker, 1, 0)
    assert breaker.state is State.OPEN
    assert breaker.admit(0.25) == 0.75


def test_few_failures_among_many_calls_do_not_open_it(breaker):
    for number in range(100):
        assert breaker.admit(number / 100) is None
        (breaker.failed if number % 3 == 0 else breaker.succeeded)(number / 100)
    assert breaker.state is State.CLOSED


def test_old_failures_are_forgotten(breaker):
    for second in range(0, 200, 2):
        fail(breaker, 1, second)
    assert breaker.state is State.CLOSED


def test_it_lets_few_calls_through_to_see_whether_the_service_is_back(breaker):
    fail(breaker, 10, 0)
    assert breaker.admit(1) is None
    assert breaker.admit(1) is None
    assert breaker.admit(1) is not None
    breaker.succeeded(1.1)
    assert breaker.state is State.CLOSED
    assert all(breaker.admit(1.1) is None for _ in range(10))


def test_a_failed_probe_opens_it_again(breaker):
    fail(breaker, 10, 0)
    assert breaker.admit(1) is None
    breaker.failed(1.5)
    assert breaker.state is State.OPEN
    assert breaker.admit(2.4) is not None
    assert breaker.admit(2.5) is None


def test_a_probe_given_up_makes_room_for_another(breaker):
    fail(breaker, 10, 0)
    for _ in range(10):
        assert breaker.admit(1) is None
        breaker.abandoned()


def test_an_answer_that_comes_late_does_not_close_what_has_opened_since(breaker):
    assert breaker.admit(0) is None
    fail(breaker, 10, 0)
    breaker.succeeded(0.5)
    assert breaker.state is State.OPEN


@given(st.lists(st.tuples(st.floats(0, 3), st.sampled_from(["ok", "bad", "gone"])), max_size=200))
def test_it_always_lets_somebody_try_again_in_time(outcomes):
    breaker, now = Breaker(), 0.0
    for gap, outcome in outcomes:
        now += gap
        if breaker.admit(now) is not None:
            continue
        match outcome:
            case "ok":
                breaker.succeeded(now)
            case "bad":
                breaker.failed(now)
            case "gone":
                breaker.abandoned()
    assert breaker.admit(now + 2) is None


def test_what_comes_in_bulk_is_shed_first():
    bulkhead = Bulkhead(10)
    assert sum(bulkhead.enter(Limit.INGEST) for _ in range(20)) == 7
    assert sum(bulkhead.enter(Limit.READ) for _ in range(20)) == 2
    assert sum(bulkhead.enter(Limit.WRITE) for _ in range(20)) == 1
    bulkhead.leave()
    assert not bulkhead.enter(Limit.READ)
    assert bulkhead.enter(Limit.WRITE)
