from careloop_gateway.limits.gcra import Quota, decide
from careloop_gateway.limits.limiter import Limiter
from hypothesis import given
from hypothesis import strategies as st

quotas = st.builds(Quota, st.floats(0.1, 1000), st.integers(1, 1000))
gaps = st.lists(st.floats(0, 10), max_size=200)


def run(quota, gaps):
    """Requests with these gaps between them: (time, verdict) of each."""
    due, now, seen = None, 1000.0, []
    for gap in gaps:
        now += gap
        due, verdict = decide(due, now, quota)
        seen.append((now, verdict))
    return seen


@given(quotas, gaps)
def test_no_stretch_of_time_lets_more_through_than_its_rate_and_one_burst(quota, gaps):
    passed = [now for now, verdict in run(quota, gaps) if verdict.allowed]
    for first, start in enumerate(passed):
        for last in range(first, len(passed)):
            allowed = quota.burst + (passed[last] - start) * quota.rate
            assert last - first + 1 <= allowed + 1e-3 * quota.burst + 1


@given(quotas)
def test_a_burst_passes_at_once_and_the_next_request_does_not(quota):
    seen = run(quota, [0.0] * (quota.burst + 1))
    assert [verdict.allowed for _, verdict in seen] == [True] * quota.burst + [False]
    assert [verdict.remaining for _, verdict in seen][:-1] == list(range(quota.burst - 1, -1, -1))


@given(quotas, gaps)
def test_who_waits_as_told_passes(quota, gaps):
    due, now = None, 1000.0
    for gap in gaps:
        now += gap
        due, verdict = decide(due, now, quota)
        if not verdict.allowed:
            _, later = decide(due, now + verdict.retry_after * 1.001 + 1e-6, quota)
            assert later.allowed


@given(quotas, gaps)
def test_what_is_reported_is_never_negative(quota, gaps):
    for _, verdict in run(quota, gaps):
        assert 0 <= verdict.remaining < quota.burst
        assert verdict.reset >= 0
        assert (verdict.retry_after > 0) != verdict.allowed


def test_a_refused_request_costs_nothing():
    quota = Quota(1, 1)
    due, _ = decide(None, 0.0, quota)
    for _ in range(10):
        due, verdict = decide(due, 0.5, quota)
        assert not verdict.allowed
    assert decide(due, 1.0, quota)[1].allowed


def test_callers_and_classes_do_not_share():
    limiter = Limiter({"read": Quota(1, 1), "write": Quota(1, 1)})
    assert limiter.take("a", "read", 0).allowed
    assert not limiter.take("a", "read", 0).allowed
    assert limiter.take("a", "write", 0).allowed
    assert limiter.take("b", "read", 0).allowed


def test_memory_is_bounded_and_the_busy_are_remembered():
    limiter = Limiter({"read": Quota(1, 1)}, callers=100)
    for number in range(1000):
        limiter.take("busy", "read", 0)
        limiter.take(f"caller {number}", "read", 0)
    assert len(limiter) == 100
    assert not limiter.take("busy", "read", 0).allowed
