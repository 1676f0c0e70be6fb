"""The 360° read: a customer, or the person that it is over all sources, on one page; and every touch in order."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from careloop_common.pagination import Page, PageQuery, page
from careloop_common.schemas import Instant
from careloop_common.web import ActorDep, CareRouter, NowDep, RuntimeDep, SessionDep, needs, problems
from fastapi import Depends, Query

from careloop_profile.customers import queries as customers
from careloop_profile.customers import service
from careloop_profile.customers.errors import CustomerNotFound
from careloop_profile.customers.schemas import Term
from careloop_profile.customers.views import view
from careloop_profile.interactions import queries as interactions
from careloop_profile.interactions.schemas import InteractionView
from careloop_profile.overview import service as people
from careloop_profile.overview.queries import Wanted
from careloop_profile.overview.schemas import OverviewView, ProfileView, TouchView, totals
from careloop_profile.overview.views import overview_view, touch

router = CareRouter(prefix="/v1/customers/{customer_id}", tags=["customers"])
_LAST = 20
_UNKNOWN = problems(CustomerNotFound)


@router.get("/profile", dependencies=[needs("customers:read")], responses=_UNKNOWN)
async def profile(
    customer_id: UUID, session: SessionDep, actor: ActorDep, runtime: RuntimeDep
) -> ProfileView:
    """The customer on one page; name, phone and e-mail are masked as everywhere."""
    customer = await service.get(session, customer_id)
    last = await interactions.timeline(session, customer_id, before=None, limit=_LAST)
    return ProfileView.model_validate(
        {
            "customer": view(customer, runtime.vault, actor),
            "devices": await customers.devices_of(session, customer_id),
            "activity": totals(await interactions.activity(session, [customer_id])),
            "last_interactions": [touch(row, InteractionView, actor, customer_id) for row in last],
        }
    )


@router.get("/overview", dependencies=[needs("customers:read")], responses=_UNKNOWN)
async def overview(
    customer_id: UUID,
    session: SessionDep,
    now: NowDep,
    actor: ActorDep,
    runtime: RuntimeDep,
    explain: Annotated[bool, Query(description="Say of each value where it comes from.")] = False,
) -> OverviewView:
    """The person that the customer is on one page: facts, products, devices, consents, counters, the last 50 touches."""
    found = await people.overview(session, customer_id, runtime.settings.source_ranks, now=now)
    return overview_view(found, runtime.vault, actor, explain=explain)


@router.get("/interactions", dependencies=[needs("interactions:read")], responses=_UNKNOWN)
async def timeline(
    customer_id: UUID, query: PageQuery, session: SessionDep, actor: ActorDep
) -> Page[InteractionView]:
    """What happened with the customer, newest first; what is personal among the properties is masked as everywhere."""
    await service.get(session, customer_id)
    rows = await interactions.timeline(
        session, customer_id, before=query.after(datetime, UUID), limit=query.limit + 1
    )
    return page(
        rows, query.limit, key=_place, view=lambda row: touch(row, InteractionView, actor, customer_id)
    )


class Filters:
    def __init__(
        self,
        channel: Term | None = None,
        kind: Term | None = None,
        since: Instant | None = None,
        until: Annotated[Instant | None, Query(description="The first instant that is too late.")] = None,
    ) -> None:
        self.wanted = Wanted(channel, kind, since, until)


@router.get("/trajectory", dependencies=[needs("interactions:read")], responses=_UNKNOWN)
async def trajectory(
    customer_id: UUID,
    query: PageQuery,
    filters: Annotated[Filters, Depends()],
    session: SessionDep,
    actor: ActorDep,
    now: NowDep,
) -> Page[TouchView]:
    """Every touch of the person that the customer is, over all channels and customers, the newest first."""
    rows = await people.trajectory(
        session,
        customer_id,
        filters.wanted,
        before=query.after(datetime, UUID),
        limit=query.limit + 1,
        now=now,
    )
    return page(rows, query.limit, key=_place, view=lambda row: touch(row, TouchView, actor, row.customer_id))


def _place(row: Any) -> tuple[datetime, UUID]:
    return row.occurred_at, row.interaction_id
