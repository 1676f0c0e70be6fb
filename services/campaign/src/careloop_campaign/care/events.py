from datetime import datetime

from careloop_contracts import CareTaskCompletedV1, CareTaskOpenedV1, CareTaskOverdueV1

from careloop_campaign.care.models import CareTask


def opened(task: CareTask) -> CareTaskOpenedV1:
    return CareTaskOpenedV1(
        task_id=task.task_id,
        customer_id=task.customer_id,
        reason=task.reason,
        due_at=task.due_at,
        driver=task.driver,
        origin=task.origin.get("run_id"),
        opened_at=task.opened_at,
    )


def overdue(task: CareTask, now: datetime) -> CareTaskOverdueV1:
    return CareTaskOverdueV1(
        task_id=task.task_id, customer_id=task.customer_id, due_at=task.due_at, overdue_at=now
    )


def completed(task: CareTask, now: datetime) -> CareTaskCompletedV1:
    return CareTaskCompletedV1(
        task_id=task.task_id, customer_id=task.customer_id, outcome=task.outcome or "", completed_at=now
    )
