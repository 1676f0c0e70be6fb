"""Keys of customers, who saw what of whom, and who was erased."""

import sqlalchemy as sa
from alembic import op
from careloop_common import plumbing_migrations
from sqlalchemy.dialects import postgresql

revision = "0008"
down_revision = "0013"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    plumbing_migrations.create_subject_keys()
    plumbing_migrations.create_disclosures()
    _erasure()


def _erasure() -> None:
    op.create_table(
        "erasure_request",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("customers", postgresql.ARRAY(sa.Uuid()), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("requested_at", INSTANT, nullable=False),
        sa.Column("requested_by", sa.Text(), nullable=False),
        sa.Column("sought_sealed", sa.Text()),
        sa.Column("done", postgresql.JSONB(), nullable=False),
        sa.Column("erased_at", INSTANT),
        sa.Column("completed_at", INSTANT),
        sa.Column("receipt", postgresql.JSONB()),
        sa.CheckConstraint(
            "state IN ('erasing', 'waiting', 'completed')", name=op.f("ck_erasure_request_state")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_erasure_request")),
    )
    op.create_index("ix_erasure_request_customers", "erasure_request", ["customers"], postgresql_using="gin")
    op.create_index("ix_erasure_request_requested_at", "erasure_request", ["requested_at", "id"])
    op.create_table(
        "erasure_acknowledgement",
        sa.Column("request_id", sa.Uuid(), nullable=False),
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.Column("service", sa.Text(), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("done", postgresql.JSONB(), nullable=False),
        sa.PrimaryKeyConstraint(
            "request_id", "customer_id", "service", name=op.f("pk_erasure_acknowledgement")
        ),
    )
    op.create_table(
        "suppression",
        sa.Column("blind_index", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("since", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("blind_index", name=op.f("pk_suppression")),
    )
