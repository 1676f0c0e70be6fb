"""What the customer says in between."""

from datetime import datetime

from careloop_common import outbox

from careloop_ticketing.classification import service as classification
from careloop_ticketing.customers import service as customers
from careloop_ticketing.notices.service import Reason
from careloop_ticketing.sla.policy import watch
from careloop_ticketing.sla.policy.clock import Because
from careloop_ticketing.sla.service import Moment
from careloop_ticketing.tickets import events, policy
from careloop_ticketing.tickets.courtesy import is_courtesy
from careloop_ticketing.tickets.policy import Act, ReopenReason
from careloop_ticketing.tickets.service import telling
from careloop_ticketing.tickets.service.case import Case
from careloop_ticketing.tickets.service.closing import reopen
from careloop_ticketing.tickets.service.history import record, write_note
from careloop_ticketing.tickets.service.merging import refuse_merged
from careloop_ticketing.tickets.service.reading import verdict_on
from careloop_ticketing.tickets.service.waiting import due_times
from careloop_ticketing.vocabulary import PauseReason, Status


async def hear(case: Case, *, text: str, received_at: datetime | None) -> None:
    """The customer wrote. What waited for them runs on from that moment, however late it was entered.

    The message can show more emotion than whatever came before, never less. While they are asked how it went, it says
    that it did not: the ticket is open again. Unless it says nothing but thanks. Or they had written before it was resolved:
    then nobody knows whether that was answered by the way, and somebody has to look.
    """
    await refuse_merged(case.session, case.ticket)
    before = {"status": case.ticket.status}
    case.ticket.status = policy.after(case.ticket.status, Act.HEAR)
    at = policy.heard_at(received_at, opened_at=case.ticket.opened_at, now=case.now)
    overlooked = case.ticket.resolved_at is not None and at < case.ticket.resolved_at
    thanked = case.ticket.status is Status.FEEDBACK and is_courtesy(text)
    awaited = PauseReason.WAITING_FOR_CUSTOMER
    resumed = watch.resume(case.watches, because=Because(case.actor.id), now=at, reason=awaited)
    if case.ticket.status is Status.WAITING and not watch.waits(case.watches):
        case.ticket.status = policy.after(case.ticket.status, Act.RESUME)
        event = events.resumed(case.ticket, because="customer_wrote", by=case.actor.id, now=case.now)
        outbox.add(case.session, event, now=case.now)
    if overlooked:
        case.ticket.overlooked_at = at
    elif not thanked:
        await case.observe(Moment.CUSTOMER_WROTE, at=at)
    written = await write_note(case, "customer", text)
    said = {"status": case.ticket.status, "received_at": at.isoformat(), **due_times(resumed), **written}
    flagged = {"overlooked": True} if overlooked else {"courtesy": True} if thanked else {}
    record(case, "customer_wrote", before=before, after={**said, **flagged})
    await _feel(case, text)
    if case.ticket.status is Status.FEEDBACK and not overlooked and not thanked:
        await reopen(case, reason=ReopenReason.CUSTOMER_WROTE)
    else:
        await telling.tell(case, Reason.CUSTOMER_WROTE)
    await case.save()


async def _feel(case: Case, text: str) -> None:
    ticket, now = case.ticket, case.now
    customer = await customers.find(case.session, ticket.customer_id, None)
    heard = verdict_on(await classification.classifier(case.session), text, ticket.kind, customer)
    if heard.emotion.rank <= ticket.emotion.rank:
        return
    before = {"emotion": ticket.emotion}
    ticket.emotion = heard.emotion
    moved_from, moved_to = await case.follow()
    said = {"emotion": ticket.emotion, "rule_set": heard.rule_set, "rules": heard.because.get("emotion", ())}
    record(case, "emotion_rose", before=before | moved_from, after=said | moved_to)
    outbox.add(case.session, events.classified(ticket, now, by=heard.by), now=now)
