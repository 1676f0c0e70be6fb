from careloop_common.jobs import Job
from careloop_common.messaging.subscription import Subscription, on_batch
from careloop_common.runtime import Runtime
from careloop_common.timers import in_batches
from careloop_common.worker import Worker
from careloop_contracts import CustomerErasedV1

from careloop_ticketing.attachments import handlers as attachments
from careloop_ticketing.bulk import handlers as bulk
from careloop_ticketing.customers.handlers import CUSTOMER_EVENTS
from careloop_ticketing.dispatch import handlers as dispatch
from careloop_ticketing.escalation import audit
from careloop_ticketing.escalation import service as escalation
from careloop_ticketing.history import handlers as history
from careloop_ticketing.mail import handlers as mail
from careloop_ticketing.medals import handlers as medals
from careloop_ticketing.notices import handlers as notices
from careloop_ticketing.privacy import handlers as privacy
from careloop_ticketing.recalculation import handlers as recalculation
from careloop_ticketing.satisfaction import service as satisfaction
from careloop_ticketing.settings import Settings
from careloop_ticketing.sla import handlers as sla
from careloop_ticketing.sla.service import TIMER as SLA_TIMER
from careloop_ticketing.tickets import handlers
from careloop_ticketing.tickets.service import FEEDBACK_TIMER
from careloop_ticketing.tmf621 import handlers as tmf621


def create_worker(runtime: Runtime[Settings]) -> Worker:
    return Worker(
        runtime,
        subscriptions=[
            Subscription(
                "customer",
                "customers",
                [
                    on_batch(CUSTOMER_EVENTS, handlers.on_customers),
                    on_batch((CustomerErasedV1,), privacy.erased),
                ],
            )
        ],
        timers={
            SLA_TIMER: in_batches(escalation.on_due),
            FEEDBACK_TIMER: in_batches(satisfaction.on_due),
        },
        jobs=[
            Job("link tickets to customers", 60, handlers.catch_up),
            Job("audit clocks", audit.EVERY_SECONDS, audit.audit),
            Job("watch over clocks", 15, audit.watch, exclusive=False),
            Job("renew calendars", 6 * 3600, sla.renew_calendars, background=True),
            Job("recalculate", 2, recalculation.work, background=True),
            Job("tell of recalculations", 15, recalculation.tell, exclusive=False),
            Job("work on bulk jobs", 1, bulk.work, exclusive=False, background=True),
            Job("tell of bulk jobs", 15, bulk.tell, exclusive=False),
            Job("forget items of bulk jobs", 3600, bulk.forget, exclusive=False, background=True),
            Job("watch over notices", 30, notices.watch, exclusive=False),
            Job("forget notices", 3600, notices.forget, exclusive=False, background=True),
            Job("give tickets", 0.5, dispatch.Dispatcher().turn, exclusive=False),
            Job("hand tickets over", 10, dispatch.hand_over, exclusive=False),
            Job("award medals", 600, medals.turn_of_month, background=True),
            Job("anchor histories", 3600, history.anchor, background=True),
            Job("sweep loose files", 300, attachments.sweep, exclusive=False, background=True),
            Job("forget ignored mail", 3600, mail.forget, exclusive=False, background=True),
            Job("write notifications", runtime.settings.hub_seconds, tmf621.write),
            Job("deliver notifications", runtime.settings.hub_seconds, tmf621.deliver),
            Job("tend notifications", 15, tmf621.tend, exclusive=False),
            Job("forget notifications", 600, tmf621.forget, background=True),
        ],
    )
