"""Courses and what came of them, certificates that are earned, drills, medals."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _earned()
    _training()
    _drills()
    _medals()


def _earned() -> None:
    op.create_table(
        "agent_earned_certificate",
        sa.Column("source", sa.Uuid(), nullable=False),
        sa.Column("agent_id", sa.Text(), nullable=False),
        sa.Column("skill", sa.Text(), nullable=False),
        sa.Column("certificate", sa.SmallInteger(), nullable=False),
        sa.Column("valid_until", sa.DateTime(timezone=True)),
        sa.CheckConstraint(
            "certificate BETWEEN 1 AND 5", name=op.f("ck_agent_earned_certificate_five_levels")
        ),
        sa.ForeignKeyConstraint(
            ["agent_id"], ["agent.id"], name=op.f("fk_agent_earned_certificate_agent_id")
        ),
        sa.PrimaryKeyConstraint("source", name=op.f("pk_agent_earned_certificate")),
    )
    for column in ("agent_id", "skill"):
        op.create_index(
            op.f(f"ix_agent_earned_certificate_{column}"), "agent_earned_certificate", [column]
        )


def _training() -> None:
    op.create_table(
        "training_course",
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("name_zh", sa.Text(), nullable=False),
        sa.Column("skill", sa.Text()),
        sa.Column("certificate", sa.SmallInteger()),
        sa.Column("passing_score", sa.SmallInteger(), nullable=False),
        sa.Column("months", sa.SmallInteger()),
        sa.Column("offered", sa.Boolean(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_by", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "(skill IS NULL) = (certificate IS NULL)", name=op.f("ck_training_course_whole_certificate")
        ),
        sa.CheckConstraint("passing_score BETWEEN 1 AND 100", name=op.f("ck_training_course_passable")),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_training_course")),
    )
    op.create_table(
        "training_result",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("agent_id", sa.Text(), nullable=False),
        sa.Column("course", sa.Text(), nullable=False),
        sa.Column("score", sa.SmallInteger(), nullable=False),
        sa.Column("taken_on", sa.Date(), nullable=False),
        sa.Column("passed", sa.Boolean(), nullable=False),
        sa.Column("valid_until", sa.DateTime(timezone=True)),
        sa.Column("corrects", sa.Uuid()),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["agent_id"], ["agent.id"], name=op.f("fk_training_result_agent_id")),
        sa.ForeignKeyConstraint(["course"], ["training_course.code"], name=op.f("fk_training_result_course")),
        sa.ForeignKeyConstraint(["corrects"], ["training_result.id"], name=op.f("fk_training_result_corrects")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_training_result")),
        sa.UniqueConstraint("corrects", name="uq_training_result_corrects"),
    )
    op.create_index("ix_training_result_agent_id", "training_result", ["agent_id", "id"])
    op.create_index(op.f("ix_training_result_course"), "training_result", ["course"])


def _drills() -> None:
    op.create_table(
        "drill",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("team", sa.Text(), nullable=False),
        sa.Column("scenario", sa.Text(), nullable=False),
        sa.Column("planned_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("participants", ARRAY(sa.Text()), nullable=False),
        sa.Column("done_at", sa.DateTime(timezone=True)),
        sa.Column("findings", sa.Text()),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_by", sa.Text(), nullable=False),
        sa.CheckConstraint("(done_at IS NULL) = (findings IS NULL)", name=op.f("ck_drill_whole_report")),
        sa.ForeignKeyConstraint(["team"], ["team.code"], name=op.f("fk_drill_team")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_drill")),
    )
    op.create_index("ix_drill_team", "drill", ["team", "id"])
    op.create_table(
        "drill_measure",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("drill_id", sa.Uuid(), nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("owner_id", sa.Text(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("done_at", sa.DateTime(timezone=True)),
        sa.Column("done_by", sa.Text()),
        sa.ForeignKeyConstraint(["drill_id"], ["drill.id"], name=op.f("fk_drill_measure_drill_id")),
        sa.ForeignKeyConstraint(["owner_id"], ["agent.id"], name=op.f("fk_drill_measure_owner_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_drill_measure")),
    )
    op.create_index(op.f("ix_drill_measure_drill_id"), "drill_measure", ["drill_id"])
    op.create_index(
        "ix_drill_measure_due_on",
        "drill_measure",
        ["due_on", "id"],
        postgresql_where=sa.text("done_at IS NULL"),
    )


def _medals() -> None:
    op.create_table(
        "medal",
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("name_zh", sa.Text(), nullable=False),
        sa.Column("rule", sa.Text()),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_by", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_medal")),
    )
    op.create_table(
        "medal_award",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("medal", sa.Text(), nullable=False),
        sa.Column("agent_id", sa.Text(), nullable=False),
        sa.Column("month", sa.Text(), nullable=False),
        sa.Column("rule", sa.Text()),
        sa.Column("figures", JSONB()),
        sa.Column("reason", sa.Text()),
        sa.Column("awarded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("awarded_by", sa.Text(), nullable=False),
        sa.Column("taken_back_at", sa.DateTime(timezone=True)),
        sa.Column("taken_back_by", sa.Text()),
        sa.Column("taken_back_because", sa.Text()),
        sa.ForeignKeyConstraint(["medal"], ["medal.code"], name=op.f("fk_medal_award_medal")),
        sa.ForeignKeyConstraint(["agent_id"], ["agent.id"], name=op.f("fk_medal_award_agent_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_medal_award")),
        sa.UniqueConstraint("medal", "agent_id", "month", name="uq_medal_award_medal"),
    )
    op.create_index("ix_medal_award_agent_id", "medal_award", ["agent_id", "id"])
    op.create_table(
        "medal_month",
        sa.Column("month", sa.Text(), nullable=False),
        sa.Column("judged_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("awards", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("month", name=op.f("pk_medal_month")),
    )
