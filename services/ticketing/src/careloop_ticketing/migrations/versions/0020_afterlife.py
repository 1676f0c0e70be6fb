"""When a ticket last changed, what was overlooked in it, and which policies running clocks were told to follow."""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    moment = sa.DateTime(timezone=True)
    op.add_column("ticket", sa.Column("overlooked_at", moment))
    op.add_column("ticket", sa.Column("changed_at", moment))
    op.execute(
        "UPDATE ticket SET changed_at = coalesce((SELECT max(h.at) FROM ticket_history AS h WHERE h.ticket_id = ticket.id),"
        " ticket.opened_at)"
    )
    op.alter_column("ticket", "changed_at", nullable=False)
    op.create_index(
        "ix_ticket_overlooked", "ticket", ["id"], postgresql_where=sa.text("overlooked_at IS NOT NULL")
    )
    op.add_column("sla_policy", sa.Column("applied_at", moment))
    op.execute(
        "UPDATE sla_policy SET applied_at = (SELECT max(r.requested_at) FROM sla_recalculation AS r"
        " WHERE r.cause = 'policy' AND r.version = sla_policy.version)"
    )
