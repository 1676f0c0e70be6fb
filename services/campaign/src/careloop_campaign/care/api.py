from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Annotated
from uuid import UUID

from careloop_common.errors import InvalidCursor
from careloop_common.pagination import Page, PageQuery, page
from careloop_common.runtime import Runtime
from careloop_common.web import ActorDep, CareRouter, NowDep, RuntimeDep, SessionDep, needs, problems
from fastapi import Depends, Query

from careloop_campaign.care import queries, service
from careloop_campaign.care.errors import CareTaskAlreadyCompleted, CareTaskNotFound
from careloop_campaign.care.models import CareTask
from careloop_campaign.care.policy import State
from careloop_campaign.care.schemas import AssignCareTask, CareTaskView, CompleteCareTask, Name
from careloop_campaign.settings import Settings

router = CareRouter(prefix="/v1/care-tasks", tags=["care tasks"])


@dataclass
class CareTaskFilters:
    state: State | None = None
    customer_id: UUID | None = None
    queue: Annotated[Name | None, Query()] = None
    assignee: Annotated[Name | None, Query()] = None


@router.get("", dependencies=[needs("care:read")], responses=problems(InvalidCursor))
async def list_care_tasks(
    *,
    filters: Annotated[CareTaskFilters, Depends()],
    overdue: bool | None = None,
    query: PageQuery,
    session: SessionDep,
    runtime: RuntimeDep,
) -> Page[CareTaskView]:
    """Care tasks, newest first."""
    rows = await queries.newest(
        session,
        asdict(filters),
        overdue=overdue,
        before=query.after(datetime, UUID),
        limit=query.limit + 1,
    )
    return page(
        rows,
        query.limit,
        key=lambda task: (task.opened_at, task.task_id),
        view=lambda task: _view(task, runtime),
    )


@router.get("/{task_id}", dependencies=[needs("care:read")], responses=problems(CareTaskNotFound))
async def read_care_task(task_id: UUID, session: SessionDep, runtime: RuntimeDep) -> CareTaskView:
    """One care task."""
    return _view(await queries.get(session, task_id), runtime)


@router.post(
    "/{task_id}/assign",
    dependencies=[needs("care:write")],
    responses=problems(CareTaskNotFound, CareTaskAlreadyCompleted),
)
async def assign_care_task(
    task_id: UUID, body: AssignCareTask, session: SessionDep, runtime: RuntimeDep
) -> CareTaskView:
    """Give the task to somebody."""
    return _view(await service.assign(session, task_id, body.assignee), runtime)


@router.post(
    "/{task_id}/complete",
    dependencies=[needs("care:write")],
    responses=problems(CareTaskNotFound, CareTaskAlreadyCompleted),
)
async def complete_care_task(
    *,
    task_id: UUID,
    body: CompleteCareTask,
    session: SessionDep,
    actor: ActorDep,
    now: NowDep,
    runtime: RuntimeDep,
) -> CareTaskView:
    """End the task with what came of it; its callback clock stops."""
    task = await service.complete(
        session,
        task_id,
        outcome=body.outcome,
        notes=body.notes,
        vault=runtime.vault,
        actor=actor,
        now=now,
    )
    return _view(task, runtime)


def _view(task: CareTask, runtime: Runtime[Settings]) -> CareTaskView:
    notes = runtime.vault.open(task.customer_id, service.NOTES, task.notes) if task.notes else None
    return CareTaskView.model_validate({**task.model_dump(), "notes": notes})
