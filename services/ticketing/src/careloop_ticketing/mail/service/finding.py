"""To which ticket a message belongs. What it answers proves that; a number that it names has to be borne out by who wrote."""

from dataclasses import dataclass
from uuid import UUID

from careloop_common import subject_keys
from careloop_common.database import vault
from sqlalchemy.ext.asyncio import AsyncSession

from careloop_ticketing.mail import queries
from careloop_ticketing.mail.policy import threads
from careloop_ticketing.mail.policy.outcomes import Apart
from careloop_ticketing.mail.policy.reading import Mail
from careloop_ticketing.mail.service import sealing
from careloop_ticketing.tickets import kin
from careloop_ticketing.tickets import queries as ticket_queries
from careloop_ticketing.tickets import service as tickets
from careloop_ticketing.vocabulary import CLOSED


@dataclass(frozen=True, slots=True)
class Place:
    """Where a message belongs: on the ticket, which is locked, or, for some reason, on one of its own that is related to it."""

    ticket: tickets.Ticket | None = None
    reason: Apart | None = None


async def place_of(session: AsyncSession, mail: Mail, sender_index: str | None) -> Place:
    named, proved = await _answered(session, mail), True
    if named is None:
        named, proved = await _named(session, mail), False
    if named is None:
        return Place()
    ticket = await _locked(session, named)
    if ticket.customer_id and await subject_keys.destroyed(session, [ticket.customer_id]):
        return Place()  # Of who was erased there is nothing to add to.
    if not proved and not await _known(session, mail, sender_index, ticket.id):
        return Place(ticket, Apart.SENDER_UNKNOWN)
    return Place(ticket, Apart.TICKET_CLOSED if ticket.status in CLOSED else None)


async def _known(session: AsyncSession, mail: Mail, sender_index: str | None, ticket_id: UUID) -> bool:
    if sender_index is None or mail.doubtful:
        return False
    return await queries.wrote_on(session, sender_index, ticket_id)


async def bounced_from(session: AsyncSession, message_id: str | None) -> tickets.Ticket | None:
    """The ticket, locked, of which a message of ours did not arrive."""
    keys = vault(session).keys_for(threads.PURPOSE)
    number = threads.of_message_id(message_id, keys) if message_id else None
    ticket_id = await ticket_queries.by_number(session, number) if number else None
    return await _locked(session, ticket_id) if ticket_id else None


async def _answered(session: AsyncSession, mail: Mail) -> UUID | None:
    """The ticket of a message that this one answers: one of ours, or one that came in."""
    own = vault(session)
    keys = own.keys_for(threads.PURPOSE)
    for reference in mail.references:
        number = threads.of_message_id(reference, keys)
        if number and (found := await ticket_queries.by_number(session, number)):
            return found
    if not mail.references:
        return None
    return await queries.ticket_of(session, [sealing.message_index(own, one) for one in mail.references])


async def _named(session: AsyncSession, mail: Mail) -> UUID | None:
    """The ticket of an address of ours to which it was sent, or of the number in the subject."""
    keys = vault(session).keys_for(threads.PURPOSE)
    number = threads.of_addresses(mail.recipients, keys) or threads.of_subject(mail.subject)
    return await ticket_queries.by_number(session, number) if number else None


async def _locked(session: AsyncSession, ticket_id: UUID) -> tickets.Ticket:
    """The ticket, or the one that has taken it in."""
    ticket = await tickets.lock(session, await kin.merged_at_last(session, ticket_id))
    while ticket.merged_into is not None:  # While we waited for it.
        ticket = await tickets.lock(session, await kin.merged_at_last(session, ticket.id))
    return ticket
