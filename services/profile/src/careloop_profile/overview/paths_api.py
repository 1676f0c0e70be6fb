"""Ways that lead somewhere, and who is dissatisfied: over all customers, in a bounded number of interactions."""

from datetime import timedelta
from typing import Annotated, Final
from uuid import UUID

from careloop_common.pagination import Page, PageQuery, encode
from careloop_common.schemas import Instant
from careloop_common.web import CareRouter, NowDep, SessionDep, needs, problems
from fastapi import Depends, Query

from careloop_profile.overview import service
from careloop_profile.overview.errors import PeriodRefused
from careloop_profile.overview.policy import By
from careloop_profile.overview.schemas import ContactView, PathsView, PathView, SignalView, UnhappyView
from careloop_profile.overview.signals import Period

router = CareRouter(prefix="/v1", tags=["interactions"])
READ: Final = "interactions:read"
_LONGEST: Final = timedelta(days=92)
_USUAL: Final = timedelta(days=30)
Code = Annotated[str, Query(pattern=r"^[a-z][a-z0-9_.-]{0,47}$")]


async def _period(
    now: NowDep,
    since: Annotated[Instant | None, Query(description="Without it, 30 days before `until`.")] = None,
    until: Annotated[
        Instant | None, Query(description="The first instant that is too late; without it, now.")
    ] = None,
) -> Period:
    end = until or now
    start = since or end - _USUAL
    if not timedelta(0) < end - start <= _LONGEST:
        raise PeriodRefused(f"until must be after since, and no more than {_LONGEST.days} days.")
    return Period(start, end)


PeriodDep = Annotated[Period, Depends(_period)]


@router.get("/interaction-paths", dependencies=[needs(READ)], responses=problems(PeriodRefused))
async def paths(
    session: SessionDep,
    period: PeriodDep,
    outcome_kind: Code,
    outcome_channel: Code | None = None,
    by: By = "channel_kind",
    length: Annotated[int, Query(ge=1, le=5, description="Most steps of a way.")] = 3,
    window_hours: Annotated[int, Query(ge=1, le=720, description="How long before the outcome.")] = 72,
    sample: Annotated[int, Query(ge=1, le=5000, description="Most outcomes to look at.")] = 1000,
    limit: Annotated[int, Query(ge=1, le=100)] = 20,
) -> PathsView:
    """The most frequent sequences of touches of a person before an outcome: what do people do before they complain?
    The newest outcomes are looked at; `since` and `complete` say how far that reached."""
    found = await service.ways(
        session,
        period,
        outcome_kind,
        outcome_channel,
        by=by,
        length=length,
        window=timedelta(hours=window_hours),
        sample=sample,
        most=limit,
    )
    return PathsView(
        since=found.since,
        until=period.until,
        outcomes=found.outcomes,
        complete=found.complete,
        items=[PathView.model_validate(path) for path in found.paths],
    )


@router.get("/dissatisfied-customers", dependencies=[needs(READ)], responses=problems(PeriodRefused))
async def dissatisfied(
    query: PageQuery,
    session: SessionDep,
    period: PeriodDep,
    score_at_most: Annotated[
        float, Query(ge=-100, le=100, description="Surveys whose property `score` is no more.")
    ] = 2,
    window_days: Annotated[
        int, Query(ge=1, le=366, description="How long before it contacts are told.")
    ] = 90,
    contacts: Annotated[int, Query(ge=1, le=50, description="Most contacts of each person.")] = 20,
) -> Page[UnhappyView]:
    """Persons who complained or gave a bad score, each once, the latest first, with their contacts across all channels.
    A page may have fewer items than it could, or none, and yet a next one."""
    people, reached = await service.unhappy(
        session,
        period,
        score_at_most,
        window=timedelta(days=window_days),
        touches=contacts,
        before=query.after(UUID),
        limit=query.limit,
    )
    return Page(items=[_unhappy(one) for one in people], next_cursor=encode((reached,)) if reached else None)


def _unhappy(one: service.Unhappy) -> UnhappyView:
    signal = one.signal
    return UnhappyView(
        person_id=one.person_id,
        signal=SignalView.model_validate(
            {
                "interaction_id": signal.uid,
                "customer_id": signal.customer_id,
                "occurred_at": signal.at,
                "channel": signal.channel,
                "kind": signal.kind,
            }
        ),
        contacts=[ContactView.model_validate(row) for row in one.touches],
    )
