from datetime import datetime, timedelta
from typing import Annotated

from careloop_common.errors import SecretShownOnce
from careloop_common.pagination import Page, PageQuery, page
from careloop_common.web import ActorDep, CareRouter, NowDep, SessionDep, needs, problems, with_secret
from fastapi import Path, Response

from careloop_gateway.keys import queries, service
from careloop_gateway.keys.errors import ApiKeyNotFound, ApiKeyRevoked, ExpiryPassed, GrantExceedsOwn
from careloop_gateway.keys.models import ApiKeyRow
from careloop_gateway.keys.schemas import ApiKeyView, IssueApiKey, IssuedApiKey, RotateApiKey

router = CareRouter(prefix="/v1/api-keys", tags=["api keys"])
ADMIN = needs("api-keys:admin")
KeyId = Annotated[str, Path(max_length=64, pattern="^[0-9a-z]+$")]


@router.post(
    "",
    status_code=201,
    dependencies=[ADMIN],
    responses=problems(ExpiryPassed, GrantExceedsOwn, SecretShownOnce),
    openapi_extra=with_secret(),
)
async def issue_key(
    body: IssueApiKey, session: SessionDep, now: NowDep, actor: ActorDep, response: Response
) -> IssuedApiKey:
    """Make a key. The answer is the only place where its secret is ever seen."""
    row, key = await service.issue(
        session,
        name=body.name,
        roles=[role.value for role in body.roles],
        scopes=list(body.scopes),
        expires_at=body.expires_at,
        actor=actor,
        now=now,
    )
    response.headers["location"] = f"/v1/api-keys/{row.id}"
    return IssuedApiKey.of(row, key)


@router.get("", response_model=Page[ApiKeyView], dependencies=[ADMIN])
async def list_keys(session: SessionDep, query: PageQuery) -> Page[ApiKeyRow]:
    """Keys, the newest first, the revoked ones included."""
    rows = await queries.newest(session, before=query.after(datetime, str), limit=query.limit + 1)
    return page(rows, query.limit, key=lambda row: (row.created_at, row.id))


@router.get("/{key_id}", response_model=ApiKeyView, dependencies=[ADMIN], responses=problems(ApiKeyNotFound))
async def get_key(key_id: KeyId, session: SessionDep) -> ApiKeyRow:
    return await service.get(session, key_id)


@router.delete(
    "/{key_id}", status_code=204, dependencies=[ADMIN], responses=problems(ApiKeyNotFound, GrantExceedsOwn)
)
async def revoke_key(key_id: KeyId, session: SessionDep, now: NowDep, actor: ActorDep) -> None:
    """Revoke a key: every gateway refuses it within five seconds."""
    await service.revoke(session, key_id, actor=actor, now=now)


@router.post(
    "/{key_id}/rotate",
    dependencies=[ADMIN],
    responses=problems(ApiKeyNotFound, ApiKeyRevoked, GrantExceedsOwn, SecretShownOnce),
    openapi_extra=with_secret(),
)
async def rotate_key(
    key_id: KeyId, body: RotateApiKey, session: SessionDep, now: NowDep, actor: ActorDep
) -> IssuedApiKey:
    """Give a key a new secret; the old one stays good for a while, so that its users can change over."""
    grace = timedelta(seconds=body.grace_seconds)
    row, key = await service.rotate(session, key_id, grace=grace, actor=actor, now=now)
    return IssuedApiKey.of(row, key)
