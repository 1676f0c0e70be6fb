"""Clocks against a stop-watch: random lives of clocks, counted twice, must come to the same.

    python tests/bench/clocks.py --lives 1000000 --changing 100000 --seed 1

One count is the service's: intervals, and everything computed from them. The other is a stop-watch that only adds up as
things happen. They must agree on what ran, what paused, what neither did, and on the due time and the breach.

In the changing lives targets, hours and ladders change too, clocks repeat, and the worker looks only now and then. There
the other count is an account that knows when a clock ran, and adds up the office hours of those spans.
"""

import argparse
import random
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from _changing_clocks import live as live_changing
from careloop_ticketing.sla.policy import clock as clocks

START = datetime(2026, 3, 1, 12, tzinfo=UTC)
ACTS = {"pause": clocks.pause, "resume": clocks.resume, "stop": clocks.stop, "reopen": clocks.reopen}
LEADS = {
    ("running", "pause"): "paused",
    ("running", "stop"): "stopped",
    ("paused", "resume"): "running",
    ("paused", "stop"): "stopped",
    ("stopped", "reopen"): "running",
}


class StopWatch:
    """Adds up the time in each state; notes when the running time first reached the target."""

    def __init__(self, target: timedelta) -> None:
        self.target = target
        self.state = "running"
        self.spent = {"running": timedelta(), "paused": timedelta(), "stopped": timedelta()}
        self.at = START
        self.reached: datetime | None = None

    def passes(self, by: timedelta) -> None:
        left = self.target - self.spent["running"]
        if self.reached is None and self.state == "running" and by >= left:
            self.reached = self.at + left
        self.spent[self.state] += by
        self.at += by

    def does(self, act: str) -> None:
        self.state = LEADS.get((self.state, act), self.state)


def live(dice: random.Random) -> bool:
    """One life; whether both counts agree at its end."""
    target = timedelta(microseconds=dice.randrange(1, 5 * 86_400_000_000))
    clock, watch = clocks.start(target, START), StopWatch(target)
    for _ in range(dice.randrange(9)):
        watch.passes(timedelta(microseconds=dice.choice((0, 1, dice.randrange(2 * 86_400_000_000)))))
        act = dice.choice(tuple(ACTS))
        clock = ACTS[act](clock, watch.at)
        watch.does(act)
    watch.passes(timedelta(microseconds=dice.randrange(86_400_000_000)))
    reading = clocks.assess(clock, watch.at)
    rest = (watch.at - START) - reading.elapsed - reading.paused
    counted = (reading.state.value, reading.elapsed, reading.paused, rest, reading.breached_at)
    expected = (
        watch.state,
        watch.spent["running"],
        watch.spent["paused"],
        watch.spent["stopped"],
        watch.reached,
    )
    due = watch.at + (target - watch.spent["running"]) if watch.state == "running" else None
    return counted == expected and (watch.reached or due) == reading.due_at


def measure(name: str, lives: int, seed: int, live: Callable[[random.Random], bool]) -> int:
    """Live so many lives; returns how many were counted differently."""
    dice, began = random.Random(seed), time.perf_counter()
    wrong = sum(not live(dice) for _ in range(lives))
    took = time.perf_counter() - began
    print(f"{name:<16}{lives:>10,}   seed {seed}, {took / max(lives, 1) * 1e6:.0f} µs each")
    print(f"mismatches      {wrong:>10,}")
    return wrong


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--lives", type=int, default=1_000_000)
    parser.add_argument("--changing", type=int, default=100_000, help="lives in which terms change")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    wrong = measure("lives", options.lives, options.seed, live)
    wrong += measure("changing lives", options.changing, options.seed, live_changing)
    return int(bool(wrong))


if __name__ == "__main__":
    sys.exit(main())
