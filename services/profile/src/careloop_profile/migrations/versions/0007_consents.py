"""The ledger of consents with grounds and ends, do-not-disturb, registers of numbers, notices, wishes."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0007"
down_revision = "0010"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)
CHANNELS = "'sms', 'email', 'push', 'call', 'wechat'"


def upgrade() -> None:
    _ledger()
    _wishes()
    _do_not_disturb()
    op.create_table(
        "consent_notice",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("purposes", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("texts", postgresql.JSONB(), nullable=False),
        sa.Column("published_at", INSTANT, nullable=False),
        sa.Column("published_by", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("name", "version", name=op.f("pk_consent_notice")),
    )


def _ledger() -> None:
    op.add_column("consent", sa.Column("status", sa.Text()))
    op.execute("UPDATE consent SET status = CASE WHEN granted THEN 'granted' ELSE 'denied' END")
    op.alter_column("consent", "status", nullable=False)
    op.drop_constraint(op.f("pk_consent"), "consent")
    op.create_primary_key(
        op.f("pk_consent"), "consent", ["customer_id", "purpose", "channel", "at", "status"]
    )
    op.drop_column("consent", "granted")
    new = sa.Column("entry_id", sa.Uuid(), nullable=False, server_default=sa.text("gen_random_uuid()"))
    op.add_column("consent", new)
    op.alter_column("consent", "entry_id", server_default=None)
    op.create_unique_constraint(op.f("uq_consent_entry_id"), "consent", ["entry_id"])
    basis = sa.Column("legal_basis", sa.Text(), nullable=False, server_default="consent")
    op.add_column("consent", basis)
    op.alter_column("consent", "legal_basis", server_default=None)
    op.add_column("consent", sa.Column("expires_at", INSTANT))
    op.add_column("consent", sa.Column("notice_version", sa.Integer()))
    for name in ("notice", "proof_kind", "proof_sealed", "source"):
        op.add_column("consent", sa.Column(name, sa.Text()))
    op.drop_constraint(op.f("ck_consent_channel"), "consent")
    op.drop_constraint(op.f("ck_consent_purpose"), "consent")
    op.create_check_constraint(op.f("ck_consent_channel"), "consent", f"channel IN ({CHANNELS}, 'any')")
    op.create_check_constraint(
        op.f("ck_consent_purpose"),
        "consent",
        "(channel <> 'any' AND purpose IN ('service', 'care', 'marketing')) OR"
        " (channel = 'any' AND purpose IN ('profiling', 'automated_decision', 'third_party'))",
    )
    op.create_check_constraint(
        op.f("ck_consent_status"), "consent", "status IN ('granted', 'denied', 'withdrawn', 'expired')"
    )


def _wishes() -> None:
    for name, kind, empty in (
        ("more_quiet", postgresql.JSONB(), "'[]'"),
        ("accessibility", postgresql.ARRAY(sa.Text()), "'{}'"),
    ):
        op.add_column("customer", sa.Column(name, kind, nullable=False, server_default=sa.text(empty)))
        op.alter_column("customer", name, server_default=None)


def _do_not_disturb() -> None:
    op.create_table(
        "do_not_disturb",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.Column("channel", sa.Text()),
        sa.Column("hours", postgresql.JSONB()),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("until", INSTANT),
        sa.Column("said_at", INSTANT, nullable=False),
        sa.Column("recorded_by", sa.Text(), nullable=False),
        sa.Column("ended_at", INSTANT),
        sa.Column("ended_by", sa.Text()),
        sa.CheckConstraint(f"channel IN ({CHANNELS})", name=op.f("ck_do_not_disturb_channel")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_do_not_disturb")),
    )
    op.create_index(
        "ix_do_not_disturb_open",
        "do_not_disturb",
        ["customer_id"],
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    op.create_table(
        "listed_number",
        sa.Column("blind_index", sa.Text(), nullable=False),
        sa.Column("on_register", sa.Text(), nullable=False),
        sa.Column("listed_at", INSTANT, nullable=False),
        sa.Column("listed_by", sa.Text(), nullable=False),
        sa.Column("removed_at", INSTANT),
        sa.Column("told", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("blind_index", "on_register", name=op.f("pk_listed_number")),
    )
    op.create_index(
        "ix_listed_number_untold",
        "listed_number",
        ["on_register", "blind_index"],
        postgresql_where=sa.text("NOT told"),
    )
