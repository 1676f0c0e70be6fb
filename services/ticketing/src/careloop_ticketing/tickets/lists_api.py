"""Lists of tickets, by filters, rules, saved views and words; and how many there are."""

from dataclasses import replace
from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from careloop_common.errors import InvalidCursor
from careloop_common.pagination import Page, PageQuery, encode, page
from careloop_common.rules import RuleError
from careloop_common.web import ActorDep, CareRouter, NowDep, SessionDep, needs, problems
from fastapi import Depends, Query

from careloop_ticketing import facts
from careloop_ticketing.saved_views import service as saved_views
from careloop_ticketing.saved_views.errors import ViewBroken, ViewNotFound
from careloop_ticketing.saved_views.schemas import CODE
from careloop_ticketing.search.errors import SearchUnclear
from careloop_ticketing.tickets import queries, service, views
from careloop_ticketing.tickets.choices import Choice, Filters
from careloop_ticketing.tickets.errors import SortImpossible
from careloop_ticketing.tickets.schemas import CountView, TicketView

router = CareRouter(tags=["tickets"])
READ = needs("tickets:read")


async def _choice(
    session: SessionDep,
    actor: ActorDep,
    filters: Annotated[Filters, Depends()],
    rule: Annotated[
        str | None, Query(max_length=4_000, description="What they are like: docs/rules.md.")
    ] = None,
    view: Annotated[
        str | None, Query(pattern=CODE, description="A saved view, whose rule holds too.")
    ] = None,
    assignee: Annotated[Literal["me"] | None, Query(description="Those that the caller holds.")] = None,
) -> Choice:
    if assignee is not None:
        filters = replace(filters, assignee_id=actor.id)
    rules = [facts.choice(rule)] if rule is not None else []
    if view is not None:
        rules.append(await saved_views.rule_of(session, view, actor=actor))
    return Choice(filters, tuple(rules))


ChoiceDep = Annotated[Choice, Depends(_choice)]


@router.get(
    "/v1/tickets",
    dependencies=[READ],
    responses=problems(SearchUnclear, SortImpossible, RuleError, InvalidCursor, ViewNotFound, ViewBroken),
)
async def list_tickets(
    session: SessionDep,
    now: NowDep,
    query: PageQuery,
    choice: ChoiceDep,
    q: Annotated[
        str | None,
        Query(max_length=200, pattern=r"^[^\x00]*$", description="Words, all of them, or a number."),
    ] = None,
    sort: Annotated[
        Literal["newest", "due"], Query(description="`due`: by when the next that is promised is due.")
    ] = "newest",
) -> Page[TicketView]:
    """Tickets, newest first. With `q` or by due time a page can be short, even empty, although another one follows."""
    if q is not None:
        if sort == "due":
            raise SortImpossible(pointer="sort")
        hits = await service.find(session, q, choice, before=query.after(int), limit=query.limit, now=now)
        shown = await views.view_all(session, hits.tickets, now)
        return Page.model_construct(
            items=list(shown.values()), next_cursor=encode((hits.before,)) if hits.before else None
        )
    if sort == "due":
        place = query.after(datetime, UUID)
        found = await service.by_due(session, choice, after=place, limit=query.limit, now=now)
        shown = await views.view_all(session, found.tickets, now)
        next_cursor = encode(found.after) if found.after else None
        return Page.model_construct(items=list(shown.values()), next_cursor=next_cursor)
    rows = await queries.newest(session, choice, before=query.after(UUID), limit=query.limit + 1, now=now)
    shown = await views.view_all(session, rows, now)
    return page(rows, query.limit, key=lambda row: (row.id,), view=lambda row: shown[row.id])


@router.get("/v1/ticket-count", dependencies=[READ], responses=problems(RuleError, ViewNotFound, ViewBroken))
async def count_tickets(session: SessionDep, now: NowDep, choice: ChoiceDep) -> CountView:
    """How many tickets a list would have: counted up to 10,000, and about so many where there are more."""
    return CountView.model_validate(await service.count(session, choice, now=now))
