from datetime import UTC, date, datetime

import pytest
from careloop_local.demo.journey import Known, Plan
from careloop_local.simulator.world import Size


@pytest.fixture
def plan(tmp_path):
    return Plan(
        run="t1",
        started_at=datetime(2026, 3, 2, 9, tzinfo=UTC),
        today=date(2026, 3, 2),
        seed=7,
        folder=tmp_path,
        size=Size(200, 400, 60),
    )


@pytest.fixture
def make_known():
    def make(number: int, **overrides) -> Known:
        facts = {
            "customer_id": f"00000000-0000-0000-0000-{number:012d}",
            "customer_no": f"{number:08d}",
            "status": "active",
            "left_on": None,
            "monthly_fee": 79.0,
            "complaints_90d": 0,
            "vip": False,
            "language": "zh",
            "reachable": True,
            "do_not_disturb": False,
            "consents": {("care", "sms")},
            "refusals": set(),
        }
        return Known(**(facts | overrides))

    return make
