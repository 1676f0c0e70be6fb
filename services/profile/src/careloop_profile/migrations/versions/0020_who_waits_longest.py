"""Since when interactions wait to be counted, so that who waits for longest comes first."""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    stored_at = sa.Column(
        "stored_at", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False
    )
    op.add_column("interaction_news", stored_at)


def downgrade() -> None:
    op.drop_column("interaction_news", "stored_at")
