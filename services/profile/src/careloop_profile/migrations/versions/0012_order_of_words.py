"""When a yes had been said that is over, and since when which two customers are one person."""

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
    op.add_column("person_member", sa.Column("place", sa.Integer()))
    op.execute("""
        UPDATE person_member AS member SET place = found.place FROM (
            SELECT customer_id, row_number() OVER (PARTITION BY person_id ORDER BY customer_id) AS place
            FROM person_member
        ) AS found WHERE found.customer_id = member.customer_id
    """)
    op.alter_column("person_member", "place", nullable=False)
