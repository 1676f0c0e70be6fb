from datetime import date

import pytest
from careloop_local.simulator.world import Operator, Size, simulate

TODAY = date(2026, 3, 2)


@pytest.fixture(scope="session")
def today() -> date:
    return TODAY


@pytest.fixture(scope="session")
def operator() -> Operator:
    return simulate(Size(), seed=7, today=TODAY)
