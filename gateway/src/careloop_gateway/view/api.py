from typing import Annotated
from uuid import UUID

from careloop_common.web import ActorDep, CareRouter, needs, problems
from fastapi import Depends, Request

from careloop_gateway.front import Front
from careloop_gateway.settings import Settings
from careloop_gateway.view import composing
from careloop_gateway.view.errors import CustomerUnknownEverywhere
from careloop_gateway.view.schemas import CustomerView

router = CareRouter(prefix="/v1/customers", tags=["customers"])


async def _front(request: Request) -> Front:
    front: Front = request.app.state.front
    return front


@router.get(
    "/{customer_id}/view",
    dependencies=[needs("customers:read")],
    responses=problems(CustomerUnknownEverywhere),
)
async def view(
    customer_id: UUID, request: Request, actor: ActorDep, front: Annotated[Front, Depends(_front)]
) -> CustomerView:
    """The customer as all services know him. A part that cannot be had is marked; the others are there all the same."""
    settings: Settings = request.app.state.runtime.settings
    asking = composing.Asking(
        actor,
        request.headers["authorization"],
        request.headers.get("x-request-id", "").encode(),
        min(settings.view_seconds, float(request.headers.get("x-request-timeout", settings.view_seconds))),
    )
    parts = await composing.parts(front.pool.upstreams, customer_id, asking)
    if parts["profile"].status == "not_found":
        raise CustomerUnknownEverywhere
    complete = not any(part.status == "missing" for part in parts.values())
    return CustomerView(customer_id=customer_id, complete=complete, **parts)
