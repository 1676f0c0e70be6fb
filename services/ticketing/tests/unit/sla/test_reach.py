"""What a policy promises has to lie within the horizon of its calendars."""

from datetime import timedelta

import pytest
from careloop_ticketing.sla.policy import terms
from careloop_ticketing.sla.policy.reach import out_of_reach

BREACH = {"name": "breach", "percent": 100, "action": "remind"}
LATER = {"name": "later", "after_seconds": 500, "action": "remind"}
TWICE = {"name": "twice", "percent": 200, "action": "remind"}


class _Hours:
    """Hours that hold a thousand seconds."""

    def reaches(self, duration):
        return duration <= timedelta(seconds=1000)


@pytest.mark.parametrize(
    ("targets", "steps", "place"),
    [
        ([1000], [BREACH], None),
        ([1000, 1001], [BREACH], "targets/1/seconds"),
        ([10, 500], [BREACH, LATER], None),
        ([10, 501], [BREACH, LATER], "ladders/0/ladder"),
        ([501], [BREACH, TWICE], "ladders/0/ladder"),
    ],
)
def test_the_first_promise_that_the_hours_do_not_hold_is_named(targets, steps, place):
    *some, rest = [{"seconds": seconds} for seconds in targets]
    clock = {
        "start": ["opened"],
        "stop": ["resolved"],
        "targets": [*({"when": "vip", **target} for target in some), rest],
        "ladders": [{"ladder": "x"}],
    }
    document = {"satisfaction_seconds": 60, "clocks": {"c": clock}, "ladders": {"x": steps}}
    policy = terms.read(1, document)
    found = out_of_reach(policy, policy.clocks["c"], _Hours())
    assert found == (place and f"/clocks/c/{place}")
