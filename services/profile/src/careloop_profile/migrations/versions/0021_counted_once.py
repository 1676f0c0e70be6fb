"""What waits to be counted by the day waits to be counted at all: one pass over it makes the counters and the days, and who
reads a customer's counters adds what waits."""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # What waits now, and what workers of the version before still store, is in the counters already.
    op.add_column(
        "interaction_news", sa.Column("in_activity", sa.Boolean(), server_default=sa.true(), nullable=False)
    )
    op.alter_column("interaction_news", "amount", type_=sa.Numeric())
    op.create_index("ix_interaction_news_customer", "interaction_news", ["customer_id"])
    op.add_column("person_fact", sa.Column("counted_at", sa.DateTime(timezone=True)))
    # A sum that does not fit would be in the way of all that are counted with it.
    op.alter_column("customer_activity", "amount", type_=sa.Numeric(30, 4))


def downgrade() -> None:
    op.alter_column("customer_activity", "amount", type_=sa.Numeric(16, 4))
    op.drop_column("person_fact", "counted_at")
    op.drop_index("ix_interaction_news_customer", "interaction_news")
    op.execute("""
        INSERT INTO customer_activity AS known
            (customer_id, channel, interactions, payments, amount, complaints, first_at, last_at)
        SELECT customer_id, channel, count(*), count(*) FILTER (WHERE kind = 'payment'),
               coalesce(sum(amount) FILTER (WHERE kind = 'payment'), 0),
               count(*) FILTER (WHERE kind = 'complaint'), min(occurred_at), max(occurred_at)
        FROM interaction_news WHERE NOT in_activity GROUP BY customer_id, channel
        ON CONFLICT (customer_id, channel) DO UPDATE SET
            interactions = known.interactions + excluded.interactions,
            payments = known.payments + excluded.payments,
            amount = known.amount + excluded.amount,
            complaints = known.complaints + excluded.complaints,
            first_at = least(known.first_at, excluded.first_at),
            last_at = greatest(known.last_at, excluded.last_at)
    """)
    op.alter_column("interaction_news", "amount", type_=sa.Double())
    op.drop_column("interaction_news", "in_activity")
