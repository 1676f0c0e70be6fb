"""The loop that sends. What it does between two transactions is written down before, and what came of it after.

A process that dies at any point leaves rows behind that say how far it had come: planned and reserved ones are taken up
by the next sender, submitting ones become unknown when their lease is over.
"""

import asyncio
from collections.abc import Collection, Sequence

import structlog
from careloop_common import clock
from careloop_common.messaging import key_exchange
from careloop_common.runtime import Runtime
from sqlalchemy.exc import SQLAlchemyError

from careloop_campaign.delivery.transport import Answer, Lost, Transport
from careloop_campaign.messages import deciding, queries, settling
from careloop_campaign.messages.composing import Composer, Submission
from careloop_campaign.settings import Settings

log = structlog.get_logger()

SETTLE_SECONDS = 0.5
"""Longest that an answer waits for the rest of its batch before it is recorded."""
RECORD_PAUSES = (0.2, 1.0, 3.0, 10.0)


class Sender:
    """Sends what goes over one transport; every transport has a sender, so that a slow one holds no other up."""

    def __init__(
        self, runtime: Runtime[Settings], transport: Transport, *, channels: Collection[str], batch: int
    ) -> None:
        settings = runtime.settings
        self._runtime = runtime
        self._transport = transport
        self._channels = channels
        self._batch = batch
        self._drain_seconds = settings.drain_seconds
        self._composer = Composer(
            runtime.vault, public_url=settings.public_url, default_language=settings.default_language
        )

    async def run(self, _runtime: Runtime[Settings]) -> bool:
        """One turn: decide, submit, carry, record. True when there may be more to do."""
        database = self._runtime.database
        async with database.transaction() as session:
            await settling.expire_leases(session, now=clock.now(), limit=self._batch)
            decided = await deciding.reserve(session, now=clock.now(), limit=self._batch)
            wanted = await queries.wanting_keys(session, self._channels, self._batch)
        if wanted:
            await key_exchange.obtain(self._runtime, wanted)
        async with database.transaction() as session:
            submissions = await deciding.submit(
                session, self._composer, channels=self._channels, now=clock.now(), limit=self._batch
            )
        if submissions:
            await self._carry_to_the_end(submissions)
        elif not decided:
            await self._transport.close()
        return bool(decided or submissions)

    async def _carry_to_the_end(self, submissions: Sequence[Submission]) -> None:
        """A sender that is told to stop waits a moment for what it has already handed over."""
        carrying = asyncio.create_task(self._carry(submissions))
        try:
            await asyncio.shield(carrying)
        except asyncio.CancelledError:
            await asyncio.wait({carrying}, timeout=self._drain_seconds)
            if carrying.cancel():
                log.warning("messages.abandoned", messages=len(submissions))
            await asyncio.gather(carrying, return_exceptions=True)
            await self._transport.close()
            raise

    async def _carry(self, submissions: Sequence[Submission]) -> None:
        async with asyncio.TaskGroup() as group:
            waiting = {group.create_task(self._send(s)): s for s in submissions}
            pending = set(waiting)
            while pending:
                done, pending = await asyncio.wait(pending, timeout=SETTLE_SECONDS)
                await self._record([(waiting[task], task.result()) for task in done])

    async def _send(self, submission: Submission) -> Answer:
        try:
            return await self._transport.send(submission.envelope)
        except Exception:
            log.exception("message.transport_failed", message_id=submission.message_id)
            return Lost("transport_failed")

    async def _record(self, answers: Sequence[tuple[Submission, Answer]]) -> None:
        """An answer is worth more than one attempt to keep it: without it, the message would count as unknown."""
        if not answers:
            return
        for pause in RECORD_PAUSES:
            try:
                await self._settle(answers)
            except (OSError, SQLAlchemyError):
                log.warning("messages.record_retried", messages=len(answers))
                await asyncio.sleep(pause)
            else:
                return
        await self._settle(answers)

    async def _settle(self, answers: Sequence[tuple[Submission, Answer]]) -> None:
        async with self._runtime.database.transaction() as session:
            await settling.settle(session, answers, now=clock.now())
