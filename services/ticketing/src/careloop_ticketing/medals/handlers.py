from careloop_common import clock, zones
from careloop_common.runtime import Runtime

from careloop_ticketing.medals import service
from careloop_ticketing.settings import Settings


async def turn_of_month(runtime: Runtime[Settings]) -> bool:
    """The job that awards the medals of a month when it has ended; True if it awarded one, for there may be another."""
    zone = zones.zone(runtime.settings.timezone)
    async with runtime.database.transaction() as session:
        return await service.turn(session, zone=zone, now=clock.now()) is not None
