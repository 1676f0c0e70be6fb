"""Tiers end at a place in the order of worth."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0018"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("lifecycle_period", sa.Column("ends", postgresql.JSONB()))
    # Months that have begun go on as they did: who is worth as much as the least one is in the tier.
    op.execute("""
        UPDATE lifecycle_period SET ends = (
            SELECT jsonb_agg(CASE WHEN worth < 'infinity' THEN jsonb_build_object(
                'worth', worth, 'joined_at', NULL, 'cut', NULL) END ORDER BY tier)
            FROM unnest(bounds) WITH ORDINALITY AS known (worth, tier)
        )
    """)
    op.alter_column("lifecycle_period", "ends", nullable=False)
    op.drop_column("lifecycle_period", "bounds")


def downgrade() -> None:
    op.add_column("lifecycle_period", sa.Column("bounds", postgresql.ARRAY(sa.Double())))
    op.execute("""
        UPDATE lifecycle_period SET bounds = ARRAY(
            SELECT coalesce(CAST(known.one ->> 'worth' AS double precision), 'infinity')
            FROM jsonb_array_elements(ends) WITH ORDINALITY AS known (one, tier) ORDER BY tier
        )
    """)
    op.alter_column("lifecycle_period", "bounds", nullable=False)
    op.drop_column("lifecycle_period", "ends")
