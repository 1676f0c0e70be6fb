from typing import Annotated
from zoneinfo import ZoneInfo

from careloop_common import zones
from careloop_common.errors import ScopeMissing
from careloop_common.web import ActorDep, CareRouter, NowDep, RuntimeDep, SessionDep, needs, problems
from fastapi import Depends, Query

from careloop_ticketing.dispatch.errors import ZoneUnknown
from careloop_ticketing.dispatch.schemas import MyDayView, MySpan, MyTicket
from careloop_ticketing.dispatch.service import looking
from careloop_ticketing.dispatch.service.looking import Day, Held
from careloop_ticketing.medals.schemas import HeldMedal
from careloop_ticketing.staff.errors import AgentNotFound
from careloop_ticketing.staff.schemas import AGENT_ID

router = CareRouter(prefix="/v1/my-day", tags=["dispatch"])


def _zone(
    runtime: RuntimeDep,
    zone: Annotated[
        str | None,
        Query(max_length=60, description="Where the day begins at midnight, if not where the operator is."),
    ] = None,
) -> ZoneInfo:
    try:
        return zones.zone(runtime.settings.timezone if zone is None else zone)
    except ValueError as error:
        raise ZoneUnknown(f"There is no time zone {zone!r}.", pointer="zone") from error


@router.get(
    "",
    dependencies=[needs("tickets:read")],
    responses=problems(AgentNotFound, ZoneUnknown, ScopeMissing),
)
async def get_my_day(
    zone: Annotated[ZoneInfo, Depends(_zone)],
    session: SessionDep,
    actor: ActorDep,
    now: NowDep,
    agent_id: Annotated[
        str | None,
        Query(max_length=100, pattern=AGENT_ID, description="Somebody else's day, for supervisors."),
    ] = None,
) -> MyDayView:
    """我的一天: what the caller holds, the most urgent first, with their shifts and what they have done today."""
    day = await looking.day_of(session, agent_id, zone, actor=actor, now=now)
    return _day(day, zone)


def _day(day: Day, zone: ZoneInfo) -> MyDayView:
    person = day.person
    return MyDayView(
        agent_id=person.id,
        name=person.name,
        level=person.level,
        zone=zone.key,
        starts_at=day.starts_at,
        ends_at=day.ends_at,
        on_duty=person.on_duty,
        capacity=person.capacity,
        load=day.load,
        **day.counts._asdict(),
        done_today=day.done,
        shifts=[MySpan.model_validate(shift) for shift in day.shifts],
        medals=[HeldMedal.model_validate(one) for one in day.medals],
        tickets=[_ticket(held) for held in day.held],
    )


def _ticket(held: Held) -> MyTicket:
    own = {name: getattr(held.ticket, name) for name in MyTicket.model_fields if hasattr(held.ticket, name)}
    return MyTicket(**own, next_due_at=held.next_due_at, overdue=held.overdue, waits_for=held.waits_for)
