"""A message is taken in: once, however often it is delivered."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from careloop_common import ids
from careloop_common.database import vault
from careloop_common.tokens import Actor
from sqlalchemy.ext.asyncio import AsyncSession

from careloop_ticketing.mail import metrics, queries
from careloop_ticketing.mail.models import InboundMailRow
from careloop_ticketing.mail.policy import reading
from careloop_ticketing.mail.policy.automatic import Ignored
from careloop_ticketing.mail.policy.outcomes import Apart, Outcome
from careloop_ticketing.mail.policy.reading import Mail
from careloop_ticketing.mail.service import answering, sealing
from careloop_ticketing.mail.service.files import Files, keep
from careloop_ticketing.mail.service.finding import bounced_from, place_of
from careloop_ticketing.sla import service as sla
from careloop_ticketing.tickets import service as tickets
from careloop_ticketing.tickets.courtesy import is_courtesy
from careloop_ticketing.tickets.policy import TRANSITIONS, Act, LinkType
from careloop_ticketing.tickets.schemas import visible
from careloop_ticketing.tickets.service import Case, Intake, Ticket
from careloop_ticketing.tickets.service.opening import Opened
from careloop_ticketing.vocabulary import Kind, Status

CHANNEL: Final = "email"
_LONGEST_SUBJECT: Final = 300
_LONGEST_DESCRIPTION: Final = 20_000
_LONGEST_MESSAGE: Final = 10_000
_HOUR: Final = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Named:
    """What whoever hands a message over knows of it."""

    kind: Kind = Kind.COMPLAINT
    language: str | None = None
    customer_id: UUID | None = None
    customer_reference: tuple[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of a message."""

    row: InboundMailRow
    ticket: Ticket | None
    is_new: bool = True
    opened: Opened | None = None


async def take(
    session: AsyncSession, mail: Mail, files: Files, *, named: Named, hourly: int, actor: Actor, now: datetime
) -> Taken:
    """Make a ticket of the message, or what the customer said on one, or nothing."""
    own = vault(session)
    key = sealing.key_of(own, mail.key)
    if known := await queries.lock(session, key):
        ticket = await tickets.get(session, known.ticket_id) if known.ticket_id else None
        metrics.TAKEN.labels(Outcome.KNOWN, "").inc()
        return Taken(known, ticket, is_new=False)
    row = await _row(session, mail, key, hourly=hourly, now=now)
    if mail.ignored is not None:
        taken = Taken(row, await _note_bounce(session, mail, actor, now))
    else:
        taken = await _heard(session, mail, files, row, named=named, actor=actor, now=now)
    row.ticket_id = taken.ticket.id if taken.ticket else None
    row.refused = files.refused
    session.add(row)
    await session.flush()
    metrics.TAKEN.labels(row.outcome, row.reason or "").inc()
    return taken


async def _row(session: AsyncSession, mail: Mail, key: str, *, hourly: int, now: datetime) -> InboundMailRow:
    """The message as it is kept, and whether it may be answered: it may not where answers seem to bring more of them."""
    own, mail_id = vault(session), ids.new_id()
    sender_index = sealing.sender_index(own, mail.sender) if mail.sender else None
    silent = mail.silent or mail.ignored is not None or sender_index is None
    if not silent:
        silent = await queries.count_from(session, str(sender_index), since=now - _HOUR) >= hourly
    return InboundMailRow(
        id=mail_id,
        key=key,
        message_index=sealing.message_index(own, mail.message_id) if mail.message_id else None,
        outcome=Outcome.IGNORED,
        reason=mail.ignored,
        acknowledge=not silent,
        sender_index=sender_index,
        sender=sealing.sealed(own, mail_id, mail.sender) if mail.sender else None,
        refused=[],
        received_at=reading.written_at(mail, now=now),
        taken_at=now,
    )


async def _heard(
    session: AsyncSession,
    mail: Mail,
    files: Files,
    row: InboundMailRow,
    *,
    named: Named,
    actor: Actor,
    now: datetime,
) -> Taken:
    place = await place_of(session, mail, row.sender_index)
    if place.ticket and place.reason is not Apart.SENDER_UNKNOWN:
        case = Case(session, place.ticket, await sla.of(session, place.ticket.id), actor, now)
        if said := await answering.said(case, mail, row.received_at):
            row.outcome = Outcome.ANSWERED
            await answering.answer(case, said, files)
            return Taken(row, case.ticket)
        if place.reason is Apart.TICKET_CLOSED and not mail.files and is_courtesy(mail.own):
            row.reason, row.acknowledge = Ignored.COURTESY, False
            return Taken(row, None)
        if place.reason is None:
            row.outcome = await _add(case, mail, row.received_at)
            await keep(case, files)
            return Taken(row, case.ticket)
    intake = _intake(mail, named, acknowledge=row.acknowledge)
    opened = await tickets.open_ticket(session, intake, actor=actor, now=now)
    await session.flush()
    case = Case(session, opened.ticket, opened.watches, actor, now)
    row.outcome, row.reason = Outcome.OPENED, place.reason
    if place.ticket:
        await tickets.link(case, place.ticket.id, LinkType.RELATED)
    await keep(case, files)
    return Taken(row, opened.ticket, opened=opened)


async def _add(case: Case, mail: Mail, received_at: datetime) -> Outcome:
    """The customer said it when the message came in, or at the beginning of the ticket, if that was later."""
    before = case.ticket.status
    text = reading.cut(mail.own or mail.subject or reading.MARK.strip(), _LONGEST_MESSAGE)
    await tickets.hear(case, text=text, received_at=max(received_at, case.ticket.opened_at))
    reopened = before is Status.FEEDBACK and case.ticket.status is not Status.FEEDBACK
    return Outcome.REOPENED if reopened else Outcome.ADDED


def _intake(mail: Mail, named: Named, *, acknowledge: bool) -> Intake:
    return Intake(
        kind=named.kind,
        channel=CHANNEL,
        subject=_subject(mail),
        description=reading.cut(mail.text, _LONGEST_DESCRIPTION),
        source=CHANNEL,
        language=named.language,
        customer_id=named.customer_id,
        customer_reference=named.customer_reference,
        acknowledge=acknowledge,
    )


def _subject(mail: Mail) -> str:
    """The subject; the first line of the text, where nobody sees anything of the subject."""
    for text in (mail.subject, *mail.text.split("\n", 50)):
        try:
            return visible(reading.cut(" ".join(text.split()), _LONGEST_SUBJECT).replace("\n", " "))
        except ValueError:
            continue
    return "E-mail"


async def _note_bounce(session: AsyncSession, mail: Mail, actor: Actor, now: datetime) -> Ticket | None:
    """Note on the ticket that what was written to its customer did not arrive, unless it takes no notes any more."""
    ticket = await bounced_from(session, mail.bounced)
    if ticket is not None and Act.NOTE in TRANSITIONS[ticket.status]:
        case = Case(session, ticket, await sla.of(session, ticket.id), actor, now)
        zh = ticket.language.startswith("zh")
        await tickets.add_note(
            case, text="发给客户的邮件被退回。" if zh else "An e-mail to the customer did not arrive."
        )
    return ticket
