"""Who wants people to decide, not rules."""

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "customer", sa.Column("automated_decisions", sa.Boolean(), nullable=False, server_default=sa.true())
    )
    op.alter_column("customer", "automated_decisions", server_default=None)
