"""The run: station after station, with care and complaints side by side, as they are in life."""

import asyncio
from collections.abc import Sequence

from careloop_local.demo import rules
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

CARE = (scoring.STATION, care.STATION)
COMPLAINTS = (complaints.STATION, clocks.STATION)
ORDER = (
    customers.STATION,
    interactions.STATION,
    *CARE,
    *COMPLAINTS,
    satisfaction.STATION,
    messages.STATION,
    overview.STATION,
)


async def drive(journey: Journey) -> list[Visit]:
    """Every visit, in the order of the loop. A station that fails ends its chain, and what needs it says so."""
    visits = await _chain(journey, (customers.STATION, interactions.STATION))
    if all(not visit.failure for visit in visits):
        async with rules.in_force(journey.gateway):
            side_by_side = await asyncio.gather(
                _chain(journey, CARE), _complaints(journey), satisfaction.STATION.visit(journey)
            )
        visits += [*side_by_side[0], *side_by_side[1], side_by_side[2]]
        visits += await _chain(journey, (messages.STATION, overview.STATION))
    return _ordered(visits)


async def _chain(journey: Journey, stations: Sequence[Station]) -> list[Visit]:
    visits: list[Visit] = []
    for station in stations:
        visits.append(await station.visit(journey))
        if visits[-1].failure:
            break
    return visits


async def _complaints(journey: Journey) -> list[Visit]:
    visits = await _chain(journey, COMPLAINTS)
    if any(visit.failure for visit in visits):
        journey.tickets.give_up()
    return visits


def _ordered(visits: Sequence[Visit]) -> list[Visit]:
    """In the order of the loop, and those that were not reached too."""
    made = {visit.title: visit for visit in visits}
    return [made.get(station.title) or Visit.missed(station.title) for station in ORDER]
