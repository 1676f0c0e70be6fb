"""Who refused to be scored."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("customer", sa.Column("withheld", sa.Text()))
    op.create_index(
        "ix_customer_withheld",
        "customer",
        ["customer_id"],
        postgresql_where=sa.text("withheld IS NOT NULL"),
    )
