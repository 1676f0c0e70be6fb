"""How far histories are older than they may be; what is in no partition is found by its day."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "history_edge",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_history_edge")),
    )
    op.create_index("ix_interaction_default_occurred_at", "interaction_default", ["occurred_at"])


def downgrade() -> None:
    op.drop_index("ix_interaction_default_occurred_at", table_name="interaction_default")
    op.drop_table("history_edge")
