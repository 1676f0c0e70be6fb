"""The 360° read: a customer's facts, holdings and what happened lately."""

from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from careloop_common.pagination import Page, PageQuery, page
from careloop_common.tokens import Actor
from careloop_common.web import ActorDep, CareRouter, RuntimeDep, SessionDep, needs, problems

from careloop_profile.customers import queries as customers
from careloop_profile.customers import service
from careloop_profile.customers.errors import CustomerNotFound
from careloop_profile.customers.personal import mask_anything
from careloop_profile.customers.views import PERSONAL, view
from careloop_profile.interactions import queries as interactions
from careloop_profile.interactions.schemas import InteractionView
from careloop_profile.overview.schemas import ProfileView

router = CareRouter(prefix="/v1/customers/{customer_id}", tags=["customers"])
_LAST = 20


@router.get("/profile", dependencies=[needs("customers:read")], responses=problems(CustomerNotFound))
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
            "activity": _totals(await interactions.activity(session, customer_id)),
            "last_interactions": [_shown(row, actor) for row in last],
        }
    )


@router.get("/interactions", dependencies=[needs("interactions:read")], responses=problems(CustomerNotFound))
async def timeline(
    customer_id: UUID, query: PageQuery, session: SessionDep, actor: ActorDep
) -> Page[InteractionView]:
    """What happened with the customer, newest first; what is personal among the properties is masked as everywhere."""
    await service.get(session, customer_id)
    rows = await interactions.timeline(
        session, customer_id, before=query.after(datetime, UUID), limit=query.limit + 1
    )
    return page(
        rows,
        query.limit,
        key=lambda row: (row.occurred_at, row.interaction_id),
        view=lambda row: _shown(row, actor),
    )


def _shown(row: Any, actor: Actor) -> InteractionView:
    view = InteractionView.model_validate(row)
    if not actor.may(PERSONAL):
        view.properties = mask_anything(view.properties)
    return view


def _totals(channels: Any) -> dict[str, Any]:
    return {
        "interactions": sum(row.interactions for row in channels),
        "payments": sum(row.payments for row in channels),
        "amount": str(sum((row.amount for row in channels), Decimal(0))),
        "complaints": sum(row.complaints for row in channels),
        "last_at": max((row.last_at for row in channels), default=None),
        "channels": channels,
    }
