"""Which tests may run beside each other: a file stays with one worker, and so does all that shares a platform."""

import pytest


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        shares = "fleet" in getattr(item, "fixturenames", ())
        item.add_marker(pytest.mark.xdist_group("platform" if shares else item.nodeid.partition("::")[0]))
