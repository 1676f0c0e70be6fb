"""What is suppressed since somebody was erased: lifting it, and what was lifted."""

from datetime import datetime
from uuid import UUID

from careloop_common.pagination import Page, PageQuery, page
from careloop_common.web import ActorDep, CareRouter, NowDep, RuntimeDep, SessionDep, needs, problems

from careloop_profile.customers.api import SettingDep
from careloop_profile.identifiers.errors import IdentifierRefused
from careloop_profile.privacy import queries, service
from careloop_profile.privacy.api import AUDIT, ERASE
from careloop_profile.privacy.errors import SuppressionLifted, SuppressionNotFound
from careloop_profile.privacy.models import LiftRow
from careloop_profile.privacy.schemas import LiftSuppression, LiftView

router = CareRouter(prefix="/v1/suppression-lifts", tags=["privacy"])


@router.post(
    "",
    status_code=201,
    response_model=LiftView,
    dependencies=[needs(ERASE)],
    responses=problems(IdentifierRefused, SuppressionNotFound, SuppressionLifted),
)
async def lift(
    body: LiftSuppression,
    session: SessionDep,
    now: NowDep,
    actor: ActorDep,
    setting: SettingDep,
    runtime: RuntimeDep,
) -> LiftRow:
    """Take in again what comes about a phone number, e-mail address or identity number of somebody who was erased: because
    it has become somebody else's, say. Who was erased stays so."""
    return await service.lift(
        session, runtime.vault, body.called(), body.reason, setting=setting, now=now, actor=actor
    )


@router.get("", response_model=Page[LiftView], dependencies=[needs(AUDIT)])
async def list_lifts(query: PageQuery, session: SessionDep) -> Page[LiftRow]:
    """What was lifted, by whom and why, the newest first. Which identifier it was, nobody can read."""
    rows = await queries.lifts(session, before=query.after(datetime, UUID), limit=query.limit + 1)
    return page(rows, query.limit, key=lambda row: (row.lifted_at, row.id))
