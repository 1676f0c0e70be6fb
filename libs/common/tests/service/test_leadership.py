"""Who leads, that the log says what, and that what was lost is given up."""

from collections.abc import Callable
from typing import Any

import pytest
from careloop_common import leadership
from careloop_common.observability.logging import _redact_event
from careloop_common.runtime import Runtime
from careloop_common.settings import ServiceSettings
from sqlalchemy import text
from structlog.testing import capture_logs

LEADERS = text(
    "select count(*) from pg_locks join pg_database on oid = database"
    " where locktype = 'advisory' and datname = current_database()"
)


async def test_the_log_says_what_was_taken_over(runtime: Runtime[ServiceSettings]) -> None:
    with capture_logs(processors=[_redact_event]) as lines:
        async with runtime.leadership.lead("relay 0"):
            pass
    assert [line["lead"] for line in lines if line["event"] == "leadership.taken"] == ["relay 0"]


async def test_a_lead_that_is_not_confirmed_in_time_is_free_for_others(
    runtime: Runtime[ServiceSettings], monkeypatch: pytest.MonkeyPatch, eventually: Callable[..., Any]
) -> None:
    async def held() -> int:
        async with runtime.database.transaction() as session:
            return int(await session.scalar(LEADERS) or 0)

    async def none_held() -> bool:
        return await held() == 0

    async with runtime.leadership.lead("relay 0") as lease:
        assert await held() == 1
        monkeypatch.setattr(leadership, "CONFIRM_SECONDS", 0)
        monkeypatch.setattr(leadership, "_ANSWER_SECONDS", 0)
        assert not await lease.confirm()
        await eventually(none_held)
