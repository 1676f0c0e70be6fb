from pathlib import Path

import house_rules
import pytest


@pytest.fixture
def broken():
    """`broken(path, text)`: names of the rules that a file of this text breaks at that path."""

    def names(path, text):
        return [finding.rule for finding in house_rules.check(house_rules.Source(Path(path), text))]

    return names
