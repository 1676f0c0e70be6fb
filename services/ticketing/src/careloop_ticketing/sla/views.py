"""What a clock shows to the outside."""

from datetime import datetime

from careloop_ticketing.sla.policy import clock as clocks
from careloop_ticketing.sla.policy.watches import Watch
from careloop_ticketing.sla.schemas import ClockView


def view(watch: Watch, now: datetime) -> ClockView:
    reading = clocks.assess(watch.clock, now)
    return ClockView(
        name=watch.name,
        state=reading.state,
        policy_version=watch.policy.version,
        calendar=watch.calendar[0] if watch.calendar else None,
        target_seconds=watch.clock.target.total_seconds(),
        elapsed_seconds=reading.elapsed.total_seconds(),
        paused_seconds=reading.paused.total_seconds(),
        due_at=reading.due_at,
        provisional=watch.provisional,
        breached_at=reading.breached_at,
        late_by_change=watch.late_by_change,
        cancelled=watch.cancelled,
        acknowledged=watch.climb.acknowledged,
    )
