"""`careloop simulate`: an operator as files, to import or to look at."""

import argparse
import sys
from dataclasses import replace
from datetime import date
from pathlib import Path

from careloop_common import clock

from careloop_local.simulator.interactions import ZONE
from careloop_local.simulator.world import Size, simulate


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--customers", type=_count, default=Size().customers)
    parser.add_argument("--interactions", type=_count, help="as many per customer as usual, if not said")
    parser.add_argument("--complaints", type=_count, help="likewise")
    parser.add_argument("--seed", type=int, default=1, help="equal seeds and days give equal operators")
    parser.add_argument("--today", type=date.fromisoformat, help="the day after the last interaction")
    parser.add_argument("--out", type=Path, required=True, help="directory for the files")


def run(arguments: argparse.Namespace) -> int:
    usual = Size().times(arguments.customers / Size().customers)
    asked = {"interactions": arguments.interactions, "complaints": arguments.complaints}
    size = replace(usual, **{name: count for name, count in asked.items() if count is not None})
    today = arguments.today or clock.now().astimezone(ZONE).date()
    operator = simulate(size, seed=arguments.seed, today=today)
    operator.write(arguments.out)
    left = sum(customer.left_on is not None for customer in operator.customers)
    sys.stdout.write(
        f"{arguments.out}: {len(operator.customers)} customers ({left} left), "
        f"{len(operator.interactions)} interactions, {len(operator.complaints)} complaints\n"
    )
    return 0


def _count(text: str) -> int:
    count = int(text)
    if count < 0:
        raise argparse.ArgumentTypeError("must not be negative")
    return count
