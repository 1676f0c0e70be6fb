"""How far it is written down what the switch or the end of a version made of everybody's tags."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for column in (
        sa.Column("ended_by", sa.Text()),
        sa.Column("replaces", sa.Integer()),
        sa.Column("history_from", sa.BigInteger()),
        sa.Column("recorded_at", sa.DateTime(timezone=True)),
    ):
        op.add_column("tag_definition", column)
    # Until now it was written down at once.
    op.execute("""
        UPDATE tag_definition SET recorded_at = coalesce(ended_at, switched_at)
        WHERE state IN ('active', 'superseded', 'retired')
    """)


def downgrade() -> None:
    for name in ("recorded_at", "history_from", "replaces", "ended_by"):
        op.drop_column("tag_definition", name)
