"""Identity numbers, birth dates and addresses of customers, and what is wrong with personal data."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.add_column("customer", sa.Column("birth_date_sealed", sa.Text()))
    op.add_column("customer", sa.Column("address_sealed", sa.Text()))
    op.drop_constraint(op.f("ck_identifier_kind"), "identifier")
    op.create_check_constraint(
        op.f("ck_identifier_kind"), "identifier", "kind IN ('phone', 'email', 'identity_number')"
    )
    op.create_table(
        "quality_issue",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("field", sa.Text(), nullable=False),
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("confidence", sa.Double(), nullable=False),
        sa.Column("raw_sealed", sa.Text(), nullable=False),
        sa.Column("value_sealed", sa.Text()),
        sa.Column("suggestion_sealed", sa.Text()),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("noted_at", INSTANT, nullable=False),
        sa.Column("noted_by", sa.Text(), nullable=False),
        sa.Column("decided_at", INSTANT),
        sa.Column("decided_by", sa.Text()),
        sa.CheckConstraint("action IN ('auto', 'flag', 'manual')", name=op.f("ck_quality_issue_action")),
        sa.CheckConstraint(
            "state IN ('open', 'applied', 'accepted', 'dismissed', 'outdated')",
            name=op.f("ck_quality_issue_state"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_quality_issue")),
    )
    op.create_index("ix_quality_issue_customer_id", "quality_issue", ["customer_id"])
    op.create_index("ix_quality_issue_noted_at", "quality_issue", ["noted_at", "id"])
    op.create_index(
        "ix_quality_issue_open",
        "quality_issue",
        ["source", "noted_at", "id"],
        postgresql_where=sa.text("state = 'open'"),
    )
