"""What was reached on the way to a remedy: clocks count from it and up to it."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY

revision = "0026"
down_revision = "0024"
branch_labels = None
depends_on = None


def upgrade() -> None:
    none = sa.Column("milestones", ARRAY(sa.String(40)), nullable=False, server_default="{}")
    op.add_column("ticket", none)
    op.alter_column("ticket", "milestones", server_default=None)
