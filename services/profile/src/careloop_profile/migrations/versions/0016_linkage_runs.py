"""Runs over all customers and what they find; questions whether one person is two, and those a newer model does not ask."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)
_COUNTED = ("looked_at", "merged", "proposed", "closed", "bridges", "split", "skipped")


def upgrade() -> None:
    _runs()
    _findings()
    op.add_column("match_review", sa.Column("kind", sa.Text(), nullable=False, server_default="join"))
    op.alter_column("match_review", "kind", server_default=None)
    op.add_column("match_review", sa.Column("run_id", sa.Uuid()))
    op.add_column("match_review", sa.Column("bridge", postgresql.JSONB()))
    op.create_check_constraint(op.f("ck_match_review_kind"), "match_review", "kind IN ('join', 'split')")
    _states("'open', 'accepted', 'rejected', 'settled', 'withdrawn'")
    op.drop_index("uq_match_review_pair", table_name="match_review")
    op.create_index("uq_match_review_pair", "match_review", ["one", "other", "kind"], unique=True)


def downgrade() -> None:
    op.execute("DELETE FROM match_review WHERE kind = 'split' OR state = 'withdrawn'")
    op.drop_index("uq_match_review_pair", table_name="match_review")
    op.create_index("uq_match_review_pair", "match_review", ["one", "other"], unique=True)
    _states("'open', 'accepted', 'rejected', 'settled'")
    op.drop_constraint(op.f("ck_match_review_kind"), "match_review")
    for name in ("bridge", "run_id", "kind"):
        op.drop_column("match_review", name)
    op.drop_table("linkage_finding")
    op.drop_table("linkage_run")


def _states(states: str) -> None:
    op.drop_constraint(op.f("ck_match_review_state"), "match_review")
    op.create_check_constraint(op.f("ck_match_review_state"), "match_review", f"state IN ({states})")


def _runs() -> None:
    op.create_table(
        "linkage_run",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("cause", sa.Text(), nullable=False),
        sa.Column("night", sa.Date()),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("phase", sa.Text(), nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("cursor", sa.Uuid()),
        sa.Column("model_version", sa.Integer(), nullable=False),
        sa.Column("customers", sa.Integer(), nullable=False),
        sa.Column("found_online", sa.Integer(), nullable=False),
        *(sa.Column(name, sa.Integer(), nullable=False) for name in _COUNTED),
        sa.Column("started_at", INSTANT, nullable=False),
        sa.Column("started_by", sa.Text(), nullable=False),
        sa.Column("finished_at", INSTANT),
        sa.CheckConstraint("cause IN ('night', 'request')", name=op.f("ck_linkage_run_cause")),
        sa.CheckConstraint("state IN ('running', 'done')", name=op.f("ck_linkage_run_state")),
        sa.CheckConstraint(
            "phase IN ('customers', 'questions', 'persons')", name=op.f("ck_linkage_run_phase")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_linkage_run")),
    )
    op.create_index(
        "uq_linkage_run_running",
        "linkage_run",
        ["state"],
        unique=True,
        postgresql_where=sa.text("state = 'running'"),
    )
    op.create_index("uq_linkage_run_night", "linkage_run", ["night"], unique=True)


def _findings() -> None:
    op.create_table(
        "linkage_finding",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("run_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("one", sa.Uuid(), nullable=False),
        sa.Column("other", sa.Uuid()),
        sa.Column("model_version", sa.Integer(), nullable=False),
        sa.Column("probability", sa.Double()),
        sa.Column("subject_id", sa.Uuid()),
        sa.Column("detail", postgresql.JSONB(), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.CheckConstraint(
            "kind IN ('merged', 'proposed', 'closed', 'bridge', 'split', 'skipped')",
            name=op.f("ck_linkage_finding_kind"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_linkage_finding")),
        sa.ForeignKeyConstraint(
            ["run_id"], ["linkage_run.id"], name=op.f("fk_linkage_finding_run_id_linkage_run")
        ),
    )
    op.create_index("ix_linkage_finding_run_id", "linkage_finding", ["run_id", "id"])
    op.create_index("ix_linkage_finding_one", "linkage_finding", ["one"])
    op.create_index("ix_linkage_finding_other", "linkage_finding", ["other"])
