"""Each instance of a repeating clock has a timer of its own."""

from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        "UPDATE timer SET step = c.name || '#' || c.instance FROM sla_clock AS c WHERE timer.kind = 'sla'"
        " AND c.instance > 1 AND c.next_at IS NOT NULL AND c.subject_id = timer.owner_id AND c.name = timer.step"
    )
