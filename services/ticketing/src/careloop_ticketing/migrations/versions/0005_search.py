"""Words by which tickets are found, views of lists, and indexes for lists by assignee and by time of opening."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY

from careloop_ticketing.search.policy import BLOCK, marker, words_of

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_BATCH = 2_000


def upgrade() -> None:
    op.create_table(
        "search_entry",
        sa.Column("subject_id", sa.Uuid(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("words", ARRAY(sa.Text()), nullable=False),
        sa.PrimaryKeyConstraint("subject_id", name=op.f("pk_search_entry")),
    )
    op.execute("ALTER TABLE search_entry SET (toast_tuple_target = 128)")
    _fill()
    # After the rows: an index is built faster than it is filled.
    op.create_unique_constraint(op.f("uq_search_entry_seq"), "search_entry", ["seq"])
    op.create_index(
        "ix_search_entry_words",
        "search_entry",
        ["words"],
        postgresql_using="gin",
        postgresql_with={"fastupdate": "off"},
    )
    op.create_table(
        "saved_view",
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("owner_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("saved_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("saved_by", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("code", "owner_id", name=op.f("pk_saved_view")),
    )
    op.create_index(
        "ix_ticket_assignee_id",
        "ticket",
        ["assignee_id", "id"],
        postgresql_where=sa.text("assignee_id IS NOT NULL"),
    )
    op.create_index("ix_ticket_opened_at", "ticket", ["opened_at"])


def _fill() -> None:
    """Index the tickets that there are, so many at a time that memory stays small."""
    bind = op.get_bind()
    ticket = sa.table("ticket", *map(sa.column, ("id", "number", "subject", "description")))
    entry = sa.table(
        "search_entry",
        sa.column("subject_id", sa.Uuid),
        sa.column("seq", sa.BigInteger),
        sa.column("words", ARRAY(sa.Text)),
    )
    batch = sa.select(ticket).order_by(ticket.c.id).limit(_BATCH)
    while rows := bind.execute(batch).all():
        found = [_entry(*row) for row in rows]
        bind.execute(sa.insert(entry), found)
        batch = batch.where(ticket.c.id > rows[-1].id)


def _entry(ticket_id: object, number: str, subject: str, description: str) -> dict[str, object]:
    seq = int(number.rpartition("-")[2])
    words = words_of(f"{subject}\n{description}") | {marker(seq // BLOCK)}
    return {"subject_id": ticket_id, "seq": seq, "words": sorted(words)}
