"""In a flood: first is counted what the day did not have yet, and the steps of counted numbers are told as one."""

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "interaction_news", sa.Column("already", sa.SmallInteger(), server_default=sa.text("0"), nullable=False)
    )
    op.create_index(
        "ix_interaction_news_novel", "interaction_news", ["customer_id"], postgresql_where=sa.text("already = 0")
    )
    op.add_column("person_fact", sa.Column("tell_at", sa.DateTime(timezone=True)))
    op.create_index(
        "ix_person_fact_tell_at", "person_fact", ["tell_at"], postgresql_where=sa.text("tell_at IS NOT NULL")
    )


def downgrade() -> None:
    # The version before shows the number that was told last: it asks anew, as at the first look.
    op.execute("UPDATE person_fact SET evaluated_at = NULL WHERE tell_at IS NOT NULL")
    op.drop_column("person_fact", "tell_at")
    op.drop_column("interaction_news", "already")
