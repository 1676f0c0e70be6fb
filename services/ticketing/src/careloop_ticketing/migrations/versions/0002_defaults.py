"""The SLA policy and the rule set that a new installation starts with: version 1 of each, as this release ships them."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from careloop_ticketing.defaults import rule_set, sla_policy

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for name, document in (("sla_policy", sla_policy()), ("rule_set", rule_set())):
        table = sa.table(
            name,
            sa.column("name", sa.Text),
            sa.column("document", JSONB),
            sa.column("created_at", sa.DateTime(timezone=True)),
            sa.column("created_by", sa.Text),
        )
        row = {
            "name": document["name"],
            "document": document,
            "created_at": sa.func.now(),
            "created_by": "system",
        }
        op.execute(sa.insert(table).values(row))
