"""Where a person stands, by which thresholds, and how it came there."""

from dataclasses import asdict
from uuid import UUID

from careloop_common.pagination import Long, Page, PageQuery, page
from careloop_common.web import ActorDep, CareRouter, NowDep, SessionDep, needs, problems
from fastapi import Response

from careloop_profile.customers.errors import CustomerNotFound
from careloop_profile.lifecycle import queries, service
from careloop_profile.lifecycle.errors import InvalidTerms
from careloop_profile.lifecycle.models import TermsRow
from careloop_profile.lifecycle.policy.stages import TABLE
from careloop_profile.lifecycle.schemas import (
    LifecycleView,
    MoveView,
    PublishTerms,
    TermsInForce,
    TermsView,
    TransitionsView,
    TransitionView,
)
from careloop_profile.tags.api import EvaluatorDep
from careloop_profile.tags.service.reading import asked_for

router = CareRouter(prefix="/v1", tags=["lifecycle"])
READ, WRITE = needs("lifecycle:read"), needs("lifecycle:write")


@router.get("/customers/{customer_id}/lifecycle", dependencies=[READ], responses=problems(CustomerNotFound))
async def get_lifecycle(customer_id: UUID, session: SessionDep, evaluator: EvaluatorDep) -> LifecycleView:
    """Stage and tier of the person that the customer is."""
    return LifecycleView.model_validate(await service.standing_of(session, evaluator, customer_id))


@router.get(
    "/customers/{customer_id}/lifecycle/moves", dependencies=[READ], responses=problems(CustomerNotFound)
)
async def list_moves(
    customer_id: UUID, query: PageQuery, session: SessionDep, evaluator: EvaluatorDep
) -> Page[MoveView]:
    """Every change of stage and tier with its cause, the latest first."""
    person_id, _ = await asked_for(session, evaluator, customer_id)
    rows = await queries.moves(session, person_id, before=query.after(Long), limit=query.limit + 1)
    return page(rows, query.limit, key=lambda row: (row.number,), view=MoveView.model_validate)


@router.get("/lifecycle-transitions", dependencies=[READ])
async def list_transitions() -> TransitionsView:
    """The table by which persons move on."""
    rows = [
        TransitionView(to=row.to, of=sorted(filter(None, row.of)) if row.of else None, because=row.because)
        for row in TABLE
    ]
    return TransitionsView(items=rows)


@router.get("/lifecycle-terms/in-force", dependencies=[READ])
async def get_terms(session: SessionDep, now: NowDep) -> TermsInForce:
    """The thresholds that hold now."""
    terms, version = await service.in_force(session, now)
    row = await session.get(TermsRow, version) if version else None
    return TermsInForce.model_validate(
        {"version": version, "document": asdict(terms), "valid_from": row and row.valid_from}
    )


@router.get("/lifecycle-terms", response_model=Page[TermsView], dependencies=[READ])
async def list_terms(session: SessionDep, query: PageQuery) -> Page[TermsRow]:
    """Every version, the newest first."""
    rows = await queries.terms(session, before=query.after(int), limit=query.limit + 1)
    return page(rows, query.limit, key=lambda row: (row.version,))


@router.put(
    "/lifecycle-terms",
    status_code=201,
    response_model=TermsView,
    dependencies=[WRITE],
    responses=problems(InvalidTerms),
)
async def publish_terms(
    body: PublishTerms, session: SessionDep, now: NowDep, actor: ActorDep, response: Response
) -> TermsRow:
    """Publish thresholds that hold from a time on. Everybody is looked at again then, in the background."""
    row = await service.publish(session, body.terms.terms(), body.valid_from, now=now, actor=actor)
    response.headers["location"] = "/v1/lifecycle-terms"
    return row
