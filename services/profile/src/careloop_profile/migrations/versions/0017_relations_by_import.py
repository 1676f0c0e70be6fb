"""What files say of two customers, and what of it waits for one of them."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "import_waiting",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("import_id", sa.Uuid(), nullable=False),
        sa.Column("line", sa.BigInteger(), nullable=False),
        sa.Column("column", sa.Text(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("said", postgresql.JSONB(), nullable=False),
        sa.Column("refs", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("value_sealed", sa.Text()),
        sa.Column("due", sa.Boolean(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_import_waiting")),
    )
    op.create_index("ix_import_waiting_refs", "import_waiting", ["refs"], postgresql_using="gin")
    op.create_index("ix_import_waiting_import_id", "import_waiting", ["import_id", "line"])
    op.create_index(
        "ix_import_waiting_due", "import_waiting", ["import_id"], postgresql_where=sa.text("due")
    )
    op.add_column(
        "import_job", sa.Column("relations", postgresql.JSONB(), nullable=False, server_default="{}")
    )
    op.alter_column("import_job", "relations", server_default=None)


def downgrade() -> None:
    op.drop_column("import_job", "relations")
    op.drop_table("import_waiting")
