"""Lists and counts of tickets that read an index where they read every ticket."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

LISTED = ["id", "team", "product", "channel", "region", "kind", "cause", "tier", "severity", "emotion", "level"]


def upgrade() -> None:
    op.create_index("ix_ticket_listed", "ticket", LISTED)
    op.create_index(
        "ix_ticket_customer_reference",
        "ticket",
        ["customer_external_id", "customer_source"],
        postgresql_where=sa.text("customer_external_id IS NOT NULL"),
    )
    op.create_index("ix_ticket_subject", "ticket", ["subject"], postgresql_using="hash")
    op.create_index(
        "ix_ticket_rule_set",
        "ticket",
        ["rule_set", "status", "feedback_round"],
        postgresql_where=sa.text("rule_set IS NOT NULL"),
    )
    op.create_index(
        "ix_tmf621_extension_kept",
        "tmf621_extension",
        ["kept"],
        postgresql_using="gin",
        postgresql_ops={"kept": "jsonb_path_ops"},
    )
