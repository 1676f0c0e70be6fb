"""`careloop-ticketing verify-history`: exit status 1, and the first broken places, if any history was changed."""

import argparse
import asyncio
import sys
from typing import Any

from careloop_common.messaging.errors import BrokerUnavailable
from careloop_common.runtime import Runtime

from careloop_ticketing.history import handlers, service
from careloop_ticketing.history.policy import Broken
from careloop_ticketing.history.service import Tally


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--show", type=int, default=20, help="how many broken places to name")
    parser.add_argument("--broker-seconds", type=float, default=10, help="how long to wait for the broker")
    parser.add_argument(
        "--expect",
        metavar="NUMBER:HASH",
        help="an anchor that was written down elsewhere; finds a database that was set back as a whole",
    )


async def verify_history(runtime: Runtime[Any], given: argparse.Namespace) -> int:
    tally, wrong = Tally(), 0
    told = await _told(runtime, given.broker_seconds)
    async with runtime.database.transaction() as session:
        async for broken in service.verify(session, tally, told):
            wrong += 1
            if wrong <= given.show:
                sys.stdout.write(f"{broken}\n")
    if given.expect and (missed := _unexpected(given.expect, tally)):
        wrong += 1
        sys.stdout.write(f"{missed}\n")
    last = f", the last of them {tally.last[0]}:{tally.last[1].hex()}" if tally.last else ""
    sys.stdout.write(
        f"{tally.tickets} tickets, {tally.entries} entries, {tally.anchors} anchors{last}; {wrong} broken places\n"
    )
    return 1 if wrong else 0


async def _told(runtime: Runtime[Any], seconds: float) -> service.Told:
    """What the stream says of anchors; nothing, and a word about it, where there is no broker."""
    try:
        async with asyncio.timeout(seconds):
            await runtime.bus.ready()
            return await handlers.told(runtime.bus)
    except (TimeoutError, BrokerUnavailable):
        sys.stdout.write("The broker does not answer: anchors are not compared with those that it holds.\n")
        return {}


def _unexpected(expected: str, tally: Tally) -> Broken | None:
    number, _, hashed = expected.partition(":")
    found = tally.seen.get(int(number)) if number.isdecimal() else None
    if found is not None and found.hex() == hashed.lower():
        return None
    return Broken(None, int(number) if number.isdecimal() else None, "is not the one that was expected")
