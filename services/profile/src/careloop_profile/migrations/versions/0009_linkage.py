"""Who is probably who: models, keys that customers are found by, and questions to people."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0009"
down_revision = "0003"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "linkage_model",
        sa.Column("version", sa.Integer(), sa.Identity(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("document", postgresql.JSONB(), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("cursor", sa.Uuid()),
        sa.Column("applied_at", INSTANT),
        sa.PrimaryKeyConstraint("version", name=op.f("pk_linkage_model")),
    )
    op.create_table(
        "linkage_key",
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.Column("key", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("customer_id", "key", name=op.f("pk_linkage_key")),
    )
    op.create_index("ix_linkage_key_key", "linkage_key", ["key"])
    op.create_table(
        "match_review",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("one", sa.Uuid(), nullable=False),
        sa.Column("other", sa.Uuid(), nullable=False),
        sa.Column("model_version", sa.Integer(), nullable=False),
        sa.Column("probability", sa.Double(), nullable=False),
        sa.Column("weight", sa.Double(), nullable=False),
        sa.Column("fields", postgresql.JSONB(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("assignee", sa.Text()),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("decided_at", INSTANT),
        sa.Column("decided_by", sa.Text()),
        sa.Column("reason", sa.Text()),
        sa.CheckConstraint("one < other", name=op.f("ck_match_review_ordered")),
        sa.CheckConstraint(
            "state IN ('open', 'accepted', 'rejected', 'settled')", name=op.f("ck_match_review_state")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_match_review")),
    )
    op.create_index("uq_match_review_pair", "match_review", ["one", "other"], unique=True)
    op.create_index(
        "ix_match_review_open", "match_review", ["id"], postgresql_where=sa.text("state = 'open'")
    )
    op.create_index(
        "ix_match_review_other_open", "match_review", ["other"], postgresql_where=sa.text("state = 'open'")
    )
