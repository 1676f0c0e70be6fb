from datetime import UTC, datetime, timedelta

import pytest
from careloop_ticketing import defaults
from careloop_ticketing.classification import policy as classification
from careloop_ticketing.sla.policy import terms


@pytest.fixture(scope="session")
def noon():
    return datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture(scope="session")
def after(noon):
    """`after(hours=2)`: an instant that long after noon."""
    return lambda **delta: noon + timedelta(**delta)


@pytest.fixture(scope="session")
def standard_policy():
    return terms.read(1, defaults.sla_policy())


@pytest.fixture(scope="session")
def standard_rules():
    return classification.read(1, defaults.rule_set())
