from careloop_common.jobs import Job
from careloop_common.messaging.subscription import Subscription, on, on_batch
from careloop_common.runtime import Runtime
from careloop_common.timers import in_batches
from careloop_common.worker import Worker
from careloop_contracts import (
    CustomerErasedV1,
    CustomerRegisteredV1,
    CustomerUpdatedV1,
    ScoreWarningRaisedV1,
    TicketArchivedV1,
    TicketOpenedV1,
    TicketReopenedV1,
    TicketResolvedV1,
    TicketSatisfactionRequestedV1,
)

from careloop_campaign.audience import handlers as audience
from careloop_campaign.care import handlers as care
from careloop_campaign.care.service import CLOCK, callback_due
from careloop_campaign.delivery.transports import carriers
from careloop_campaign.messages.sender import Sender
from careloop_campaign.messages.service import RECHECK, recheck
from careloop_campaign.notices import handlers as notices
from careloop_campaign.privacy import handlers as privacy
from careloop_campaign.settings import Settings

CUSTOMERS = Subscription(
    "customer",
    "customers",
    [
        on_batch((CustomerRegisteredV1, CustomerUpdatedV1), audience.changed),
        on_batch((CustomerErasedV1,), privacy.erased),
    ],
)
WARNINGS = Subscription("score", "warnings", [on_batch((ScoreWarningRaisedV1,), care.warned)])
TICKETS = Subscription(
    "ticket",
    "tickets",
    [
        on(TicketOpenedV1, notices.opened),
        on(TicketResolvedV1, notices.resolved),
        on(TicketReopenedV1, notices.reopened),
        on(TicketArchivedV1, notices.archived),
        on(TicketSatisfactionRequestedV1, notices.satisfaction_requested),
    ],
)


def create_worker(runtime: Runtime[Settings]) -> Worker:
    return Worker(
        runtime,
        subscriptions=[CUSTOMERS, WARNINGS, TICKETS],
        timers={CLOCK: callback_due, RECHECK: in_batches(recheck)},
        jobs=[
            Job(
                f"send {carrier.name}",
                runtime.settings.send_seconds,
                Sender(runtime, carrier.transport, channels=carrier.channels, batch=carrier.batch).run,
                exclusive=False,
            )
            for carrier in carriers(runtime.settings)
        ],
    )
