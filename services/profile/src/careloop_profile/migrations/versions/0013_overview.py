"""Since when facts of customers are as they are."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0013"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("customer", sa.Column("changed_at", postgresql.JSONB(), server_default="{}", nullable=False))
    op.alter_column("customer", "changed_at", server_default=None)


def downgrade() -> None:
    op.drop_column("customer", "changed_at")
