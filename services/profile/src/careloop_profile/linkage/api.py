"""The queue of questions: are these two customers one person?"""

from typing import Annotated
from uuid import UUID

from careloop_common.pagination import Page, PageQuery, page
from careloop_common.schemas import Version
from careloop_common.web import ActorDep, CareRouter, NowDep, RuntimeDep, SessionDep, needs, problems
from fastapi import Query

from careloop_profile.identity.errors import AlreadyOnePerson, HeldTogether, MergeUndone, NotMergeable
from careloop_profile.identity.service import Candidates
from careloop_profile.linkage import queries, service
from careloop_profile.linkage.errors import MatchReviewDecided, MatchReviewNotFound
from careloop_profile.linkage.policy.statistics import Band, precision
from careloop_profile.linkage.schemas import (
    AssignReview,
    DecideReview,
    MatchReviewView,
    ReviewKind,
    ReviewStatistics,
    State,
)
from careloop_profile.linkage.service import Records
from careloop_profile.linkage.views import review_view

router = CareRouter(prefix="/v1/match-reviews", tags=["match reviews"])
REVIEW = needs("identity:review")


@router.get("", dependencies=[REVIEW])
async def list_reviews(
    query: PageQuery,
    session: SessionDep,
    actor: ActorDep,
    runtime: RuntimeDep,
    state: State = "open",
    kind: ReviewKind | None = None,
    assignee: Annotated[str | None, Query(max_length=200)] = None,
) -> Page[MatchReviewView]:
    """Questions with both sides of each, the newest first."""
    rows = await queries.reviews(
        session,
        state=state,
        kind=kind,
        assignee=assignee,
        before=query.after(UUID),
        limit=query.limit + 1,
    )
    records = Records(runtime.vault)
    asked = await service.questions(session, rows)
    return page(
        asked,
        query.limit,
        key=lambda one: (one.row.id,),
        view=lambda one: review_view(one, records, actor),
    )


@router.get("/statistics", dependencies=[REVIEW])
async def statistics(session: SessionDep, model_version: Version | None = None) -> ReviewStatistics:
    """How many wait, and how often people said yes, by the probability that the model gave."""
    count, unassigned, oldest = await queries.waiting(session)
    bands = [
        Band(row.least, row.accepted, row.rejected) for row in await queries.decisions(session, model_version)
    ]
    return ReviewStatistics.model_validate(
        {
            "open": count,
            "unassigned": unassigned,
            "oldest_at": oldest,
            "accepted": sum(band.accepted for band in bands),
            "rejected": sum(band.rejected for band in bands),
            "precision": precision(bands),
            "bands": bands,
        }
    )


@router.get("/{review_id}", dependencies=[REVIEW], responses=problems(MatchReviewNotFound))
async def get_review(
    review_id: UUID, session: SessionDep, actor: ActorDep, runtime: RuntimeDep
) -> MatchReviewView:
    return review_view(await service.question(session, review_id), Records(runtime.vault), actor)


@router.put(
    "/{review_id}/assignee",
    dependencies=[REVIEW],
    responses=problems(MatchReviewNotFound, MatchReviewDecided),
)
async def assign(
    review_id: UUID, body: AssignReview, session: SessionDep, actor: ActorDep, runtime: RuntimeDep
) -> MatchReviewView:
    """Give a question to somebody; null gives it back to all."""
    found = await service.assign(session, review_id, body.assignee)
    return review_view(found, Records(runtime.vault), actor)


@router.post(
    "/{review_id}/accept",
    dependencies=[REVIEW],
    responses=problems(MatchReviewNotFound, MatchReviewDecided, NotMergeable, MergeUndone, HeldTogether),
)
async def accept(
    review_id: UUID,
    body: DecideReview,
    session: SessionDep,
    now: NowDep,
    actor: ActorDep,
    runtime: RuntimeDep,
) -> MatchReviewView:
    """Yes: two persons are merged, or one is taken apart."""
    candidates = Candidates(runtime.vault)
    found = await service.accept(session, candidates, review_id, body.reason, now=now, actor=actor)
    return review_view(found, Records(runtime.vault), actor)


@router.post(
    "/{review_id}/reject",
    dependencies=[REVIEW],
    responses=problems(MatchReviewNotFound, MatchReviewDecided, AlreadyOnePerson, MergeUndone),
)
async def reject(
    review_id: UUID,
    body: DecideReview,
    session: SessionDep,
    now: NowDep,
    actor: ActorDep,
    runtime: RuntimeDep,
) -> MatchReviewView:
    """No: no rule and no model will join the two, or no run will take the one apart."""
    found = await service.reject(session, review_id, body.reason, now=now, actor=actor)
    return review_view(found, Records(runtime.vault), actor)
