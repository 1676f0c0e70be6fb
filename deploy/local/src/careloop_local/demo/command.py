"""`careloop demo`: bring the platform up, drive the loop, show what happened."""

import argparse
import asyncio
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

import aiohttp
import nats.errors
from careloop_common import clock
from rich.console import Console

from careloop_local import importer
from careloop_local.client import Gateway, Refused, read_key
from careloop_local.demo import material, platform
from careloop_local.demo.drive import drive
from careloop_local.demo.earlier import Earlier
from careloop_local.demo.journey import Journey, Plan
from careloop_local.demo.observer import Observer
from careloop_local.demo.outcome import Visit
from careloop_local.demo.report import Report
from careloop_local.errors import LocalError
from careloop_local.simulator.interactions import ZONE
from careloop_local.simulator.world import Size
from careloop_local.stack.config import StackConfig
from careloop_local.terminal import heed_requests_to_end

KEPT_RUNS = 5
LOG_WIDTH = 130
RUN_FOLDERS = f"{'[0-9]' * 8}-{'[0-9]' * 6}"
SIZE = Size(customers=4_000, complaints=300)
"""What one run simulates: enough to learn from, and to be over in a minute or two on two cores."""


class StationFailed(LocalError):
    """A station did not do its work."""


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--exit", action="store_true", help="end after the table, with status 0 if all went well"
    )
    parser.add_argument("--data", type=Path, help="customers, CSV or Parquet; simulated without it")
    parser.add_argument("--mapping", help="name or file of the mapping that reads --data")
    parser.add_argument("--complaints", type=Path, help="complaints, CSV; simulated without it")
    parser.add_argument("--scale", type=_scale, default=1.0, help="how much to simulate: 0.2 is a fifth")
    parser.add_argument("--seed", type=int, help="repeat the people and the chances of an earlier run")


def run(arguments: argparse.Namespace) -> int:
    _check(arguments)
    heed_requests_to_end()
    console = Console() if sys.stdout.isatty() else Console(width=LOG_WIDTH)
    config = StackConfig.from_environment()
    with platform.running(config, console) as stack:
        try:
            visits = asyncio.run(_drive(config, stack, console, arguments))
        except (Refused, aiohttp.ClientError, nats.errors.Error) as error:
            raise LocalError(f"the demo broke off: {str(error) or type(error).__name__}") from error
        failed = [visit.title for visit in visits if not visit.passed]
        if not arguments.exit:
            console.print(
                "The platform stays up; Ctrl-C ends it." if stack.launcher else "The platform goes on."
            )
            stack.wait()
            return 0
    if failed:
        raise StationFailed(f"not every station did its work: {', '.join(failed)}")
    return 0


def _check(arguments: argparse.Namespace) -> None:
    """Say what is wrong with the files before anything starts."""
    for path in filter(None, (arguments.data, arguments.complaints)):
        if not path.is_file():
            raise LocalError(f"{path} is no file")
    if arguments.data and not arguments.mapping:
        raise LocalError("--data needs --mapping: `telco-ibm`, `simulator`, or a mapping file of your own")
    if arguments.mapping and not arguments.data:
        raise LocalError("--mapping says how to read --data, which is missing")
    if arguments.mapping:
        importer.mapping_file(arguments.mapping)
    if arguments.complaints:
        material.read_complaints(arguments.complaints)


async def _drive(
    config: StackConfig, stack: platform.Stack, console: Console, arguments: argparse.Namespace
) -> Sequence[Visit]:
    report = Report(console)
    key = read_key(config.keys.admin)
    async with (
        Earlier(config.home / "demo").held(),
        Gateway.open(stack.gateway_url, key) as gateway,
        Observer.open(config.nats_url) as observer,
        report.open(),
    ):
        journey = Journey(_plan(config, arguments), gateway, observer, report)
        report.say(f"run {journey.plan.run}, seed {journey.plan.seed}")
        visits = await drive(journey)
    report.table(visits)
    report.addresses(stack.addresses(journey.facts.get("shown_customer")))
    return visits


def _plan(config: StackConfig, arguments: argparse.Namespace) -> Plan:
    now = clock.now()
    run = f"{now:%Y%m%d-%H%M%S}"
    folder = config.home / "demo" / run
    folder.mkdir(parents=True, mode=0o700)  # rejected rows of real files end up here
    for old in sorted(folder.parent.glob(RUN_FOLDERS))[:-KEPT_RUNS]:
        shutil.rmtree(old, ignore_errors=True)
    return Plan(
        run=run,
        started_at=now,
        today=now.astimezone(ZONE).date(),
        seed=arguments.seed if arguments.seed is not None else int(now.timestamp()),
        folder=folder,
        data=arguments.data,
        mapping=arguments.mapping,
        complaints=arguments.complaints,
        size=SIZE.times(arguments.scale),
    )


def _scale(text: str) -> float:
    scale = float(text)
    if not 0.1 <= scale <= 100:
        raise argparse.ArgumentTypeError("from 0.1 to 100: below, there are too few leavers to learn from")
    return scale
