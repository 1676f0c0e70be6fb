from datetime import timedelta

import pytest
from careloop_ticketing.kpis import policy
from careloop_ticketing.kpis.policy import Suspicion
from careloop_ticketing.sla.policy import clock as clocks
from careloop_ticketing.sla.policy.clock import Because

TARGET = timedelta(hours=10)
ASKED = Because("agent", "waiting_for_customer")
PARTS = Because("agent", "waiting_for_third_party")


@pytest.fixture
def found(noon, after):
    """`found(pause=2, resume=3)`: why the pause of a clock of ten hours is suspicious at the hour 20."""

    def look(pause, resume, because=PARTS, heard=(0,), answered=(1,)):
        clock = clocks.pause(clocks.start(TARGET, noon), after(hours=pause), because)
        clock = clocks.resume(clock, after(hours=resume)) if resume else clock
        said = {
            "heard": [after(hours=hour) for hour in heard],
            "answered": [after(hours=hour) for hour in answered],
        }
        return {finding.suspicion for finding in policy.suspicious(clock, **said, now=after(hours=20))}

    return look


def test_a_pause_with_a_question_behind_it_is_in_order(found):
    assert found(2, 3, ASKED) == set()


def test_waiting_for_a_customer_whom_nobody_asked(found):
    assert found(2, 3, ASKED, heard=(0, 1.5), answered=(1,)) == {Suspicion.NOTHING_ASKED}
    assert found(2, 3, PARTS, heard=(0, 1.5), answered=(1,)) == set()


@pytest.mark.parametrize(("hour", "suspicious"), [(8.9, False), (9, True), (9.9, True), (10.5, False)])
def test_a_pause_in_the_last_minute(found, hour, suspicious):
    assert (Suspicion.LAST_MINUTE in found(hour, hour + 0.1)) is suspicious


def test_a_clock_that_mostly_paused(found):
    assert found(1, None) == {Suspicion.MOSTLY_PAUSED}
    assert found(1, 3) == set()


def test_a_ratio_of_nothing_is_none():
    assert policy.Ratio(0, 0, 3).ratio is None
    assert policy.Ratio(1, 4, 0).ratio == 0.25
