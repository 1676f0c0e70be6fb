"""What a customer has: subscriptions, devices."""

from uuid import UUID

from careloop_common.errors import VersionMismatch
from careloop_common.web import (
    ActorDep,
    CareRouter,
    IfMatch,
    NowDep,
    RuntimeDep,
    SessionDep,
    etag,
    needs,
    problems,
)
from fastapi import Response

from careloop_profile.customers import schemas, service
from careloop_profile.customers.api import WRITE
from careloop_profile.customers.errors import CustomerNotFound, DatesReversed, TooManyFacts
from careloop_profile.customers.views import CustomerView, view

router = CareRouter(prefix="/v1/customers/{customer_id}", tags=["customers"])
_PROBLEMS = problems(CustomerNotFound, VersionMismatch)


@router.put(
    "/subscriptions/{subscription_id}",
    dependencies=[needs(WRITE)],
    responses=problems(CustomerNotFound, VersionMismatch, DatesReversed, TooManyFacts),
)
async def keep_subscription(
    customer_id: UUID,
    subscription_id: UUID,
    body: schemas.SubscriptionFacts,
    expected: IfMatch,
    response: Response,
    session: SessionDep,
    now: NowDep,
    actor: ActorDep,
    runtime: RuntimeDep,
) -> CustomerView:
    customer = await service.keep_subscription(
        session, customer_id, body.held(subscription_id), expected_version=expected, now=now, actor=actor
    )
    etag(response, customer.version)
    return view(customer, runtime.vault, actor)


@router.put("/devices/{device_id}", dependencies=[needs(WRITE)], responses=_PROBLEMS)
async def keep_device(
    customer_id: UUID,
    device_id: UUID,
    body: schemas.DeviceFacts,
    expected: IfMatch,
    response: Response,
    session: SessionDep,
    now: NowDep,
    actor: ActorDep,
    runtime: RuntimeDep,
) -> CustomerView:
    customer = await service.keep_device(
        session,
        runtime.vault,
        customer_id,
        device_id,
        body.model_dump(),
        expected_version=expected,
        now=now,
        actor=actor,
    )
    etag(response, customer.version)
    return view(customer, runtime.vault, actor)
