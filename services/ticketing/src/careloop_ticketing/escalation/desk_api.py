"""What waits for somebody (我的待办升级), and who would be told of a ticket."""

from collections.abc import Iterable
from typing import Annotated
from uuid import UUID

from careloop_common.errors import ScopeMissing
from careloop_common.pagination import Page, PageQuery, page
from careloop_common.web import ActorDep, CareRouter, NowDep, SessionDep, needs, problems
from fastapi import Query

from careloop_ticketing.escalation import addressing
from careloop_ticketing.escalation.schemas import AddresseesView, AddresseeView, DeskItem
from careloop_ticketing.notices import service as notices
from careloop_ticketing.notices.service import Addressee
from careloop_ticketing.notices.service.reading import whose
from careloop_ticketing.staff.schemas import AGENT_ID
from careloop_ticketing.tickets import queries, views
from careloop_ticketing.tickets import service as tickets
from careloop_ticketing.tickets.errors import TicketNotFound

router = CareRouter(tags=["escalations"])
READ = needs("tickets:read")


@router.get(
    "/v1/escalations/desk",
    response_model=Page[DeskItem],
    dependencies=[READ],
    responses=problems(ScopeMissing),
)
async def get_desk(
    session: SessionDep,
    actor: ActorDep,
    now: NowDep,
    query: PageQuery,
    person: Annotated[str | None, Query(min_length=1, max_length=100, pattern=AGENT_ID)] = None,
) -> Page[DeskItem]:
    """Tickets that were escalated to the caller and that nobody has acknowledged, the one that waits for longest first."""
    rows = await notices.waiting(
        session, whose(actor, person), after=query.after(UUID), limit=query.limit + 1
    )
    found = await queries.in_order(session, [row.ticket_id for row in rows[: query.limit]])
    shown = await views.view_all(session, found, now)
    return page(
        rows,
        query.limit,
        key=lambda row: (row.id,),
        view=lambda row: DeskItem.model_validate({"notice": row, "ticket": shown[row.ticket_id]}),
    )


@router.get("/v1/tickets/{ticket_id}/addressees", dependencies=[READ], responses=problems(TicketNotFound))
async def get_addressees(ticket_id: UUID, session: SessionDep, now: NowDep) -> AddresseesView:
    """Who would be told of the ticket's next steps at this instant, in the name of whom. Nobody is told anything."""
    ticket = await tickets.get(session, ticket_id)
    duty, by_level = await addressing.addressees(session, ticket, now)
    return AddresseesView(
        ticket_id=ticket.id,
        roster_version=duty.roster.version,
        in_charge=_views(duty.in_charge(ticket)),
        levels={level: _views(people) for level, people in by_level.items()},
        watchers=ticket.watchers,
    )


def _views(people: Iterable[Addressee]) -> list[AddresseeView]:
    return [AddresseeView(agent_id=one.id or None, role=one.role) for one in people]
