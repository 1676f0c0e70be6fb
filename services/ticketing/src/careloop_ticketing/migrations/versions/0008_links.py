"""Links, merges, watchers and incidents."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("ticket", sa.Column("merged_into", sa.Uuid()))
    op.create_foreign_key(op.f("fk_ticket_merged_into"), "ticket", "ticket", ["merged_into"], ["id"])
    op.create_index(
        "ix_ticket_merged_into", "ticket", ["merged_into"], postgresql_where=sa.text("merged_into IS NOT NULL")
    )
    op.add_column("ticket", sa.Column("watchers", ARRAY(sa.Text()), nullable=False, server_default="{}"))
    op.alter_column("ticket", "watchers", server_default=None)
    op.create_table(
        "ticket_link",
        sa.Column("from_id", sa.Uuid(), nullable=False),
        sa.Column("to_id", sa.Uuid(), nullable=False),
        sa.Column("type", sa.String(40), nullable=False),
        sa.Column("linked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("linked_by", sa.Text(), nullable=False),
        sa.CheckConstraint("from_id <> to_id", name=op.f("ck_ticket_link_not_itself")),
        sa.ForeignKeyConstraint(["from_id"], ["ticket.id"], name=op.f("fk_ticket_link_from_id")),
        sa.ForeignKeyConstraint(["to_id"], ["ticket.id"], name=op.f("fk_ticket_link_to_id")),
        sa.PrimaryKeyConstraint("from_id", "to_id", "type", name=op.f("pk_ticket_link")),
    )
    op.create_index("ix_ticket_link_to_id", "ticket_link", ["to_id", "type"])
    _incidents()


def _incidents() -> None:
    op.create_table(
        "incident",
        sa.Column("ticket_id", sa.Uuid(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("outcome", sa.String(40)),
        sa.Column("note", sa.Text()),
        sa.Column("actor_id", sa.Text()),
        sa.Column("actor_kind", sa.Text()),
        sa.Column("requested_at", sa.DateTime(timezone=True)),
        sa.Column("finished_at", sa.DateTime(timezone=True)),
        sa.ForeignKeyConstraint(["ticket_id"], ["ticket.id"], name=op.f("fk_incident_ticket_id")),
        sa.PrimaryKeyConstraint("ticket_id", name=op.f("pk_incident")),
    )
    op.create_index(
        "ix_incident_unfinished",
        "incident",
        ["requested_at"],
        postgresql_where=sa.text("requested_at IS NOT NULL AND finished_at IS NULL"),
    )
    op.create_table(
        "incident_child",
        sa.Column("incident_id", sa.Uuid(), nullable=False),
        sa.Column("ticket_id", sa.Uuid(), nullable=False),
        sa.Column("progress", sa.String(40), nullable=False),
        sa.Column("done_at", sa.DateTime(timezone=True)),
        sa.ForeignKeyConstraint(
            ["incident_id"], ["incident.ticket_id"], name=op.f("fk_incident_child_incident_id")
        ),
        sa.ForeignKeyConstraint(["ticket_id"], ["ticket.id"], name=op.f("fk_incident_child_ticket_id")),
        sa.PrimaryKeyConstraint("incident_id", "ticket_id", name=op.f("pk_incident_child")),
    )
    op.create_index(
        "ix_incident_child_pending",
        "incident_child",
        ["incident_id", "ticket_id"],
        postgresql_where=sa.text("progress = 'pending'"),
    )
