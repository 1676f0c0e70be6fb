"""Who leads, and that the log says what."""

from careloop_common.observability.logging import _redact_event
from careloop_common.runtime import Runtime
from careloop_common.settings import ServiceSettings
from structlog.testing import capture_logs


async def test_the_log_says_what_was_taken_over(runtime: Runtime[ServiceSettings]) -> None:
    with capture_logs(processors=[_redact_event]) as lines:
        async with runtime.leadership.lead("relay 0"):
            pass
    assert [line["lead"] for line in lines if line["event"] == "leadership.taken"] == ["relay 0"]
