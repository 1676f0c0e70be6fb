"""A catalogue with every type, and a way to ask for one truth value."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from careloop_common.rules import (
    BOOL,
    DURATION,
    NUMBER,
    TEXT,
    TEXTS,
    TIMESTAMP,
    Catalogue,
    compile_python,
    one_of,
    parse,
    some_of,
)


@pytest.fixture(scope="session")
def catalogue() -> Catalogue:
    return Catalogue(
        {
            "fee": NUMBER,
            "age": NUMBER,
            "name": TEXT,
            "home.city": TEXT,
            "level": one_of("primary", "middle", "top"),
            "vip": BOOL,
            "seen": TIMESTAMP,
            "due": TIMESTAMP,
            "wait": DURATION,
            "words": TEXTS,
            "flags": some_of("quiet", "elderly"),
        }
    )


@pytest.fixture(scope="session")
def now() -> datetime:
    return datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture(scope="session")
def holds(catalogue: Catalogue, now: datetime) -> Callable[..., bool]:
    """`holds(text, **values)`: what the rule says of the values."""

    def evaluate(text: str, /, **values: Any) -> bool:
        (answer,) = compile_python([parse(text, catalogue)])(values, now)
        assert isinstance(answer, bool)
        return answer

    return evaluate
