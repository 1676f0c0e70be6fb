from datetime import date, datetime

from careloop_common.schemas import View
from careloop_common.web import CareRouter, SessionDep, needs

from careloop_profile.interactions import queries

router = CareRouter(prefix="/v1/interaction-archives", tags=["interactions"])


class ArchiveView(View):
    """Days of interactions that have become a file `<name>.parquet`, or one of several; `last` is the first day that is not in
    it."""

    name: str
    first: date
    last: date
    rows: int
    size: int
    sha256: str
    archived_at: datetime
    restored_at: datetime | None


class ArchiveList(View):
    items: list[ArchiveView]


@router.get("", dependencies=[needs("interactions:read")])
async def list_archives(session: SessionDep) -> ArchiveList:
    """The days that have left the database, the latest first."""
    return ArchiveList.model_validate({"items": await queries.archives(session)})
