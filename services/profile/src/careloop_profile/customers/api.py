from datetime import datetime
from typing import Annotated
from uuid import UUID

from careloop_common.errors import VersionMismatch
from careloop_common.pagination import Page, PageQuery, page
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
from fastapi import Depends, Query, Response

from careloop_profile.cleansing.policy import Setting
from careloop_profile.customers import schemas, service
from careloop_profile.customers.errors import (
    CustomerErased,
    CustomerExists,
    CustomerNotFound,
    DatesReversed,
    TooManyFacts,
)
from careloop_profile.customers.policy.state import CustomerKind, CustomerStatus
from careloop_profile.customers.schemas import Code, Line
from careloop_profile.customers.views import CustomerView, view
from careloop_profile.days import Today
from careloop_profile.identifiers.errors import IdentifierRefused

router = CareRouter(prefix="/v1/customers", tags=["customers"])
READ, WRITE = "customers:read", "customers:write"


def _setting(today: Today, runtime: RuntimeDep) -> Setting:
    return Setting(today, runtime.settings.phone_region)


SettingDep = Annotated[Setting, Depends(_setting)]


@router.post(
    "",
    status_code=201,
    dependencies=[needs(WRITE)],
    responses=problems(CustomerErased, CustomerExists, DatesReversed, IdentifierRefused, TooManyFacts),
)
async def register(
    body: schemas.RegisterCustomer,
    response: Response,
    session: SessionDep,
    now: NowDep,
    setting: SettingDep,
    actor: ActorDep,
    runtime: RuntimeDep,
) -> CustomerView:
    customer = await service.register(
        session,
        runtime.vault,
        body.facts(),
        key=(body.source, body.external_id),
        subscriptions=body.held(),
        consents=tuple(item.word(now) for item in body.consents),
        setting=setting,
        now=now,
        actor=actor,
    )
    etag(response, customer.version)
    response.headers["location"] = f"/v1/customers/{customer.customer_id}"
    return view(customer, runtime.vault, actor)


class Filters:
    def __init__(
        self,
        phone: Annotated[Line | None, Query(description="In any spelling.")] = None,
        email: Line | None = None,
        identity_number: Line | None = None,
        source: Code | None = None,
        external_id: Line | None = None,
        kind: CustomerKind | None = None,
        status: CustomerStatus | None = None,
        region: Line | None = None,
    ) -> None:
        self.wanted = service.Search(phone, email, identity_number, source, external_id, kind, status, region)


@router.get("", dependencies=[needs(READ)], responses=problems(IdentifierRefused))
async def find(
    filters: Annotated[Filters, Depends()],
    query: PageQuery,
    session: SessionDep,
    setting: SettingDep,
    actor: ActorDep,
    runtime: RuntimeDep,
) -> Page[CustomerView]:
    rows = await service.search(
        session,
        runtime.vault,
        filters.wanted,
        setting=setting,
        after=query.after(datetime, UUID),
        limit=query.limit + 1,
    )
    return page(
        rows,
        query.limit,
        key=lambda customer: (customer.created_at, customer.customer_id),
        view=lambda customer: view(customer, runtime.vault, actor),
    )


@router.get("/{customer_id}", dependencies=[needs(READ)], responses=problems(CustomerNotFound))
async def get(
    customer_id: UUID, response: Response, session: SessionDep, actor: ActorDep, runtime: RuntimeDep
) -> CustomerView:
    customer = await service.get(session, customer_id)
    etag(response, customer.version)
    return view(customer, runtime.vault, actor)


@router.patch(
    "/{customer_id}",
    dependencies=[needs(WRITE)],
    responses=problems(CustomerNotFound, VersionMismatch, DatesReversed, IdentifierRefused, TooManyFacts),
)
async def revise(
    customer_id: UUID,
    body: schemas.ReviseCustomer,
    expected: IfMatch,
    response: Response,
    session: SessionDep,
    now: NowDep,
    setting: SettingDep,
    actor: ActorDep,
    runtime: RuntimeDep,
) -> CustomerView:
    customer = await service.revise(
        session,
        runtime.vault,
        customer_id,
        body.facts(),
        expected_version=expected,
        setting=setting,
        now=now,
        actor=actor,
    )
    etag(response, customer.version)
    return view(customer, runtime.vault, actor)
