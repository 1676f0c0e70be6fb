"""The run: station after station; care, complaints and answers go on side by side, as they do in life."""

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

COMPLAINTS = (complaints.STATION, clocks.STATION)
ORDER = (
    customers.STATION,
    interactions.STATION,
    scoring.STATION,
    care.STATION,
    *COMPLAINTS,
    satisfaction.STATION,
    messages.STATION,
    overview.STATION,
)


async def drive(journey: Journey) -> list[Visit]:
    """Every visit, in the order of the loop. What cannot be reached because of a failure before is named as missed."""
    visits = await _chain(journey, (customers.STATION, interactions.STATION))
    if all(not visit.failure for visit in visits):
        async with rules.in_force(journey.gateway):
            # Training takes all processors; the clocks of the complaints should not have to wait for one.
            visits += await _chain(journey, (scoring.STATION,))
            cared, complained, answered = await asyncio.gather(
                _chain(journey, () if visits[-1].failure else (care.STATION,)),
                _complaints(journey),
                satisfaction.STATION.visit(journey),
            )
        visits += [*cared, *complained, answered]
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
