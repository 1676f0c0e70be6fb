"""The clocks that recalculations begin and end; and whoever has the SLA policy of an older release gets the one of this one.

What runs keeps the policy under which it started, until somebody applies the new one to it.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from careloop_ticketing.defaults import sla_policy

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for name in ("begun", "ended"):
        op.add_column("sla_recalculation", sa.Column(name, sa.Integer(), nullable=False, server_default="0"))
        op.alter_column("sla_recalculation", name, server_default=None)
    _publish_policy()


def _publish_policy() -> None:
    table = sa.table(
        "sla_policy",
        sa.column("version", sa.Integer),
        sa.column("name", sa.Text),
        sa.column("document", JSONB),
        sa.column("created_at", sa.DateTime(timezone=True)),
        sa.column("created_by", sa.Text),
    )
    bind = op.get_bind()
    newest = sa.select(table.c.created_by, table.c.document).order_by(table.c.version.desc()).limit(1)
    created_by, document = bind.execute(newest).one()
    if created_by != "system" or "closed_loop" in document["clocks"]:
        return
    shipped = sla_policy()
    row = {"name": shipped["name"], "document": shipped, "created_at": sa.func.now(), "created_by": "system"}
    bind.execute(sa.insert(table).values(row))
