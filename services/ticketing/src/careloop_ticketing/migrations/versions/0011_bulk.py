"""Bulk jobs; the resolution of an incident's children becomes one."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

# An incident had one resolution, so its id can be the job's.
JOBS = """
    INSERT INTO bulk_job (id, act, arguments, dry_run, state, cursor, total, changed, no_effect, impossible, actor_id,
        actor_kind, requested_at, worked_at, finished_at)
    SELECT ticket_id, 'resolve', jsonb_build_object('outcome', outcome, 'note', note), false,
        CASE WHEN finished_at IS NULL THEN 'queued' ELSE 'done' END, NULL, count(child), count(child) FILTER
        (WHERE progress = 'resolved'), 0, count(child) FILTER (WHERE progress = 'skipped'), coalesce(actor_id, ''),
        coalesce(actor_kind, ''), requested_at, requested_at, finished_at
    FROM incident LEFT JOIN (SELECT incident_id, ticket_id AS child, progress FROM incident_child) AS children
        ON incident_id = ticket_id
    WHERE requested_at IS NOT NULL GROUP BY ticket_id
"""
ITEMS = """
    INSERT INTO bulk_item (job_id, ticket_id, result, done_at)
    SELECT incident_id, ticket_id,
        CASE progress WHEN 'resolved' THEN 'changed' WHEN 'skipped' THEN 'impossible' ELSE 'pending' END, done_at
    FROM incident_child
"""


def upgrade() -> None:
    op.create_table(
        "bulk_job",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("act", sa.String(40), nullable=False),
        sa.Column("arguments", JSONB(), nullable=False),
        sa.Column("dry_run", sa.Boolean(), nullable=False),
        sa.Column("undoes", sa.Uuid()),
        sa.Column("rule", sa.Text()),
        sa.Column("view", sa.Text()),
        sa.Column("state", sa.String(40), nullable=False),
        sa.Column("cursor", sa.Uuid()),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("changed", sa.Integer(), nullable=False),
        sa.Column("no_effect", sa.Integer(), nullable=False),
        sa.Column("impossible", sa.Integer(), nullable=False),
        sa.Column("actor_id", sa.Text(), nullable=False),
        sa.Column("actor_kind", sa.Text(), nullable=False),
        sa.Column("requested_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("worked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True)),
        sa.Column("forgotten_at", sa.DateTime(timezone=True)),
        sa.ForeignKeyConstraint(["undoes"], ["bulk_job.id"], name=op.f("fk_bulk_job_undoes")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bulk_job")),
    )
    op.create_index(
        "ix_bulk_job_open",
        "bulk_job",
        ["worked_at", "id"],
        postgresql_where=sa.text("state IN ('queued', 'running')"),
    )
    op.create_index(
        "ix_bulk_job_kept", "bulk_job", ["finished_at"], postgresql_where=sa.text("forgotten_at IS NULL")
    )
    op.create_table(
        "bulk_item",
        sa.Column("job_id", sa.Uuid(), nullable=False),
        sa.Column("ticket_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer()),
        sa.Column("arguments", JSONB()),
        sa.Column("result", sa.String(40), nullable=False),
        sa.Column("code", sa.Text()),
        sa.Column("detail", sa.Text()),
        sa.Column("version_after", sa.Integer()),
        sa.Column("back", JSONB()),
        sa.Column("done_at", sa.DateTime(timezone=True)),
        sa.ForeignKeyConstraint(["job_id"], ["bulk_job.id"], name=op.f("fk_bulk_item_job_id")),
        sa.PrimaryKeyConstraint("job_id", "ticket_id", name=op.f("pk_bulk_item")),
    )
    _incidents()


def _incidents() -> None:
    op.add_column("incident", sa.Column("job_id", sa.Uuid()))
    op.execute(JOBS)
    op.execute(ITEMS)
    op.execute("UPDATE incident SET job_id = ticket_id WHERE requested_at IS NOT NULL")
    op.create_foreign_key(op.f("fk_incident_job_id"), "incident", "bulk_job", ["job_id"], ["id"])
    op.drop_table("incident_child")
    op.drop_index("ix_incident_unfinished", "incident")
    for name in ("outcome", "note", "actor_id", "actor_kind", "requested_at", "finished_at"):
        op.drop_column("incident", name)
