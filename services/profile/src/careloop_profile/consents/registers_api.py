"""What holds for all customers: the texts that they read, and registers of numbers that are not to be called."""

from careloop_common.pagination import Page, PageQuery, page
from careloop_common.schemas import Version
from careloop_common.web import ActorDep, CareRouter, NowDep, RuntimeDep, SessionDep, needs, problems
from fastapi import Request, Response

from careloop_profile.consents import queries, schemas, service
from careloop_profile.consents.errors import ConsentNoticeNotFound, ListTooLarge
from careloop_profile.consents.service.registers import Outcome
from careloop_profile.customers.api import READ
from careloop_profile.customers.schemas import Code

notices = CareRouter(prefix="/v1/consent-notices", tags=["consents"])
router = CareRouter(prefix="/v1/do-not-disturb-registers", tags=["consents"])
WRITE = "consents:write"
MAX_FILE = 8 << 20
_FILE = {"requestBody": {"required": True, "content": {"text/csv": {"schema": {"type": "string"}}}}}


@notices.post("", status_code=201, dependencies=[needs(WRITE)])
async def publish_notice(
    body: schemas.NoticeBody, response: Response, session: SessionDep, now: NowDep, actor: ActorDep
) -> schemas.NoticeView:
    """Publish a new version of a text."""
    row = await service.publish_notice(
        session, body.name, purposes=body.purposes, texts=body.texts, now=now, actor=actor
    )
    response.headers["location"] = f"/v1/consent-notices/{row.name}/{row.version}"
    return schemas.NoticeView.model_validate(row)


@notices.get("", dependencies=[needs(READ)])
async def list_notices(query: PageQuery, session: SessionDep) -> Page[schemas.NoticeView]:
    """All versions of all texts, by name."""
    rows = await queries.page_of_notices(session, after=query.after(str, int), limit=query.limit + 1)
    return page(
        rows, query.limit, key=lambda row: (row.name, row.version), view=schemas.NoticeView.model_validate
    )


@notices.get("/{name}/{version}", dependencies=[needs(READ)], responses=problems(ConsentNoticeNotFound))
async def get_notice(name: Code, version: Version, session: SessionDep) -> schemas.NoticeView:
    return schemas.NoticeView.model_validate(await service.find_notice(session, name, version))


@router.get("", dependencies=[needs(READ)])
async def list_registers(session: SessionDep) -> list[schemas.RegisterView]:
    """The registers, and how many numbers are on each."""
    return [schemas.RegisterView.model_validate(one) for one in await service.registers(session)]


@router.post(
    "/{register}/numbers",
    dependencies=[needs(WRITE)],
    responses=problems(ListTooLarge),
    openapi_extra=_FILE,
)
async def list_numbers(
    register: Code, request: Request, session: SessionDep, now: NowDep, actor: ActorDep, runtime: RuntimeDep
) -> schemas.NumbersView:
    """Put the numbers of a file on a register: one a line, in the first column. The same file again changes nothing."""
    outcome = await service.list_numbers(
        session,
        runtime.vault,
        register,
        await _file(request),
        region=runtime.settings.phone_region,
        now=now,
        actor=actor,
    )
    return _view(register, outcome)


@router.post(
    "/{register}/removals",
    dependencies=[needs(WRITE)],
    responses=problems(ListTooLarge),
    openapi_extra=_FILE,
)
async def remove_numbers(
    register: Code, request: Request, session: SessionDep, now: NowDep, runtime: RuntimeDep
) -> schemas.NumbersView:
    """Take the numbers of a file off a register."""
    outcome = await service.remove_numbers(
        session,
        runtime.vault,
        register,
        await _file(request),
        region=runtime.settings.phone_region,
        now=now,
    )
    return _view(register, outcome)


async def _file(request: Request) -> bytes:
    data = await request.body()
    if len(data) > MAX_FILE:
        raise ListTooLarge(f"A list may have {MAX_FILE} bytes; send a larger one in parts.", limit=MAX_FILE)
    return data


def _view(register: str, outcome: Outcome) -> schemas.NumbersView:
    read = outcome.read
    return schemas.NumbersView(
        register_name=register,
        lines=read.lines,
        numbers=len(read.numbers),
        changed=outcome.changed,
        refused=read.refused,
        examples=[schemas.RefusedLine(line=line, reason=reason) for line, reason in read.examples],
    )
