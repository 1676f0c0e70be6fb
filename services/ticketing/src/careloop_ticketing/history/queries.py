"""Statements of the verifier; each sees a page of tickets as of one instant."""

from typing import Final

from sqlalchemy import text

LAST_ANCHOR: Final = text(
    "SELECT number, at, key_id, hash, tickets FROM history_anchor ORDER BY number DESC LIMIT 1"
)
ANCHORS: Final = text("SELECT number, at, key_id, hash, tickets FROM history_anchor ORDER BY number")
ANCHORED: Final = text("SELECT anchor, ticket_id, seq, hash FROM history_anchored ORDER BY anchor, ticket_id")

WRITE_ANCHOR: Final = text(
    "INSERT INTO history_anchor (number, at, tickets, key_id, hash) VALUES (:number, :at, 0, :key_id, :nothing)"
)
FILL_ANCHOR: Final = text(
    "INSERT INTO history_anchored (anchor, ticket_id, seq, hash) SELECT :number, t.id, t.version, t.head FROM ticket AS t"
    " WHERE t.id IN (SELECT ticket_id FROM ticket_history WHERE at > :since) AND NOT EXISTS"
    " (SELECT FROM history_anchored AS a WHERE a.ticket_id = t.id AND a.seq = t.version AND a.hash = t.head)"
)
HEADS_OF: Final = text(
    "SELECT ticket_id, seq, hash FROM history_anchored WHERE anchor = :number ORDER BY ticket_id"
)
SIGN_ANCHOR: Final = text("UPDATE history_anchor SET tickets = :tickets, hash = :hash WHERE number = :number")

LAST_OF_PAGE: Final = text(
    "SELECT id FROM (SELECT id FROM ticket WHERE id > :after ORDER BY id LIMIT :limit) AS page"
    " ORDER BY id DESC LIMIT 1"
)
MARKS: Final = text(
    "SELECT ticket_id, anchor, seq, hash FROM history_anchored WHERE ticket_id BETWEEN :first AND :last"
)
ENTRIES: Final = text(
    "SELECT t.id, t.version, t.head, h.seq, h.fact, h.at, h.actor_id, h.actor_kind, CAST(h.before AS text),"
    " CAST(h.after AS text), h.key_id, h.hash FROM ticket AS t LEFT JOIN ticket_history AS h ON h.ticket_id = t.id"
    " WHERE t.id BETWEEN :first AND :last ORDER BY t.id, h.seq"
)
GONE: Final = text(
    "SELECT a.ticket_id, max(a.anchor) FROM history_anchored AS a LEFT JOIN ticket AS t ON t.id = a.ticket_id"
    " WHERE t.id IS NULL GROUP BY a.ticket_id ORDER BY a.ticket_id"
)
HAS_ENTRIES: Final = text("SELECT EXISTS (SELECT FROM ticket_history)")
