"""What became of e-mails that came in."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "inbound_mail",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("message_index", sa.Text()),
        sa.Column("ticket_id", sa.Uuid()),
        sa.Column("outcome", sa.String(40), nullable=False),
        sa.Column("reason", sa.Text()),
        sa.Column("acknowledge", sa.Boolean(), nullable=False),
        sa.Column("sender_index", sa.Text()),
        sa.Column("sender", sa.Text()),
        sa.Column("refused", JSONB(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("taken_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["ticket_id"], ["ticket.id"], name=op.f("fk_inbound_mail_ticket_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_inbound_mail")),
        sa.UniqueConstraint("key", name=op.f("uq_inbound_mail_key")),
    )
    op.create_index("ix_inbound_mail_message_index", "inbound_mail", ["message_index"])
    op.create_index("ix_inbound_mail_ticket_id", "inbound_mail", ["ticket_id", "sender_index"])
    op.create_index("ix_inbound_mail_sender_index", "inbound_mail", ["sender_index", "taken_at"])
    op.create_index(
        "ix_inbound_mail_ignored", "inbound_mail", ["taken_at"], postgresql_where=sa.text("ticket_id IS NULL")
    )
