from collections.abc import Sequence
from typing import Annotated
from uuid import UUID

from careloop_common.pagination import Page, PageQuery, page
from careloop_common.schemas import Instant
from careloop_common.web import CareRouter, SessionDep, needs
from fastapi import Query

from careloop_ticketing.escalation import queries
from careloop_ticketing.escalation.models import EscalationRow
from careloop_ticketing.escalation.queries import Lateness, Wanted
from careloop_ticketing.escalation.schemas import EscalationView, LatenessView
from careloop_ticketing.staff.schemas import AGENT_ID, TEAM
from careloop_ticketing.vocabulary import Level

Text = Annotated[str | None, Query(min_length=1, max_length=100, pattern=r"^[^\x00-\x1f\x7f]+$")]

router = CareRouter(prefix="/v1/escalations", tags=["escalations"])


@router.get("", response_model=Page[EscalationView], dependencies=[needs("tickets:read")])
async def list_escalations(
    session: SessionDep,
    query: PageQuery,
    ticket_id: UUID | None = None,
    step: Annotated[str | None, Query(pattern=r"^[a-z][a-z0-9_]{0,39}$")] = None,
    level: Level | None = None,
    person: Annotated[str | None, Query(min_length=1, max_length=100, pattern=AGENT_ID)] = None,
    team: Annotated[str | None, Query(pattern=TEAM)] = None,
    region: Text = None,
    since: Instant | None = None,
    unacknowledged: bool | None = None,
) -> Page[EscalationRow]:
    """Steps of ladders that were taken, newest first: those told in the name of a level, or to a person; those since then,
    or whose tickets still wait for somebody to acknowledge them."""
    wanted = Wanted(
        ticket_id=ticket_id,
        step=step,
        told=level,
        person=person,
        team=team,
        region=region,
        since=since,
        unacknowledged=unacknowledged,
    )
    rows: Sequence[EscalationRow] = await queries.newest(
        session, wanted, before=query.after(UUID), limit=query.limit + 1
    )
    return page(rows, query.limit, key=lambda row: (row.id,))


@router.get("/lateness", response_model=LatenessView, dependencies=[needs("tickets:read")])
async def get_lateness(session: SessionDep, since: Instant | None = None) -> Lateness:
    """How late steps were taken, from the rows of all that were."""
    return await queries.lateness(session, since=since)
