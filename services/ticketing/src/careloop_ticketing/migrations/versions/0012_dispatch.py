"""Agents, teams, shifts and routing; the line of tickets that wait for somebody."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from careloop_ticketing.defaults import routing

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("ticket", sa.Column("team", sa.Text()))
    op.add_column("ticket", sa.Column("team_pinned", sa.Boolean(), nullable=False, server_default="false"))
    op.alter_column("ticket", "team_pinned", server_default=None)
    op.add_column("ticket", sa.Column("released_by", sa.Text()))
    op.create_index(
        "ix_ticket_line",
        "ticket",
        ["vip", "id"],
        postgresql_where=sa.text("assignee_id IS NULL AND status IN ('classified', 'handling')"),
    )
    op.create_index(
        "ix_ticket_held",
        "ticket",
        ["assignee_id", "status"],
        postgresql_where=sa.text(
            "assignee_id IS NOT NULL AND status IN ('classified', 'handling', 'waiting')"
        ),
    )
    _agents()
    _teams()
    _routing()


def _agents() -> None:
    op.create_table(
        "agent",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("level", sa.String(40), nullable=False),
        sa.Column("department", sa.Text(), nullable=False),
        sa.Column("languages", ARRAY(sa.Text()), nullable=False),
        sa.Column("regions", ARRAY(sa.Text()), nullable=False),
        sa.Column("capacity", sa.SmallInteger(), nullable=False),
        sa.Column("calendar", sa.Text()),
        sa.Column("hands_over", sa.Boolean(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_by", sa.Text(), nullable=False),
        sa.Column("last_assigned_at", sa.DateTime(timezone=True)),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_agent")),
    )
    op.create_table(
        "agent_certificate",
        sa.Column("agent_id", sa.Text(), nullable=False),
        sa.Column("skill", sa.Text(), nullable=False),
        sa.Column("certificate", sa.SmallInteger(), nullable=False),
        sa.Column("valid_until", sa.DateTime(timezone=True)),
        sa.CheckConstraint("certificate BETWEEN 1 AND 5", name=op.f("ck_agent_certificate_five_levels")),
        sa.ForeignKeyConstraint(["agent_id"], ["agent.id"], name=op.f("fk_agent_certificate_agent_id")),
        sa.PrimaryKeyConstraint("agent_id", "skill", name=op.f("pk_agent_certificate")),
    )
    op.create_index(op.f("ix_agent_certificate_skill"), "agent_certificate", ["skill"])
    op.create_table(
        "agent_shift",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("agent_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("starts_at < ends_at", name=op.f("ck_agent_shift_lasts")),
        sa.ForeignKeyConstraint(["agent_id"], ["agent.id"], name=op.f("fk_agent_shift_agent_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_agent_shift")),
    )
    op.create_index("ix_agent_shift_agent_id", "agent_shift", ["agent_id", "ends_at"])


def _teams() -> None:
    op.create_table(
        "team",
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("lead_id", sa.Text()),
        sa.Column("ticket_id", sa.Uuid()),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_by", sa.Text(), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True)),
        sa.ForeignKeyConstraint(["lead_id"], ["agent.id"], name=op.f("fk_team_lead_id")),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_team")),
    )
    op.create_index(
        "uq_team_ticket_id",
        "team",
        ["ticket_id"],
        unique=True,
        postgresql_where=sa.text("ticket_id IS NOT NULL AND ended_at IS NULL"),
    )
    op.create_table(
        "team_member",
        sa.Column("team", sa.Text(), nullable=False),
        sa.Column("agent_id", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["team"], ["team.code"], name=op.f("fk_team_member_team")),
        sa.ForeignKeyConstraint(["agent_id"], ["agent.id"], name=op.f("fk_team_member_agent_id")),
        sa.PrimaryKeyConstraint("team", "agent_id", name=op.f("pk_team_member")),
    )
    op.create_index(op.f("ix_team_member_agent_id"), "team_member", ["agent_id"])


def _routing() -> None:
    table = op.create_table(
        "routing_policy",
        sa.Column("version", sa.Integer(), sa.Identity(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("document", JSONB(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("version", name=op.f("pk_routing_policy")),
    )
    document = routing()
    row = {
        "name": document["name"],
        "document": document,
        "created_at": sa.func.now(),
        "created_by": "system",
    }
    op.execute(sa.insert(table).values(row))
