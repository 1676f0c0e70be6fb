from collections.abc import Sequence
from typing import Annotated
from uuid import UUID

from careloop_common.pagination import Page, PageQuery, page
from careloop_common.schemas import Instant
from careloop_common.web import CareRouter, SessionDep, needs
from fastapi import Query

from careloop_ticketing.escalation import queries
from careloop_ticketing.escalation.models import EscalationRow
from careloop_ticketing.escalation.queries import Lateness
from careloop_ticketing.escalation.schemas import EscalationView, LatenessView

router = CareRouter(prefix="/v1/escalations", tags=["escalations"])


@router.get("", response_model=Page[EscalationView], dependencies=[needs("tickets:read")])
async def list_escalations(
    session: SessionDep,
    query: PageQuery,
    ticket_id: UUID | None = None,
    step: Annotated[str | None, Query(pattern=r"^[a-z][a-z0-9_]{0,39}$")] = None,
) -> Page[EscalationRow]:
    """Steps of ladders that were taken, newest first."""
    rows: Sequence[EscalationRow] = await queries.newest(
        session, ticket_id=ticket_id, step=step, before=query.after(UUID), limit=query.limit + 1
    )
    return page(rows, query.limit, key=lambda row: (row.id,))


@router.get("/lateness", response_model=LatenessView, dependencies=[needs("tickets:read")])
async def get_lateness(session: SessionDep, since: Instant | None = None) -> Lateness:
    """How late steps were taken, from the rows of all that were."""
    return await queries.lateness(session, since=since)
