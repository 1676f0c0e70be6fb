from collections import defaultdict
from typing import Any

from careloop_common import clock
from careloop_common.messaging import reading
from careloop_common.messaging.bus import Bus
from careloop_common.runtime import Runtime
from careloop_contracts import TicketHistoryAnchoredV1

from careloop_ticketing.history import service
from careloop_ticketing.history.service import Told


async def anchor(runtime: Runtime[Any]) -> None:
    """The job that writes an anchor. It waits for the broker, which knows what was anchored before."""
    await runtime.bus.ready()
    known = await told(runtime.bus)
    async with runtime.database.transaction() as session:
        await service.anchor(session, now=clock.now(), told=known)


async def told(bus: Bus) -> Told:
    """The anchors that the stream holds: those of its last days."""
    found: dict[int, set[bytes]] = defaultdict(set)
    async for event in reading.events(bus, TicketHistoryAnchoredV1):
        found[event.number].add(bytes.fromhex(event.hash))
    return found
