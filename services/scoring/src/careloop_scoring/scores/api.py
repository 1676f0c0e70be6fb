from typing import Annotated
from uuid import UUID

from careloop_common.pagination import Page, PageQuery, page
from careloop_common.web import CareRouter, SessionDep, needs, problems
from fastapi import Query

from careloop_scoring.customers import queries as customers
from careloop_scoring.scores import queries, summary, views
from careloop_scoring.scores.errors import ScoreRefused, ScoreUnknown
from careloop_scoring.scores.models import Score
from careloop_scoring.scores.schemas import Band, ScoreView, SegmentName, SummaryView, Tier

router = CareRouter(tags=["scores"])


@router.get("/v1/scores", response_model=Page[ScoreView], dependencies=[needs("scores:read")])
async def list_scores(
    session: SessionDep,
    query: PageQuery,
    tier: Annotated[Tier | None, Query()] = None,
    band: Annotated[Band | None, Query()] = None,
    segment: Annotated[SegmentName | None, Query()] = None,
) -> Page[ScoreView]:
    """Scored customers, those most at risk first."""
    wanted = {"tier": tier, "band": band, "rfm_segment": segment}
    filters = {name: value for name, value in wanted.items() if value is not None}
    rows = await queries.riskiest(session, filters, after=query.after(float, UUID), limit=query.limit + 1)
    return page(rows, query.limit, key=lambda row: (row.probability, row.customer_id), view=views.score)


@router.get(
    "/v1/scores/{customer_id}",
    response_model=ScoreView,
    dependencies=[needs("scores:read")],
    responses=problems(ScoreUnknown, ScoreRefused),
)
async def get_score(customer_id: UUID, session: SessionDep) -> ScoreView:
    """The present verdict on an active customer, with its reasons."""
    if refused := await customers.withheld(session, customer_id):
        raise ScoreRefused(f"Customer {customer_id} refused: {refused}.", refused=refused)
    row = await session.get(Score, customer_id)
    if row is None:
        raise ScoreUnknown(f"No score for customer {customer_id}: not active, or no run since the import.")
    return views.score(row)


@router.get("/v1/score-summary", response_model=SummaryView, dependencies=[needs("scores:read")])
async def summarise_scores(session: SessionDep) -> SummaryView:
    """How many customers are in each tier, band and segment."""
    return await summary.of_all(session)
