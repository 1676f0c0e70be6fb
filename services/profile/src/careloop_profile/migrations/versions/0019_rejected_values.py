"""Whose a value is that an import refused, so that it goes when the customer is erased."""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("import_reject", sa.Column("customer_id", sa.Uuid()))
    op.create_index(
        "ix_import_reject_customer",
        "import_reject",
        ["customer_id"],
        postgresql_where=sa.text("customer_id IS NOT NULL"),
    )


def downgrade() -> None:
    op.drop_column("import_reject", "customer_id")
