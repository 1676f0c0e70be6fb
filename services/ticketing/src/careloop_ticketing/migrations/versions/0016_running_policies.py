"""Which policy versions clocks still run under, without looking at the clocks."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(
        "ix_sla_clock_policy_version",
        "sla_clock",
        ["policy_version"],
        postgresql_where=sa.text("state <> 'stopped'"),
    )
