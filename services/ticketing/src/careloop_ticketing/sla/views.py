"""What a clock shows to the outside."""

from datetime import datetime

from careloop_ticketing.sla.policy import clock as clocks
from careloop_ticketing.sla.schemas import ClockView
from careloop_ticketing.sla.service import ClockRow


def view(row: ClockRow, now: datetime) -> ClockView:
    reading = clocks.assess(row.to_clock(), now)
    return ClockView(
        name=row.name,
        state=reading.state,
        policy_version=row.policy_version,
        target_seconds=row.target.total_seconds(),
        elapsed_seconds=reading.elapsed.total_seconds(),
        paused_seconds=reading.paused.total_seconds(),
        due_at=reading.due_at,
        breached_at=reading.breached_at,
    )
