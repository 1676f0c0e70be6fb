from typing import Annotated
from uuid import UUID

from careloop_common.pagination import Page, PageQuery, page
from careloop_common.web import ActorDep, CareRouter, NowDep, RuntimeDep, SessionDep, needs, problems
from fastapi import Query

from careloop_profile.customers.errors import CustomerNotFound
from careloop_profile.identity import queries, service
from careloop_profile.identity.errors import (
    AlreadyOnePerson,
    HeldTogether,
    MergeNotFound,
    MergeUndone,
    NotMergeable,
    OnePersonAlone,
)
from careloop_profile.identity.policy import Method
from careloop_profile.identity.schemas import MergeBody, MergeView, PersonView, UndoBody
from careloop_profile.identity.service import Candidates, Grounds
from careloop_profile.identity.views import merge_view, person_view

router = CareRouter(prefix="/v1", tags=["identity"])
READ, WRITE = "customers:read", "identity:write"


@router.get(
    "/customers/{customer_id}/person", dependencies=[needs(READ)], responses=problems(CustomerNotFound)
)
async def person(customer_id: UUID, session: SessionDep, actor: ActorDep, runtime: RuntimeDep) -> PersonView:
    """Who the customer is, over all sources: what is believed of the person, from whom, and on what evidence."""
    found = await service.person(session, customer_id, runtime.settings.source_ranks)
    return person_view(found, runtime.vault, actor)


@router.post(
    "/customers/{customer_id}/merges",
    status_code=201,
    dependencies=[needs(WRITE)],
    responses=problems(CustomerNotFound, AlreadyOnePerson, NotMergeable),
)
async def merge(
    customer_id: UUID,
    body: MergeBody,
    session: SessionDep,
    now: NowDep,
    actor: ActorDep,
    runtime: RuntimeDep,
) -> MergeView:
    """Take two customers, and all that are one person with them, for one person. Nothing of them is changed."""
    grounds = Grounds(Method.MANUAL, "somebody said so", body.reason)
    merged = await service.merge(
        session, Candidates(runtime.vault), customer_id, body.customer_id, grounds, now=now, actor=actor
    )
    if merged is None:
        raise AlreadyOnePerson(f"{customer_id} and {body.customer_id} are one person already.")
    return merge_view(merged, {})


@router.post(
    "/customers/{customer_id}/split",
    status_code=201,
    dependencies=[needs(WRITE)],
    responses=problems(CustomerNotFound, OnePersonAlone, HeldTogether, MergeUndone),
)
async def split(
    customer_id: UUID, body: UndoBody, session: SessionDep, now: NowDep, actor: ActorDep
) -> MergeView:
    """Take a customer out of a person that it does not belong to."""
    return merge_view(await service.split(session, customer_id, body.reason, now=now, actor=actor), {})


@router.post(
    "/merges/{merge_id}/undo",
    status_code=201,
    dependencies=[needs(WRITE)],
    responses=problems(MergeNotFound, MergeUndone, HeldTogether),
)
async def undo(
    merge_id: UUID, body: UndoBody, session: SessionDep, now: NowDep, actor: ActorDep
) -> MergeView:
    """Take a merge back; no rule will join the two again."""
    return merge_view(await service.undo(session, merge_id, body.reason, now=now, actor=actor), {})


@router.get("/merges", dependencies=[needs(READ)])
async def merges(
    query: PageQuery, session: SessionDep, customer_id: Annotated[UUID | None, Query()] = None
) -> Page[MergeView]:
    """What was merged and taken back, the newest first."""
    rows = await queries.merges_of(session, customer_id, before=query.after(int), limit=query.limit + 1)
    undone = await queries.undone_by(session, [row.id for row in rows])
    return page(rows, query.limit, key=lambda row: (row.number,), view=lambda row: merge_view(row, undone))
