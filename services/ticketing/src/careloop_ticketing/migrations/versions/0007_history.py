"""History as a chain. What is there already has no key: it gets a plain hash, which the first anchor then holds."""

from collections import defaultdict
from uuid import UUID

import sqlalchemy as sa
from alembic import op

# Stored hashes depend on this encoding, so it never changes, and need not be frozen here.
from careloop_ticketing.tickets.chain import START, UNKEYED, Chain, Entry

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_BATCH = 2_000
_PAGE = sa.text("SELECT id FROM ticket WHERE id > :after ORDER BY id LIMIT :limit")
_ENTRIES = sa.text(
    "SELECT ticket_id, seq, fact, at, actor_id, actor_kind, before, after FROM ticket_history"
    " WHERE ticket_id = ANY(:ids) ORDER BY ticket_id, seq"
).columns(before=sa.JSON, after=sa.JSON)
_HASHES = sa.text(
    "UPDATE ticket_history AS h SET hash = new.hash FROM unnest(CAST(:ids AS uuid[]), CAST(:seqs AS int[]),"
    " CAST(:hashes AS bytea[])) AS new (id, seq, hash) WHERE h.ticket_id = new.id AND h.seq = new.seq"
)
_HEADS = sa.text(
    "UPDATE ticket SET head = new.head FROM unnest(CAST(:ids AS uuid[]), CAST(:heads AS bytea[])) AS new (id, head)"
    " WHERE ticket.id = new.id"
)


def upgrade() -> None:
    op.add_column("ticket", sa.Column("head", sa.LargeBinary(), nullable=False, server_default=sa.text(f"'\\x{START.hex()}'")))
    op.alter_column("ticket", "head", server_default=None)
    op.add_column("ticket_history", sa.Column("key_id", sa.Text(), nullable=False, server_default=UNKEYED))
    op.alter_column("ticket_history", "key_id", server_default=None)
    op.add_column("ticket_history", sa.Column("hash", sa.LargeBinary()))
    _chain()
    op.alter_column("ticket_history", "hash", nullable=False)
    op.create_index("ix_ticket_history_at", "ticket_history", ["at"], postgresql_using="brin")
    op.create_table(
        "history_anchor",
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("tickets", sa.Integer(), nullable=False),
        sa.Column("key_id", sa.Text(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_history_anchor")),
    )
    op.create_table(
        "history_anchored",
        sa.Column("anchor", sa.Integer(), nullable=False),
        sa.Column("ticket_id", sa.Uuid(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["anchor"], ["history_anchor.number"], name=op.f("fk_history_anchored_anchor")),
        sa.PrimaryKeyConstraint("anchor", "ticket_id", name=op.f("pk_history_anchored")),
    )
    op.create_index("ix_history_anchored_ticket_id", "history_anchored", ["ticket_id", "anchor"])


def _chain() -> None:
    """Link what is there, some tickets at a time."""
    bind, after = op.get_bind(), UUID(int=0)
    plain = Chain({"unused": bytes(32)})
    while ids := list(bind.execute(_PAGE, {"after": after, "limit": _BATCH}).scalars()):
        heads: dict[UUID, bytes] = defaultdict(lambda: START)
        linked = []
        for row in bind.execute(_ENTRIES, {"ids": ids}):
            hashed = plain.hash(heads[row.ticket_id], Entry(*row), UNKEYED)
            heads[row.ticket_id] = hashed or START
            linked.append((row.ticket_id, row.seq, hashed))
        if linked:
            named = zip(("ids", "seqs", "hashes"), map(list, zip(*linked, strict=True)), strict=True)
            bind.execute(_HASHES, dict(named))
            bind.execute(_HEADS, {"ids": list(heads), "heads": list(heads.values())})
        after = ids[-1]
