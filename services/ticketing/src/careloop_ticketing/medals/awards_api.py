from typing import Annotated
from uuid import UUID

from careloop_common import zones
from careloop_common.pagination import Page, PageQuery, page
from careloop_common.web import ActorDep, CareRouter, NowDep, RuntimeDep, SessionDep, needs, problems
from fastapi import Query

from careloop_ticketing.medals import queries, service
from careloop_ticketing.medals.errors import (
    AwardNotFound,
    AwardTakenBack,
    MedalAlreadyAwarded,
    MedalByFigures,
    MedalUnknown,
    MonthNotOver,
)
from careloop_ticketing.medals.models import AwardRow
from careloop_ticketing.medals.policy import Month
from careloop_ticketing.medals.schemas import (
    CODE,
    MONTH,
    AwardByFigures,
    AwardByHand,
    AwardView,
    MonthView,
    TakeBack,
    WinnerView,
)
from careloop_ticketing.staff.errors import AgentUnknown
from careloop_ticketing.staff.schemas import AGENT_ID

router = CareRouter(prefix="/v1/medal-awards", tags=["medals"])
SUPERVISE = needs("tickets:supervise")


@router.post(
    "",
    status_code=201,
    response_model=AwardView,
    dependencies=[SUPERVISE],
    responses=problems(AgentUnknown, MedalUnknown, MedalByFigures, MedalAlreadyAwarded, MonthNotOver),
)
async def award_by_hand(
    body: AwardByHand, session: SessionDep, now: NowDep, actor: ActorDep, runtime: RuntimeDep
) -> AwardRow:
    """Give somebody a medal that has no rule."""
    zone = zones.zone(runtime.settings.timezone)
    return await service.award_by_hand(session, body, zone=zone, actor=actor, now=now)


@router.post(
    "/by-figures", dependencies=[SUPERVISE], responses=problems(MedalUnknown, MedalByFigures, MonthNotOver)
)
async def award_by_figures(
    body: AwardByFigures, session: SessionDep, now: NowDep, actor: ActorDep, runtime: RuntimeDep
) -> MonthView:
    """Award what the figures of a month say by now, as the job does when it ends; with `dry_run` only tell who would get what."""
    found = await service.award_month(
        session,
        Month.read(body.month),
        zone=zones.zone(runtime.settings.timezone),
        medal=body.medal,
        dry_run=body.dry_run,
        actor=actor,
        now=now,
    )
    return MonthView(
        month=body.month,
        dry_run=body.dry_run,
        judged=found.people,
        awarded=found.new,
        items=[WinnerView.model_validate(winner) for winner in found.winners],
    )


@router.get("", response_model=Page[AwardView], dependencies=[SUPERVISE])
async def list_awards(
    session: SessionDep,
    query: PageQuery,
    medal: Annotated[str | None, Query(pattern=CODE)] = None,
    agent_id: Annotated[str | None, Query(max_length=100, pattern=AGENT_ID)] = None,
    month: Annotated[str | None, Query(pattern=MONTH)] = None,
) -> Page[AwardRow]:
    """The newest first, with what met the rule; those included that were taken back."""
    rows = await queries.awards(
        session,
        medal=medal,
        agent_id=agent_id,
        month=month,
        before=query.after(UUID),
        limit=query.limit + 1,
    )
    return page(rows, query.limit, key=lambda row: (row.id,))


@router.post(
    "/{award_id}/take-back",
    response_model=AwardView,
    dependencies=[SUPERVISE],
    responses=problems(AwardNotFound, AwardTakenBack),
)
async def take_back(
    award_id: UUID, body: TakeBack, session: SessionDep, now: NowDep, actor: ActorDep
) -> AwardRow:
    """Take a medal back, with a reason. It is not awarded again for the same month."""
    return await service.take_back(session, award_id, reason=body.reason, actor=actor, now=now)
