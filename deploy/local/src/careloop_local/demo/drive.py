"""The run: station after station; care, complaints and answers go on side by side, as they do in life."""

import asyncio
from collections.abc import Sequence

from careloop_local.demo import rules
from careloop_local.demo.earlier import Earlier
from careloop_local.demo.journey import Journey
from careloop_local.demo.outcome import Visit
from careloop_local.demo.station import Station
from careloop_local.demo.stations import (
    care,
    clocks,
    complaints,
    customers,
    interactions,
    messages,
    overview,
    satisfaction,
    scoring,
)

ORDER = (
    customers.STATION,
    interactions.STATION,
    scoring.STATION,
    care.STATION,
    complaints.STATION,
    clocks.STATION,
    satisfaction.STATION,
    messages.STATION,
    overview.STATION,
)


async def drive(journey: Journey) -> list[Visit]:
    """Every visit, in the order of the loop. What cannot be reached because of a failure before is named as missed."""
    visits = await _chain(journey, customers.STATION, interactions.STATION)
    if all(not visit.failure for visit in visits):
        async with rules.in_force(journey.gateway, Earlier(journey.plan.folder.parent)):
            chains = await asyncio.gather(_tickets(journey), satisfaction.STATION.visit(journey))
        visits += [*chains[0], chains[1]]
        visits += await _chain(journey, messages.STATION, overview.STATION)
    return _ordered(visits)


async def _tickets(journey: Journey) -> list[Visit]:
    """While the clocks of the complaints run out there is time to learn, and to care for those at risk."""
    filed = await complaints.STATION.visit(journey)
    waited, cared = await asyncio.gather(
        _run_out(journey, filed), _chain(journey, scoring.STATION, care.STATION)
    )
    return [filed, *waited, *cared]


async def _run_out(journey: Journey, filed: Visit) -> list[Visit]:
    visits = [] if filed.failure else [await clocks.STATION.visit(journey)]
    if any(visit.failure for visit in (filed, *visits)):
        journey.tickets.give_up()
    return visits


async def _chain(journey: Journey, *stations: Station) -> list[Visit]:
    visits: list[Visit] = []
    for station in stations:
        visits.append(await station.visit(journey))
        if visits[-1].failure:
            break
    return visits


def _ordered(visits: Sequence[Visit]) -> list[Visit]:
    """In the order of the loop, and those that were not reached too."""
    made = {visit.title: visit for visit in visits}
    return [made.get(station.title) or Visit.missed(station.title) for station in ORDER]
