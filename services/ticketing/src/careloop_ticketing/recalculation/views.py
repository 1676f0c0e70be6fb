"""What a change of terms would do, as it is shown."""

from careloop_ticketing.recalculation.policy import Effect
from careloop_ticketing.recalculation.previewing import Example, Outlook
from careloop_ticketing.recalculation.schemas import EffectView, MovedClock


def effect(found: Outlook) -> EffectView:
    return EffectView(
        examined=found.examined,
        open=found.open,
        share=found.examined / found.open if found.open else 1.0,
        **found.counts,
        examples=[_view(example) for example in found.examples],
    )


def _view(example: Example) -> MovedClock:
    change = example.change
    return MovedClock(
        ticket_id=example.ticket.id,
        clock=change.clock,
        effect=Effect.of(change),
        target_seconds_before=change.target_before.total_seconds(),
        target_seconds_after=change.target_after.total_seconds(),
        elapsed_seconds=change.elapsed.total_seconds(),
        due_before=change.due_before,
        due_after=change.due_after,
        late_by_change=change.late_by_change,
    )
