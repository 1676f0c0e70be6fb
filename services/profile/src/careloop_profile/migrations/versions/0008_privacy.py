"""Keys of customers, who saw what of whom, and who was erased."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0008"
down_revision = "0013"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    _subject_keys()
    _disclosures()
    _erasure()


def _subject_keys() -> None:
    op.create_table(
        "subject_key",
        sa.Column("subject_id", sa.Uuid(), nullable=False),
        sa.Column("wrapped", sa.LargeBinary()),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("destroyed_at", INSTANT),
        sa.CheckConstraint(
            "(wrapped IS NULL) = (destroyed_at IS NOT NULL)", name=op.f("ck_subject_key_destroyed")
        ),
        sa.PrimaryKeyConstraint("subject_id", name=op.f("pk_subject_key")),
    )
    op.create_index(
        "ix_subject_key_destroyed",
        "subject_key",
        ["subject_id"],
        postgresql_where=sa.text("destroyed_at IS NOT NULL"),
    )


def _disclosures() -> None:
    op.create_table(
        "disclosure",
        sa.Column("chain", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("actor_id", sa.Text(), nullable=False),
        sa.Column("actor_kind", sa.Text(), nullable=False),
        sa.Column("route", sa.Text(), nullable=False),
        sa.Column("subjects", postgresql.ARRAY(sa.Uuid()), nullable=False),
        sa.Column("fields", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("key_id", sa.Text(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("chain", "seq", name=op.f("pk_disclosure")),
    )
    op.create_index("ix_disclosure_subjects", "disclosure", ["subjects"], postgresql_using="gin")
    op.create_index("ix_disclosure_at", "disclosure", ["at"])
    op.create_table(
        "disclosure_head",
        sa.Column("chain", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("chain", name=op.f("pk_disclosure_head")),
        postgresql_with={"fillfactor": 50},
    )


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
