"""Answers without a score: of customers who were never there (未去过)."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.alter_column("satisfaction_answer", "score", existing_type=sa.SmallInteger(), nullable=True)
