"""Lists by due time, views in versions, exports on record; and notes, customers' ids and plainer words to find tickets by."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from careloop_ticketing.search.policy import BLOCK, marker, words_of

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

_BATCH = 1_000
_INDEX = "ix_search_entry_words"


def upgrade() -> None:
    op.drop_index("ix_sla_clock_due_at", "sla_clock")
    op.create_index(
        "ix_sla_clock_due_at",
        "sla_clock",
        ["due_at", "subject_id"],
        postgresql_where=sa.text("state = 'running'"),
    )
    op.add_column("saved_view", sa.Column("version", sa.Integer(), nullable=False, server_default="1"))
    op.alter_column("saved_view", "version", server_default=None)
    op.create_table(
        "ticket_export",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("actor_id", sa.Text(), nullable=False),
        sa.Column("actor_kind", sa.Text(), nullable=False),
        sa.Column("exported_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("chosen_by", JSONB(), nullable=False),
        sa.Column("tickets", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ticket_export")),
    )
    # An index is built faster than it is filled.
    op.drop_index(_INDEX, "search_entry")
    _index_again()
    op.create_index(
        _INDEX, "search_entry", ["words"], postgresql_using="gin", postgresql_with={"fastupdate": "off"}
    )


def _index_again() -> None:
    """Give the tickets that there are the words that a new one would get, so many at a time that memory stays small."""
    bind = op.get_bind()
    entry = sa.table("search_entry", sa.column("subject_id", sa.Uuid), sa.column("words", ARRAY(sa.Text)))
    renewed = (
        sa.update(entry).where(entry.c.subject_id == sa.bindparam("of")).values(words=sa.bindparam("new"))
    )
    after = 0
    while rows := bind.execute(_TEXTS, {"after": after, "batch": _BATCH}).all():
        new = [(row.subject_id, _words(row.seq, *row[3:]), row.words) for row in rows]
        changed = [{"of": of, "new": words} for of, words, old in new if words != sorted(old)]
        if changed:
            bind.execute(renewed, changed)
        after = rows[-1].seq


_TEXTS = sa.text(
    "SELECT e.subject_id, e.seq, e.words, t.subject, t.description, t.customer_external_id, c.external_id,"
    " (SELECT string_agg(n.text, chr(10)) FROM ticket_note AS n WHERE n.ticket_id = t.id)"
    " FROM search_entry AS e JOIN ticket AS t ON t.id = e.subject_id LEFT JOIN customer AS c ON c.id = t.customer_id"
    " WHERE e.seq > :after ORDER BY e.seq LIMIT :batch"
)


def _words(seq: int, *texts: str | None) -> list[str]:
    return sorted(words_of("\n".join(filter(None, texts))) | {marker(seq // BLOCK)})
