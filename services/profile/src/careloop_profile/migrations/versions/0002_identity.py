"""Who is who: persons, the evidence for them, and what was merged and taken back."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "person_member",
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("since", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("customer_id", name=op.f("pk_person_member")),
    )
    op.create_index("ix_person_member_person_id", "person_member", ["person_id"])
    op.create_table(
        "identity_evidence",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("one", sa.Uuid(), nullable=False),
        sa.Column("other", sa.Uuid(), nullable=False),
        sa.Column("method", sa.Text(), nullable=False),
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("probability", sa.Double()),
        sa.Column("detail", postgresql.JSONB(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("merge_id", sa.Uuid()),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("withdrawn_at", INSTANT),
        sa.Column("withdrawn_by", sa.Text()),
        sa.CheckConstraint("one < other", name=op.f("ck_identity_evidence_ordered")),
        sa.CheckConstraint(
            "state IN ('holds', 'withdrawn', 'apart')", name=op.f("ck_identity_evidence_state")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_identity_evidence")),
    )
    for column in ("one", "other", "merge_id"):
        op.create_index(f"ix_identity_evidence_{column}", "identity_evidence", [column])
    op.create_index(
        "uq_identity_evidence_holds",
        "identity_evidence",
        ["one", "other", "method", "rule"],
        unique=True,
        postgresql_where=sa.text("state <> 'withdrawn'"),
    )
    op.create_table(
        "identity_merge",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), sa.Identity(), nullable=False),
        sa.Column("operation", sa.Text(), nullable=False),
        sa.Column("method", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("undoes", sa.Uuid()),
        sa.Column("customers", postgresql.ARRAY(sa.Uuid()), nullable=False),
        sa.Column("before", postgresql.JSONB(), nullable=False),
        sa.Column("after", postgresql.JSONB(), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.CheckConstraint("operation IN ('merge', 'unmerge')", name=op.f("ck_identity_merge_operation")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_identity_merge")),
        sa.UniqueConstraint("number", name=op.f("uq_identity_merge_number")),
        sa.UniqueConstraint("undoes", name=op.f("uq_identity_merge_undoes")),
    )
    op.create_index(
        "ix_identity_merge_customers", "identity_merge", ["customers"], postgresql_using="gin"
    )
