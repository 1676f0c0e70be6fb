from careloop_common.errors import VersionMismatch
from careloop_common.web import (
    ActorDep,
    CareRouter,
    IfMatch,
    NowDep,
    SessionDep,
    etag,
    needs,
    problems,
)
from fastapi import Response

from careloop_campaign.contact import service
from careloop_campaign.contact.errors import TimezoneUnknown
from careloop_campaign.contact.schemas import ContactPolicyDocument, ContactPolicyView

router = CareRouter(prefix="/v1/contact-policy", tags=["contact policy"])


@router.get("", dependencies=[needs("messages:read")])
async def read_policy(session: SessionDep, response: Response) -> ContactPolicyView:
    """The contact policy in force."""
    view = await service.current(session)
    etag(response, view.version)
    return view


@router.put("", dependencies=[needs("policies:write")], responses=problems(VersionMismatch, TimezoneUnknown))
async def replace_policy(
    *,
    body: ContactPolicyDocument,
    session: SessionDep,
    now: NowDep,
    actor: ActorDep,
    expected: IfMatch,
    response: Response,
) -> ContactPolicyView:
    """Put a new version of the contact policy in force; send If-Match to be sure which one it replaces."""
    view = await service.replace(session, body, expected=expected, actor=actor, now=now)
    etag(response, view.version)
    return view
