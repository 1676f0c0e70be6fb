from careloop_common.jobs import Job
from careloop_common.messaging.subscription import Subscription, on_batch
from careloop_common.runtime import Runtime
from careloop_common.worker import Worker
from careloop_contracts import CustomerErasedV1

from careloop_scoring.customers.handlers import HANDLERS
from careloop_scoring.privacy import handlers as privacy
from careloop_scoring.runs import execution, schedule
from careloop_scoring.settings import Settings

CUSTOMERS = Subscription(
    "customer", "scoring-customers", [*HANDLERS, on_batch((CustomerErasedV1,), privacy.erased)]
)


def create_worker(runtime: Runtime[Settings]) -> Worker:
    nightly = schedule.from_settings(runtime.settings)
    return Worker(
        runtime,
        subscriptions=[CUSTOMERS],
        timers={schedule.KIND: schedule.on_due(nightly)},
        jobs=[Job("scoring runs", 0.5, execution.work), schedule.keeping(nightly)],
    )
