"""The tags of a person: which, since when, why; and those that people give."""

from typing import Annotated
from uuid import UUID

from careloop_common.pagination import Long, Page, PageQuery, page
from careloop_common.web import ActorDep, CareRouter, NowDep, RuntimeDep, SessionDep, needs, problems
from fastapi import Depends, Path, Request

from careloop_profile.customers.errors import CustomerNotFound
from careloop_profile.days import Here
from careloop_profile.tags.errors import TagNotFound, TagNotGiven, TagValueRefused
from careloop_profile.tags.schemas import (
    ExplanationView,
    GivenView,
    GiveTag,
    GiveTags,
    TagChangeView,
    TagCode,
    TagsView,
)
from careloop_profile.tags.service import giving, reading
from careloop_profile.tags.service.evaluating import Evaluator
from careloop_profile.tags.service.giving import Word
from careloop_profile.tags.views import change_view, explanation_view, tags_view

router = CareRouter(prefix="/v1", tags=["tags"])
READ, GIVE = needs("tags:read"), needs("tags:give")
Code = Annotated[TagCode, Path()]


async def _evaluator(request: Request) -> Evaluator:
    evaluator: Evaluator = request.app.state.evaluator
    return evaluator


EvaluatorDep = Annotated[Evaluator, Depends(_evaluator)]


@router.get("/customers/{customer_id}/tags", dependencies=[READ], responses=problems(CustomerNotFound))
async def list_tags(
    customer_id: UUID, session: SessionDep, actor: ActorDep, evaluator: EvaluatorDep
) -> TagsView:
    """The tags of the person that the customer is, with all that happened to it until now."""
    return tags_view(await reading.tags_of(session, evaluator, customer_id), customer_id, actor)


@router.get(
    "/customers/{customer_id}/tags/{code}",
    dependencies=[READ],
    responses=problems(CustomerNotFound, TagNotFound),
)
async def explain(
    customer_id: UUID,
    code: Code,
    session: SessionDep,
    now: Here,
    runtime: RuntimeDep,
    actor: ActorDep,
    evaluator: EvaluatorDep,
) -> ExplanationView:
    """Why the person has the tag, or has it not: the rule, what it asks for and where that comes from, since when, and
    until when if nothing else happens."""
    ranks = runtime.settings.source_ranks
    found = await reading.explain(session, evaluator, customer_id, code, ranks, now=now)
    return explanation_view(found, customer_id, actor)


@router.get("/customers/{customer_id}/tag-history", dependencies=[READ], responses=problems(CustomerNotFound))
async def list_history(
    customer_id: UUID,
    query: PageQuery,
    session: SessionDep,
    actor: ActorDep,
    evaluator: EvaluatorDep,
    code: TagCode | None = None,
) -> Page[TagChangeView]:
    """What became of the person's tags, and by what; the latest first."""
    rows = await reading.history_of(
        session, evaluator, customer_id, code, before=query.after(Long), limit=query.limit + 1
    )
    return page(
        rows,
        query.limit,
        key=lambda row: (row.number,),
        view=lambda row: change_view(row, customer_id, actor),
    )


@router.put(
    "/customers/{customer_id}/tags/{code}",
    dependencies=[GIVE],
    responses=problems(CustomerNotFound, TagNotFound, TagNotGiven, TagValueRefused),
)
async def give(
    customer_id: UUID,
    code: Code,
    body: GiveTag,
    session: SessionDep,
    now: NowDep,
    actor: ActorDep,
    evaluator: EvaluatorDep,
) -> GivenView:
    """Give a tag that people, imports or scores give."""
    words = [Word(customer_id, body.value)]
    changed = await giving.give(session, evaluator, code, words, body.source, now=now, actor=actor)
    return GivenView(given=1, changed=changed)


@router.delete(
    "/customers/{customer_id}/tags/{code}",
    status_code=204,
    dependencies=[GIVE],
    responses=problems(CustomerNotFound, TagNotFound, TagNotGiven),
)
async def take(
    customer_id: UUID, code: Code, session: SessionDep, now: NowDep, actor: ActorDep, evaluator: EvaluatorDep
) -> None:
    """Take it back. To take what is not there changes nothing."""
    await giving.take(session, evaluator, code, customer_id, now=now, actor=actor)


@router.post(
    "/tag-definitions/{code}/values",
    dependencies=[GIVE],
    responses=problems(CustomerNotFound, TagNotFound, TagNotGiven, TagValueRefused),
)
async def give_many(
    code: Code, body: GiveTags, session: SessionDep, now: NowDep, actor: ActorDep, evaluator: EvaluatorDep
) -> GivenView:
    """Give a tag to up to 1,000 customers, to all of them or, if one cannot have it, to none."""
    words = [Word(one.customer_id, one.value) for one in body.items]
    changed = await giving.give(session, evaluator, code, words, body.source, now=now, actor=actor)
    return GivenView(given=len(words), changed=changed)
