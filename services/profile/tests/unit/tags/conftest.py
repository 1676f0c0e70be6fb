from datetime import UTC, datetime, timedelta

import pytest
from careloop_common.rules import TIMESTAMP
from careloop_profile.tags.policy.known import Known
from careloop_profile.tags.policy.registry import Definition, Registry
from careloop_profile.tags.policy.vocabulary import ATTRIBUTES, DATES, FACTS
from careloop_profile.tags.service.shipping import shipped

NOW = datetime(2026, 6, 15, 12, tzinfo=UTC)


@pytest.fixture
def now():
    return NOW


@pytest.fixture
def known():
    """`known(last_seen_at=30, arpu=80, **{"call.30d": 2})`: a person; times are days ago, as in the packs, and dates
    from when the day began."""

    def make(**facts):
        found = Known(attributes={}, metrics={}, lasts={}, given={})
        for name, value in facts.items():
            family, _, member = name.partition(".")
            if name in FACTS:
                moment = FACTS[name] == TIMESTAMP
                until = NOW.replace(hour=0) if name in DATES else NOW
                found.plain[name] = until - timedelta(days=value) if moment else value
            elif name in ATTRIBUTES:
                found.attributes[name] = value
            elif family == "last":
                found.lasts[member] = NOW - timedelta(days=value)
            elif family == "tag":
                found.given[member] = value
            else:
                found.metrics[name] = value
        return found

    return make


@pytest.fixture(scope="session")
def registry():
    """All tags that come with the platform."""
    return Registry(
        Definition(number, one.code, 1, number // 30, True, one.content)
        for number, one in enumerate(shipped())
    )


@pytest.fixture
def tags(registry, known):
    """`tags(age=70)`: the tags of such a person, by their codes."""

    def of(now=NOW, **facts):
        verdicts = registry.evaluate(known(**facts).facts(), now, {}, changed=None)
        return {registry.definitions[number].code: value for number, value in verdicts.items()}

    return of
