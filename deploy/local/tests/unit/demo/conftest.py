from datetime import UTC, date, datetime, timedelta
from io import StringIO

import pytest
from careloop_local.demo.journey import Journey, Known, Plan
from careloop_local.demo.observer import Observer, Seen
from careloop_local.demo.report import Report
from careloop_local.simulator.world import Size
from rich.console import Console

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


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


@pytest.fixture
def journey(plan):
    """A run without a platform: its observer knows what a test tells it."""
    report = Report(Console(file=StringIO(), width=120))
    return Journey(plan, gateway=None, observer=Observer(), report=report)


@pytest.fixture
def tell(journey):
    """Tells the run's observer of an event."""

    def told(name: str, **data) -> None:
        event_type = f"careloop.{name}.v1"
        journey.observer.counts[event_type] += 1
        journey.observer._events[event_type].append(
            Seen(event_type, data, NOON, NOON + timedelta(milliseconds=20))
        )

    return told
