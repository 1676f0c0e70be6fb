"""TM Forum Trouble Ticket: what its clients say beyond a ticket, specifications, and notifications."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

JSON = postgresql.JSONB(astext_type=sa.Text())
INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "tmf621_extension",
        sa.Column("ticket_id", sa.Uuid(), nullable=False),
        sa.Column("kept", JSON, nullable=False),
        sa.Column("notes", JSON, nullable=False),
        sa.ForeignKeyConstraint(["ticket_id"], ["ticket.id"], name=op.f("fk_tmf621_extension_ticket_id")),
        sa.PrimaryKeyConstraint("ticket_id", name=op.f("pk_tmf621_extension")),
    )
    op.create_table(
        "tmf621_specification",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("document", JSON, nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("updated_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tmf621_specification")),
    )
    op.create_table(
        "tmf621_change",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("ticket_id", sa.Uuid(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tmf621_change")),
    )
    op.create_table(
        "tmf621_subscription",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.SmallInteger(), nullable=False),
        sa.Column("callback", sa.Text(), nullable=False),
        sa.Column("query", sa.Text(), nullable=True),
        sa.Column("secret", sa.Text(), nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tmf621_subscription")),
    )
    op.create_table(
        "tmf621_delivery",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("subscription_id", sa.Uuid(), nullable=False),
        sa.Column("ticket_id", sa.Uuid(), nullable=False),
        sa.Column("event_id", sa.Uuid(), nullable=False),
        sa.Column("event_type", sa.String(length=40), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_at", INSTANT, nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("ended_at", INSTANT, nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["subscription_id"], ["tmf621_subscription.id"], name=op.f("fk_tmf621_delivery_subscription_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tmf621_delivery")),
    )
    op.create_index(
        "ix_tmf621_delivery_waiting",
        "tmf621_delivery",
        ["subscription_id", "ticket_id", "id"],
        postgresql_where=sa.text("state = 'waiting'"),
    )
    # Whoever writes the history, in whatever way, also notes it for the subscribers: nothing can be forgotten.
    op.execute(
        """
        CREATE FUNCTION tmf621_note_changes() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF EXISTS (SELECT FROM tmf621_subscription) THEN
                INSERT INTO tmf621_change (ticket_id, seq)
                SELECT ticket_id, seq FROM written ORDER BY ticket_id, seq;
            END IF;
            RETURN NULL;
        END $$
        """
    )
    op.execute(
        "CREATE TRIGGER tmf621_note_changes AFTER INSERT ON ticket_history"
        " REFERENCING NEW TABLE AS written FOR EACH STATEMENT EXECUTE FUNCTION tmf621_note_changes()"
    )
