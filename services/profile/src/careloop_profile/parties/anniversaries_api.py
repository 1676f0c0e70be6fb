"""Days that come round."""

from datetime import UTC, datetime, time, timedelta
from typing import Annotated
from uuid import UUID

from careloop_common.pagination import Page, PageQuery, page
from careloop_common.web import ActorDep, CareRouter, RuntimeDep, SessionDep, problems
from fastapi import Query

from careloop_profile.customers.errors import DatesReversed
from careloop_profile.days import Today
from careloop_profile.parties.api import READ
from careloop_profile.parties.errors import SpanTooLong
from careloop_profile.parties.policy.anniversaries import MOST_DAYS, Anniversary
from careloop_profile.parties.schemas import AnniversaryView, Day
from careloop_profile.parties.service import anniversaries
from careloop_profile.parties.service.persons import known
from careloop_profile.parties.views import Names, anniversary_view

router = CareRouter(prefix="/v1/anniversaries", tags=["parties"])


@router.get("", dependencies=[READ], responses=problems(DatesReversed, SpanTooLong))
async def list_anniversaries(
    kind: Anniversary,
    query: PageQuery,
    session: SessionDep,
    today: Today,
    actor: ActorDep,
    runtime: RuntimeDep,
    first: Annotated[Day | None, Query(alias="from", description="Without it, today.")] = None,
    last: Annotated[Day | None, Query(alias="to", description="Without it, a week later.")] = None,
) -> Page[AnniversaryView]:
    """Who joined, was born, or has a contract or warranty that ends, on one of these days; in their order."""
    first = first or today
    last = last or first + timedelta(days=6)
    if last < first:
        raise DatesReversed(f"{last} is before {first}.", pointer="to")
    if (last - first).days >= MOST_DAYS:
        raise SpanTooLong(f"These are more than {MOST_DAYS} days.", pointer="to")
    place = query.after(datetime, UUID)
    rows = await anniversaries.listed(
        session,
        runtime.vault,
        kind,
        first,
        last,
        after=(place[0].date(), place[1]) if place else None,
        limit=query.limit + 1,
    )
    names = Names(await known(session, [row.person_id for row in rows]), runtime.vault, actor)
    return page(
        rows,
        query.limit,
        key=lambda row: (datetime.combine(row.day, time(), UTC), row.subject_id),
        view=lambda row: anniversary_view(kind, row, names),
    )
