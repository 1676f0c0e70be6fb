from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from careloop_common import ids, outbox, subject_keys
from careloop_common.tokens import Actor
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from careloop_ticketing.classification import service as classification
from careloop_ticketing.classification.policy import Verdict
from careloop_ticketing.customers import service as customers
from careloop_ticketing.customers.service import CustomerRow
from careloop_ticketing.sla import service as sla
from careloop_ticketing.sla.service import Moment, Watches
from careloop_ticketing.tickets import events, metrics, policy, queries
from careloop_ticketing.tickets.chain import START, Chain, Linked
from careloop_ticketing.tickets.models import NUMBERS, TicketRow
from careloop_ticketing.tickets.policy import Act
from careloop_ticketing.tickets.service.amending import known_as
from careloop_ticketing.tickets.service.case import Case
from careloop_ticketing.tickets.service.history import chain_of, link
from careloop_ticketing.tickets.service.reading import verdict_on
from careloop_ticketing.tickets.service.storing import store
from careloop_ticketing.vocabulary import Kind, Status

# The number, and what is active. Built once: putting a statement together costs more than running it.
_LOOK = select(NUMBERS.next_value(), sla.NEWEST.scalar_subquery(), classification.NEWEST.scalar_subquery())


@dataclass(frozen=True, slots=True)
class Intake:
    """What came in."""

    kind: Kind
    channel: str
    subject: str
    description: str
    source: str
    external_ref: str | None = None
    language: str | None = None
    customer_id: UUID | None = None
    customer_reference: tuple[str, str] | None = None
    acknowledge: bool = True
    """Whether a machine may tell the customer that it came in."""


@dataclass(frozen=True, slots=True)
class Opened:
    ticket: TicketRow
    watches: Watches
    is_new: bool


async def open_ticket(session: AsyncSession, intake: Intake, *, actor: Actor, now: datetime) -> Opened:
    """Take a ticket in, classified and on its clocks; the same reference of the same source opens it only once."""
    sequence, policy_version, rule_set = (await session.execute(_LOOK)).one()
    classifier = await classification.classifier(session, rule_set)
    customer = await customers.find(session, intake.customer_id, intake.customer_reference)
    if (
        customer is None
        and intake.customer_id
        and await subject_keys.destroyed(session, [intake.customer_id])
    ):
        intake = replace(intake, customer_id=None)  # Who was erased and asks again is somebody new.
    verdict = verdict_on(classifier, f"{intake.subject}\n{intake.description}", intake.kind, customer)
    number = policy.number_of(sequence, now)
    ticket = _draft(intake, customer, number, verdict=verdict, policy_version=policy_version, now=now)
    history = _history(ticket, verdict, chain_of(session), actor, now)
    if not await store(session, ticket, history, sequence, known_as=sorted(known_as(ticket, customer))):
        ticket = await queries.by_reference(session, ticket.source, str(ticket.external_ref))
        return Opened(ticket, await sla.of(session, ticket.id), is_new=False)
    case = Case(session, ticket, Watches(ticket.id), actor, now)
    await case.observe(Moment.OPENED, Moment.CLASSIFIED)
    outbox.add(session, events.opened(ticket, acknowledge=intake.acknowledge), now=now)
    outbox.add(session, events.classified(ticket, now), now=now)
    metrics.OPENED.labels(ticket.kind, ticket.tier).inc()
    await case.save()
    return Opened(ticket, case.watches, is_new=True)


def _draft(
    intake: Intake,
    customer: CustomerRow | None,
    number: str,
    *,
    verdict: Verdict,
    policy_version: int,
    now: datetime,
) -> TicketRow:
    source, external_id = intake.customer_reference or (None, None)
    return TicketRow(
        id=ids.new_id(),
        number=number,
        status=policy.after(Status.RECEIVED, Act.CLASSIFY),
        kind=intake.kind,
        channel=intake.channel,
        source=intake.source,
        external_ref=intake.external_ref,
        language=_language(intake, customer),
        subject=intake.subject,
        description=intake.description,
        customer_id=customer.id if customer else intake.customer_id,
        customer_source=source,
        customer_external_id=external_id,
        linked_at=now if customer else None,
        region=customer.region if customer else None,
        vip=customer.vip if customer else False,
        cause=verdict.cause,
        tier=verdict.tier,
        severity=verdict.severity,
        product=verdict.product,
        emotion=verdict.emotion,
        classified_by=verdict.by,
        rule_set=verdict.rule_set,
        rules=list(verdict.rules),
        level=verdict.tier.holder,
        policy_version=policy_version,
        opened_at=now,
        changed_at=now,
        # Said here, not by default: a default that is a call costs as much as writing the ticket (pydantic looks at what it takes).
        milestones=[],
        watchers=[],
        head=START,
    )


def _language(intake: Intake, customer: CustomerRow | None) -> str:
    known = intake.language or (customer and customer.language)
    return known or policy.language_of(intake.subject + intake.description)


def _history(ticket: TicketRow, verdict: Verdict, chain: Chain, actor: Actor, now: datetime) -> list[Linked]:
    opened = {
        "status": Status.RECEIVED,
        "kind": ticket.kind,
        "channel": ticket.channel,
        "policy_version": ticket.policy_version,
    }
    before = {"status": Status.RECEIVED}
    classified = {
        "status": ticket.status,
        **verdict.words,
        "rule_set": verdict.rule_set,
        "rules": verdict.rules,
        "because": verdict.because,
        "level": ticket.level,
    }
    return [
        link(ticket, "opened", chain=chain, actor=actor, now=now, before={}, after=opened),
        link(ticket, "classified", chain=chain, actor=actor, now=now, before=before, after=classified),
    ]
