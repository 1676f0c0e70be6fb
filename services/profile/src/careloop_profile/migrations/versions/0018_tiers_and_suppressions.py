"""Tiers end at a place in the order of worth; suppressions can be lifted."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    _ends()
    _lifts()


def _lifts() -> None:
    op.create_table(
        "suppression_lift",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("blind_index", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("since", INSTANT, nullable=False),
        sa.Column("lifted_at", INSTANT, nullable=False),
        sa.Column("lifted_by", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_suppression_lift")),
    )
    op.create_index("ix_suppression_lift_blind_index", "suppression_lift", ["blind_index", "lifted_at"])
    op.create_index("ix_suppression_lift_lifted_at", "suppression_lift", ["lifted_at", "id"])


def _ends() -> None:
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
    op.drop_table("suppression_lift")
    op.add_column("lifecycle_period", sa.Column("bounds", postgresql.ARRAY(sa.Double())))
    op.execute("""
        UPDATE lifecycle_period SET bounds = ARRAY(
            SELECT coalesce(CAST(known.one ->> 'worth' AS double precision), 'infinity')
            FROM jsonb_array_elements(ends) WITH ORDINALITY AS known (one, tier) ORDER BY tier
        )
    """)
    op.alter_column("lifecycle_period", "bounds", nullable=False)
    op.drop_column("lifecycle_period", "ends")
