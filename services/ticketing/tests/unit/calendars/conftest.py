from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from careloop_ticketing import defaults
from careloop_ticketing.calendars.policy import document as documents
from careloop_ticketing.calendars.policy.compiled import Compiled
from careloop_ticketing.calendars.sources import holidays_of


@pytest.fixture(scope="session")
def compiled():
    """`compiled(hours, zone=…, year=…)`: a calendar with these weekly hours, published in that year."""

    def make(hours, zone="Europe/Berlin", year=2026, **more):
        document = {"zone": zone, "hours": hours, **more}
        holidays = holidays_of(document.get("holidays", "none"), year)
        return Compiled(documents.read(document, holidays), year)

    return make


@pytest.fixture(scope="session")
def china(compiled):
    """The shipped office hours of China, published in 2026."""
    document = defaults.calendars()["cn-business"]
    return compiled(document["hours"], document["zone"], holidays=document["holidays"])


@pytest.fixture(scope="session")
def at():
    """`at("2026-02-13 17:00")`: what the wall shows then in Shanghai, or in another zone."""
    return lambda text, zone="Asia/Shanghai": datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone))
