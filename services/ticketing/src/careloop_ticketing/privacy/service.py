"""Forgetting a customer: what was written in tickets is emptied, files are removed. That there were tickets, and what became
of them, stays: their histories have no word of a customer in them, and are chained."""

from datetime import datetime
from typing import Final
from uuid import UUID

from careloop_common import erasure
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from careloop_ticketing.search.policy import BLOCK

ERASED: Final = "[erased]"
"""What stands where somebody wrote something."""
# ruff: noqa: S608  (these statements are put together from constants)
_TICKETS: Final = """
    SELECT ticket.id FROM ticket WHERE ticket.customer_id = :id
    UNION
    SELECT ticket.id FROM ticket JOIN customer ON customer.id = :id
        AND ticket.customer_source = customer.source AND ticket.customer_external_id = customer.external_id
"""
_FORGET: Final = {
    "satisfaction_answer": text(
        f"UPDATE satisfaction_answer SET comment = NULL WHERE comment IS NOT NULL AND ticket_id IN ({_TICKETS})"
    ),
    "inbound_mail": text(f"""
        WITH theirs AS (SELECT id, sender_index FROM inbound_mail WHERE ticket_id IN ({_TICKETS}))
        UPDATE inbound_mail SET sender = NULL, sender_index = NULL, message_index = NULL, refused = '[]'
        WHERE id IN (SELECT id FROM theirs)
            OR ticket_id IS NULL AND sender_index IN (SELECT sender_index FROM theirs)
    """),
    "ticket_attachment": text(f"""
        WITH gone AS (DELETE FROM ticket_attachment WHERE ticket_id IN ({_TICKETS}) RETURNING id)
        INSERT INTO ticket_loose_file (id, since) SELECT id, now() FROM gone
    """),
    "ticket_note": text(f"UPDATE ticket_note SET text = '{ERASED}' WHERE ticket_id IN ({_TICKETS})"),
    "search_entry": text(
        f"UPDATE search_entry SET words = ARRAY['#' || seq / {BLOCK}] WHERE subject_id IN ({_TICKETS})"
    ),
    "tmf621_extension": text(
        f"UPDATE tmf621_extension SET kept = '{{}}', notes = '{{}}' WHERE ticket_id IN ({_TICKETS})"
    ),
    "tmf621_notification": text(f"""
        WITH told AS (DELETE FROM tmf621_delivery WHERE ticket_id IN ({_TICKETS}) RETURNING notification_id)
        DELETE FROM tmf621_notification WHERE id IN (SELECT notification_id FROM told)
    """),
    "bulk_item": text(f"UPDATE bulk_item SET arguments = NULL, back = NULL WHERE ticket_id IN ({_TICKETS})"),
    "ticket": text(f"""
        UPDATE ticket SET subject = '{ERASED}', description = '{ERASED}', external_ref = NULL, region = NULL,
            customer_source = NULL, customer_external_id = NULL
        WHERE id IN ({_TICKETS})
    """),
    "customer": text("DELETE FROM customer WHERE id = :id"),
}


async def forget(session: AsyncSession, customer_id: UUID, *, now: datetime) -> dict[str, int]:
    """Have nothing of the customer, nor take anything in that comes later; returns how much there was."""
    return await erasure.forget(session, customer_id, _FORGET, now=now)
