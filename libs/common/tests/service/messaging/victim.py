"""A worker process to be killed: relays, consumes and fires timers, and writes one row for each effect."""

import asyncio
import sys

from careloop_common.messaging.consumer import Consumer
from careloop_common.messaging.relay import Relay
from careloop_common.messaging.subscription import Subscription, on
from careloop_common.runtime import Runtime
from careloop_common.settings import ServiceSettings
from careloop_common.timers import TimerWorker
from careloop_contracts import TicketReopenedV1
from sqlalchemy import text

EFFECT = text("insert into effect (aggregate, number) values (:aggregate, :number)")


async def handle(session, event, meta):
    await session.execute(EFFECT, {"aggregate": event.ticket_id, "number": int(event.reason)})


async def ring(session, timer, now):
    await session.execute(EFFECT, {"aggregate": timer.owner_id, "number": int(timer.step)})


async def main(settings):
    async with Runtime.open("plumbing", settings) as runtime, asyncio.TaskGroup() as tasks:
        subscription = Subscription("ticket", "effects", [on(TicketReopenedV1, handle)])
        tasks.create_task(Relay(runtime).run())
        tasks.create_task(Consumer(runtime, subscription).run())
        tasks.create_task(TimerWorker(runtime, {"bell": ring}).run())


if __name__ == "__main__":
    database_url, nats_url, public_key, data_keys = sys.argv[1:]
    asyncio.run(
        main(
            ServiceSettings(
                database_url=database_url,
                nats_url=nats_url,
                internal_public_key=public_key,
                data_keys=data_keys,
            )
        )
    )
