"""The figures of somebody's month, as `/v1/ticket-kpis` has them by assignee."""

from collections.abc import Collection
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncSession

from careloop_ticketing.kpis import service as kpis
from careloop_ticketing.kpis.policy import Attainment, Grouping
from careloop_ticketing.kpis.queries import Window
from careloop_ticketing.kpis.service import Group
from careloop_ticketing.medals import queries
from careloop_ticketing.medals.policy import Figures, Month
from careloop_ticketing.satisfaction import service as satisfaction
from careloop_ticketing.satisfaction.service import Scores
from careloop_ticketing.staff import service as staff

_NONE = Scores(0, None)


async def figures_of(
    session: AsyncSession, month: Month, *, zone: ZoneInfo, now: datetime
) -> dict[str, Figures]:
    """Of those who are active and hold a ticket that was opened in the month. Who holds none is not judged."""
    window = Window(*month.span(zone), Grouping.ASSIGNEE, zone)
    groups = {one.name: one for one in await kpis.figures(session, window, now) if one.tickets}
    closed = await queries.closed(session, window.holds())
    scores = await satisfaction.scores_by_holder(session, window.holds())
    people = (await session.scalars(staff.working())).all()
    return {
        person: _figures(groups[person], closed.get(person, 0), scores.get(person, _NONE))
        for person in people
        if person in groups
    }


def _figures(group: Group, closed: int, scores: Scores) -> Figures:
    return Figures(
        tickets=group.tickets,
        closed=closed,
        responded_in_30_min=group.figures["responded"].ratio,
        first_contact_resolution=group.figures["first_contact"].ratio,
        closed_in_72_h=group.figures["closed"].ratio,
        reopened=group.figures["reopened"].ratio,
        attainment=_over_all(group.attainment.values()),
        answers=scores.count,
        csat=scores.average,
    )


def _over_all(clocks: Collection[Attainment]) -> float | None:
    promised = sum(one.denominator for one in clocks)
    return sum(one.numerator for one in clocks) / promised if promised else None
