"""The first schema, plumbing included."""

import sqlalchemy as sa
from alembic import op
from careloop_common import plumbing_migrations
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    plumbing_migrations.create()
    op.create_table(
        "customer",
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("facts", postgresql.JSONB(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("customer_id", name=op.f("pk_customer")),
    )
    op.create_index("ix_customer_status", "customer", ["status", "customer_id"], unique=False)
    op.create_table(
        "customer_activity",
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.Column("interactions", sa.BigInteger(), nullable=False),
        sa.Column("payments", sa.BigInteger(), nullable=False),
        sa.Column("amount", sa.Numeric(precision=16, scale=2), nullable=False),
        sa.Column("complaints", sa.BigInteger(), nullable=False),
        sa.Column("last_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_paid_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("customer_id", name=op.f("pk_customer_activity")),
    )
    op.create_table(
        "cut_point_version",
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("rfm", postgresql.JSONB(), nullable=False),
        sa.Column("arpu", postgresql.JSONB(), nullable=False),
        sa.Column("tier_table", sa.Integer(), nullable=False),
        sa.Column("customers", sa.Integer(), nullable=False),
        sa.Column("as_of", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("version", name=op.f("pk_cut_point_version")),
    )
    op.create_table(
        "score",
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.Column("run_id", sa.Uuid(), nullable=False),
        sa.Column("model_version", sa.Text(), nullable=True),
        sa.Column("basis", sa.Text(), nullable=False),
        sa.Column("probability", sa.Float(), nullable=False),
        sa.Column("band", sa.Text(), nullable=False),
        sa.Column("tier", sa.Text(), nullable=False),
        sa.Column("rfm_segment", sa.Text(), nullable=True),
        sa.Column("rfm_basis", sa.Text(), nullable=True),
        sa.Column("rfm_recency", sa.SmallInteger(), nullable=True),
        sa.Column("rfm_frequency", sa.SmallInteger(), nullable=True),
        sa.Column("rfm_monetary", sa.SmallInteger(), nullable=True),
        sa.Column("driver", sa.Text(), nullable=True),
        sa.Column("reasons", postgresql.JSONB(), nullable=False),
        sa.Column("cut_points", sa.Integer(), nullable=False),
        sa.Column("as_of", sa.DateTime(timezone=True), nullable=False),
        sa.Column("scored_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("at_risk", sa.Boolean(), nullable=False),
        sa.Column("warned", sa.Boolean(), nullable=False),
        sa.Column("warned_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("published", postgresql.JSONB(), nullable=False),
        sa.CheckConstraint("band IN ('low', 'medium', 'high')", name=op.f("ck_score_band")),
        sa.CheckConstraint(
            "tier IN ('strategic', 'potential', 'mass', 'warning')", name=op.f("ck_score_tier")
        ),
        sa.CheckConstraint("probability BETWEEN 0 AND 1", name=op.f("ck_score_probability")),
        sa.PrimaryKeyConstraint("customer_id", name=op.f("pk_score")),
    )
    op.create_index(
        "ix_score_band", "score", ["band", sa.text("probability DESC"), "customer_id"], unique=False
    )
    op.create_index(
        "ix_score_probability", "score", [sa.text("probability DESC"), "customer_id"], unique=False
    )
    op.create_index(
        "ix_score_rfm_segment",
        "score",
        ["rfm_segment", sa.text("probability DESC"), "customer_id"],
        unique=False,
    )
    op.create_index(
        "ix_score_tier", "score", ["tier", sa.text("probability DESC"), "customer_id"], unique=False
    )
    op.create_table(
        "scoring_model",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("run_id", sa.Uuid(), nullable=False),
        sa.Column("card", postgresql.JSONB(), nullable=False),
        sa.Column("verdict", sa.Text(), nullable=False),
        sa.Column("as_of", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("activated_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("retired_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "state IN ('candidate', 'active', 'retired')", name=op.f("ck_scoring_model_state")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_scoring_model")),
    )
    op.create_index(
        "uq_scoring_model_active",
        "scoring_model",
        ["name"],
        unique=True,
        postgresql_where=sa.text("state = 'active'"),
    )
    op.create_index("uq_scoring_model_number", "scoring_model", ["name", "number"], unique=True)
    op.create_table(
        "scoring_run",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("phase", sa.Text(), nullable=False),
        sa.Column("train", sa.Text(), nullable=False),
        sa.Column("raise_warnings", sa.Boolean(), nullable=False),
        sa.Column("refresh_cut_points", sa.Boolean(), nullable=False),
        sa.Column("as_of", sa.DateTime(timezone=True), nullable=False),
        sa.Column("requested_by", sa.Text(), nullable=False),
        sa.Column("requested_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("stalled", sa.Integer(), nullable=False),
        sa.Column("position", sa.Uuid(), nullable=True),
        sa.Column("model_id", sa.Uuid(), nullable=True),
        sa.Column("model_version", sa.Text(), nullable=True),
        sa.Column("basis", sa.Text(), nullable=True),
        sa.Column("cut_points", sa.Integer(), nullable=True),
        sa.Column("counts", postgresql.JSONB(), nullable=False),
        sa.Column("metrics", postgresql.JSONB(), nullable=False),
        sa.Column("notes", postgresql.JSONB(), nullable=False),
        sa.Column("error", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "phase IN ('training', 'cutting', 'scoring', 'done')", name=op.f("ck_scoring_run_phase")
        ),
        sa.CheckConstraint(
            "state IN ('queued', 'running', 'completed', 'failed')", name=op.f("ck_scoring_run_state")
        ),
        sa.CheckConstraint("train IN ('auto', 'yes', 'no')", name=op.f("ck_scoring_run_train")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_scoring_run")),
    )
    op.create_index(
        "ix_scoring_run_open",
        "scoring_run",
        ["id"],
        unique=False,
        postgresql_where=sa.text("state IN ('queued', 'running')"),
    )
    op.create_index(
        "uq_scoring_run_queued",
        "scoring_run",
        ["state"],
        unique=True,
        postgresql_where=sa.text("state = 'queued'"),
    )
    op.create_table(
        "tier_table",
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("content", postgresql.JSONB(), nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("version", name=op.f("pk_tier_table")),
    )
    op.create_table(
        "model_artefact",
        sa.Column("model_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["model_id"], ["scoring_model.id"], name=op.f("fk_model_artefact_model_id")),
        sa.PrimaryKeyConstraint("model_id", "name", name=op.f("pk_model_artefact")),
    )
    op.create_table(
        "model_training_row",
        sa.Column("model_id", sa.Uuid(), nullable=False),
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.Column("fold", sa.SmallInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["model_id"], ["scoring_model.id"], name=op.f("fk_model_training_row_model_id")
        ),
        sa.PrimaryKeyConstraint("model_id", "customer_id", name=op.f("pk_model_training_row")),
    )


def downgrade() -> None:
    op.drop_table("model_training_row")
    op.drop_table("model_artefact")
    op.drop_table("tier_table")
    op.drop_index(
        "uq_scoring_run_queued", table_name="scoring_run", postgresql_where=sa.text("state = 'queued'")
    )
    op.drop_index(
        "ix_scoring_run_open",
        table_name="scoring_run",
        postgresql_where=sa.text("state IN ('queued', 'running')"),
    )
    op.drop_table("scoring_run")
    op.drop_index("uq_scoring_model_number", table_name="scoring_model")
    op.drop_index(
        "uq_scoring_model_active", table_name="scoring_model", postgresql_where=sa.text("state = 'active'")
    )
    op.drop_table("scoring_model")
    op.drop_index("ix_score_tier", table_name="score")
    op.drop_index("ix_score_rfm_segment", table_name="score")
    op.drop_index("ix_score_probability", table_name="score")
    op.drop_index("ix_score_band", table_name="score")
    op.drop_table("score")
    op.drop_table("cut_point_version")
    op.drop_table("customer_activity")
    op.drop_index("ix_customer_status", table_name="customer")
    op.drop_table("customer")
    plumbing_migrations.drop()
