"""Care: each warning opens one task on a callback clock; most calls are made, the others run overdue and are told."""

from collections import Counter
from functools import partial
from typing import Any

from careloop_local.demo import figures
from careloop_local.demo.journey import Journey
from careloop_local.demo.observer import Seen
from careloop_local.demo.outcome import Outcome
from careloop_local.demo.report import Line
from careloop_local.demo.rules import CALLBACK_SECONDS, MOST_LATENESS
from careloop_local.demo.station import Station
from careloop_local.simulator.dice import pick, stream
from careloop_local.waiting import gather_limited, until

CALLED = 0.6  # share of tasks whose call is made in time
CALLERS = 3
OUTCOMES = {
    "reached_retained": 0.5,
    "unreachable": 0.2,
    "declined": 0.15,
    "reached_lost": 0.1,
    "wrong_number": 0.05,
}


async def work(journey: Journey, line: Line, outcome: Outcome) -> None:
    warned = _warned(journey)

    async def opened() -> list[Seen] | None:
        tasks = [seen for seen in journey.observer.of("campaign.care_task_opened") if _mine(seen, warned)]
        line.update(len(tasks), len(warned), "tasks opened")
        return tasks if len({seen.data["customer_id"] for seen in tasks}) >= len(warned) else None

    tasks = await until(opened, 30.0, "a care task for every warning")
    to_call = tasks[: round(CALLED * len(tasks))]
    results = await _call(journey, line, [seen.data["task_id"] for seen in to_call])
    left = {seen.data["task_id"] for seen in tasks} - results.keys()
    overdue = await _overdue(journey, line, left)
    outcome.show("tasks opened", figures.count(len(tasks)))
    outcome.show("calls made", f"{figures.count(len(results))} ({figures.counts(Counter(results.values()))})")
    outcome.show("ran overdue", figures.count(len(overdue)))
    lateness = [_lateness(seen.data) for seen in overdue]
    outcome.show("overdue told after p50/p99/max", figures.spread(lateness))
    outcome.show("drivers", figures.counts(Counter(seen.data["driver"] or "unknown" for seen in tasks)))
    outcome.expect(
        "one task for each warned customer", len(tasks) == len(warned), f"{len(tasks)} / {len(warned)}"
    )
    told = {seen.data["task_id"] for seen in overdue}
    outcome.expect("every task left alone ran overdue", told == left, f"{len(told)} / {len(left)}")
    late = figures.quantile(lateness, 0.99) if lateness else 0.0
    outcome.expect("told in time (p99)", late <= MOST_LATENESS, figures.duration(late))


def _warned(journey: Journey) -> set[str]:
    """Customers of this run that the run's scoring warned of."""
    runs, mine = set(journey.facts["scoring_runs"]), journey.by_id()
    warnings = journey.observer.of("score.warning_raised")
    return {
        seen.data["customer_id"]
        for seen in warnings
        if seen.data["run_id"] in runs and seen.data["customer_id"] in mine
    }


def _mine(seen: Seen, customers: set[str]) -> bool:
    return seen.data["customer_id"] in customers


async def _call(journey: Journey, line: Line, tasks: list[str]) -> dict[str, str]:
    """Make the calls: somebody takes the task and ends it with what came of it."""
    dice = stream(journey.plan.seed, "calls")
    planned = {task: pick(dice, OUTCOMES) for task in tasks}
    done: dict[str, str] = {}

    async def call(task: str, result: str) -> None:
        await journey.gateway.post(f"/v1/care-tasks/{task}/assign", {"assignee": "demo-care"})
        ended = await journey.gateway.post(f"/v1/care-tasks/{task}/complete", {"outcome": result})
        done[task] = ended["outcome"]
        line.update(len(done), len(tasks), "calls made")

    await gather_limited([partial(call, task, result) for task, result in planned.items()], CALLERS)
    return done


async def _overdue(journey: Journey, line: Line, left: set[str]) -> list[Seen]:
    def found() -> list[Seen]:
        events = journey.observer.of("campaign.care_task_overdue")
        return [seen for seen in events if seen.data["task_id"] in left]

    async def all_told() -> list[Seen] | None:
        line.update(len(found()), len(left), "callbacks overdue")
        return found() if len(found()) >= len(left) else None

    return await until(all_told, CALLBACK_SECONDS + 15.0, "the callback clocks of the tasks left alone")


def _lateness(event: dict[str, Any]) -> float:
    return figures.seconds_between(event["due_at"], event["overdue_at"])


STATION = Station("Care tasks", work)
