"""How and when a customer wants to be reached: do-not-disturb, quiet hours, language, accessibility."""

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

from careloop_profile.consents import schemas, service
from careloop_profile.consents.errors import BlockNotFound, EndsBeforeBeginning, TooManyBlocks
from careloop_profile.customers.api import WRITE
from careloop_profile.customers.errors import CustomerNotFound
from careloop_profile.customers.policy import Block
from careloop_profile.customers.views import CustomerView, view

router = CareRouter(prefix="/v1/customers/{customer_id}", tags=["consents"])


@router.post(
    "/do-not-disturb",
    status_code=201,
    dependencies=[needs(WRITE)],
    responses=problems(CustomerNotFound, VersionMismatch, EndsBeforeBeginning, TooManyBlocks),
)
async def add_block(
    customer_id: UUID,
    body: schemas.BlockBody,
    expected: IfMatch,
    response: Response,
    session: SessionDep,
    now: NowDep,
    actor: ActorDep,
) -> schemas.BlockView:
    """Leave the customer alone, as far as is said, until it ends by itself or is ended."""
    block = Block(body.reason, body.channel, body.hours.held() if body.hours else None, body.until)
    customer = await service.block(
        session, customer_id, block, expected_version=expected, now=now, actor=actor
    )
    etag(response, customer.version)
    return schemas.BlockView.model_validate([one for one in customer.blocks if one.block_id][-1])


@router.delete(
    "/do-not-disturb/{block_id}",
    status_code=204,
    dependencies=[needs(WRITE)],
    responses=problems(CustomerNotFound, VersionMismatch, BlockNotFound),
)
async def end_block(
    customer_id: UUID,
    block_id: UUID,
    expected: IfMatch,
    session: SessionDep,
    now: NowDep,
    actor: ActorDep,
) -> None:
    """The customer may be reached again, as far as this one forbade it."""
    await service.end(session, customer_id, block_id, expected_version=expected, now=now, actor=actor)


@router.put(
    "/preferences", dependencies=[needs(WRITE)], responses=problems(CustomerNotFound, VersionMismatch)
)
async def put_preferences(
    customer_id: UUID,
    body: schemas.WishesBody,
    expected: IfMatch,
    response: Response,
    session: SessionDep,
    now: NowDep,
    actor: ActorDep,
    runtime: RuntimeDep,
) -> CustomerView:
    """Quiet hours, language and accessibility, in the place of what was wished before."""
    wishes = service.Wishes(
        quiet_hours=tuple(dict.fromkeys(span.held() for span in body.quiet_hours)),
        language=body.language,
        accessibility=tuple(dict.fromkeys(body.accessibility)),
    )
    customer = await service.wish(
        session, customer_id, wishes, expected_version=expected, now=now, actor=actor
    )
    etag(response, customer.version)
    return view(customer, runtime.vault, actor)
