"""Steps of counted numbers are told as one where something happens all the time: who is to be told of them, and when."""

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("person_fact", sa.Column("tell_at", sa.DateTime(timezone=True)))
    op.create_index(
        "ix_person_fact_tell_at", "person_fact", ["tell_at"], postgresql_where=sa.text("tell_at IS NOT NULL")
    )


def downgrade() -> None:
    op.drop_column("person_fact", "tell_at")
