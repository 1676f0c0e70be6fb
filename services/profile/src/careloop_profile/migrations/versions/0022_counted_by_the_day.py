"""What was counted is counted by the day alone: the counters of a customer are its days, the sums of days that are kept no
more (`customer_activity`), and what waits."""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

_OF_DAYS = """
    SELECT customer_id, channel, sum(count) AS interactions,
           coalesce(sum(count) FILTER (WHERE kind = 'payment'), 0) AS payments,
           coalesce(sum(amount) FILTER (WHERE kind = 'payment'), 0) AS amount,
           coalesce(sum(count) FILTER (WHERE kind = 'complaint'), 0) AS complaints,
           min(coalesce(first_at, last_at)) AS first_at, max(last_at) AS last_at
    FROM metric_bucket GROUP BY customer_id, channel
"""


def upgrade() -> None:
    # The table is written anew once, for both.
    op.execute("""
        ALTER TABLE metric_bucket
            ADD COLUMN first_at timestamptz,
            ALTER COLUMN amount TYPE numeric(30, 4) USING round(CAST(amount AS numeric), 4)
    """)
    # What waits and was in the counters already is counted by the day, as all that waits.
    op.execute(f"""
        UPDATE customer_activity AS known SET
            interactions = known.interactions - days.interactions, payments = known.payments - days.payments,
            amount = known.amount - days.amount, complaints = known.complaints - days.complaints
        FROM (
            SELECT customer_id, channel, sum(interactions) AS interactions, sum(payments) AS payments,
                   sum(amount) AS amount, sum(complaints) AS complaints
            FROM (
                {_OF_DAYS}
                UNION ALL
                SELECT customer_id, channel, count(*), count(*) FILTER (WHERE kind = 'payment'),
                       coalesce(sum(amount) FILTER (WHERE kind = 'payment'), 0),
                       count(*) FILTER (WHERE kind = 'complaint'), min(occurred_at), max(occurred_at)
                FROM interaction_news WHERE in_activity GROUP BY customer_id, channel
            ) AS counted GROUP BY customer_id, channel
        ) AS days
        WHERE known.customer_id = days.customer_id AND known.channel = days.channel
    """)
    op.drop_column("interaction_news", "in_activity")


def downgrade() -> None:
    # What waits was counted by nobody, unlike what workers of the version before may still store.
    op.add_column(
        "interaction_news", sa.Column("in_activity", sa.Boolean(), server_default=sa.false(), nullable=False)
    )
    op.alter_column("interaction_news", "in_activity", server_default=sa.true())
    op.execute(f"""
        INSERT INTO customer_activity AS known
            (customer_id, channel, interactions, payments, amount, complaints, first_at, last_at)
        {_OF_DAYS}
        ON CONFLICT (customer_id, channel) DO UPDATE SET
            interactions = known.interactions + excluded.interactions,
            payments = known.payments + excluded.payments,
            amount = known.amount + excluded.amount,
            complaints = known.complaints + excluded.complaints,
            first_at = least(known.first_at, excluded.first_at),
            last_at = greatest(known.last_at, excluded.last_at)
    """)
    op.execute("""
        ALTER TABLE metric_bucket DROP COLUMN first_at, ALTER COLUMN amount TYPE double precision
    """)
