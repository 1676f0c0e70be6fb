"""Do-not-disturb by channel and hours, wishes, and who wants no automated decisions."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for name in ("quiet_weekdays", "blocks", "accessibility"):
        op.add_column(
            "audience_member",
            sa.Column(name, postgresql.JSONB(), nullable=False, server_default=sa.text("'[]'")),
        )
        op.alter_column("audience_member", name, server_default=None)
    op.add_column(
        "audience_member",
        sa.Column("automated_decisions", sa.Boolean(), nullable=False, server_default=sa.true()),
    )
    op.alter_column("audience_member", "automated_decisions", server_default=None)
