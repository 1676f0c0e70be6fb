"""Tickets that stood in the way of a recalculation are set aside, so that the others follow."""

import sqlalchemy as sa
from alembic import op

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None


def upgrade() -> None:
    none = sa.Column("set_aside", sa.Integer(), nullable=False, server_default="0")
    op.add_column("sla_recalculation", none)
    op.alter_column("sla_recalculation", "set_aside", server_default=None)
    op.create_table(
        "sla_set_aside",
        sa.Column("recalculation_id", sa.Uuid(), nullable=False),
        sa.Column("ticket_id", sa.Uuid(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["recalculation_id"], ["sla_recalculation.id"], name=op.f("fk_sla_set_aside_recalculation_id")
        ),
        sa.PrimaryKeyConstraint("recalculation_id", "ticket_id", name=op.f("pk_sla_set_aside")),
    )
    op.create_index("ix_sla_set_aside_ticket_id", "sla_set_aside", ["ticket_id"])
