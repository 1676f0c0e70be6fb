"""What all tests share: who may run beside whom, and no deadlines on the wall clock of a busy machine.

A file stays with one worker, and so does all that shares a platform.
"""

import gc

import hypothesis
import pytest

# How slowly examples are made is measured on the wall clock too.
SLOW = [hypothesis.HealthCheck.too_slow]

hypothesis.settings.register_profile("careloop", deadline=None, suppress_health_check=SLOW, print_blob=True)
hypothesis.settings.load_profile("careloop")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        shares = "fleet" in getattr(item, "fixturenames", ())
        item.add_marker(pytest.mark.xdist_group("platform" if shares else item.nodeid.partition("::")[0]))


def pytest_collection_finish() -> None:
    """What was imported stays: no search for garbage has to go through it again, which took a fifth of the time."""
    gc.collect()
    gc.freeze()
