"""When a yes had been said that is over."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("consent", sa.Column("said_at", sa.DateTime(timezone=True)))
    op.execute("""
        UPDATE consent AS over SET said_at = (
            SELECT max(yes.at) FROM consent AS yes
            WHERE (yes.customer_id, yes.purpose, yes.channel) = (over.customer_id, over.purpose, over.channel)
            AND yes.status = 'granted' AND yes.expires_at = over.at
        ) WHERE over.status = 'expired'
    """)
