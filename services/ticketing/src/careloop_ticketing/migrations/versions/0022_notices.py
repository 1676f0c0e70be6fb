"""Notices and the duty roster; who was told of a step, and where its ticket stood."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _notices()
    _roster()
    op.create_table(
        "notice_choice",
        sa.Column("agent_id", sa.Text(), nullable=False),
        sa.Column("watched", ARRAY(sa.Text()), nullable=False),
        sa.Column("channels", ARRAY(sa.Text()), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_by", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("agent_id", name=op.f("pk_notice_choice")),
    )
    op.add_column("escalation", sa.Column("people", ARRAY(sa.Text()), nullable=False, server_default="{}"))
    op.alter_column("escalation", "people", server_default=None)
    op.add_column("escalation", sa.Column("team", sa.Text()))
    op.add_column("escalation", sa.Column("region", sa.Text()))
    op.create_index("ix_escalation_people", "escalation", ["people"], postgresql_using="gin")


def _notices() -> None:
    op.create_table(
        "notice",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("ticket_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("recipient", sa.Text(), nullable=False),
        sa.Column("role", sa.String(40), nullable=False),
        sa.Column("reason", sa.String(40), nullable=False),
        sa.Column("level", sa.String(40)),
        sa.Column("clock", sa.Text()),
        sa.Column("step", sa.Text()),
        sa.Column("also", ARRAY(sa.Text()), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True)),
        sa.Column("asks", sa.Boolean(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("read_at", sa.DateTime(timezone=True)),
        sa.Column("acknowledged_at", sa.DateTime(timezone=True)),
        sa.Column("acknowledged_by", sa.Text()),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notice")),
        sa.UniqueConstraint("ticket_id", "recipient", "at", name=op.f("uq_notice_ticket_id_recipient_at")),
    )
    op.create_index("ix_notice_recipient", "notice", ["recipient", sa.text("(read_at IS NOT NULL)"), "id"])
    op.create_index(
        "ix_notice_waiting",
        "notice",
        ["recipient", "id"],
        postgresql_where=sa.text("asks AND acknowledged_at IS NULL"),
    )


def _roster() -> None:
    table = op.create_table(
        "duty_roster",
        sa.Column("version", sa.Integer(), sa.Identity(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("document", JSONB(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("version", name=op.f("pk_duty_roster")),
    )
    document = {"name": "Nobody yet", "posts": [], "fallback": []}
    row = {
        "name": document["name"],
        "document": document,
        "created_at": sa.func.now(),
        "created_by": "system",
    }
    op.execute(sa.insert(table).values(row))
