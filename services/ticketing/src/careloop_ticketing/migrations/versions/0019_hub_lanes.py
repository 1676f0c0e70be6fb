"""Notifications: a body once for all who want it, and how each subscriber does."""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)
WAITING = sa.text("state = 'waiting'")


def upgrade() -> None:
    op.add_column(
        "tmf621_subscription", sa.Column("failures", sa.Integer(), nullable=False, server_default="0")
    )
    op.alter_column("tmf621_subscription", "failures", server_default=None)
    for column in (
        sa.Column("open_until", INSTANT, nullable=True),
        sa.Column("disabled_at", INSTANT, nullable=True),
        sa.Column("disabled_by", sa.Text(), nullable=True),
    ):
        op.add_column("tmf621_subscription", column)
    op.create_table(
        "tmf621_notification",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("event_id", sa.Uuid(), nullable=False),
        sa.Column("event_type", sa.String(length=40), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tmf621_notification")),
    )
    op.add_column("tmf621_delivery", sa.Column("notification_id", sa.Uuid(), nullable=True))
    op.add_column("tmf621_delivery", sa.Column("give_up_at", INSTANT, nullable=True))
    # Those of before stay as they were, each with a body of its own that is not sealed: the longest for thirty days.
    op.execute(
        "UPDATE tmf621_delivery SET notification_id = gen_random_uuid(), give_up_at = created_at + interval '24 hours'"
    )
    op.execute(
        "INSERT INTO tmf621_notification (id, event_id, event_type, body, created_at)"
        " SELECT notification_id, event_id, event_type, convert_to(body, 'UTF8'), created_at FROM tmf621_delivery"
    )
    for name in ("notification_id", "give_up_at"):
        op.alter_column("tmf621_delivery", name, nullable=False)
    for name in ("event_id", "event_type", "body"):
        op.drop_column("tmf621_delivery", name)
    op.create_foreign_key(
        op.f("fk_tmf621_delivery_notification_id"),
        "tmf621_delivery",
        "tmf621_notification",
        ["notification_id"],
        ["id"],
    )
    op.create_index("ix_tmf621_delivery_notification_id", "tmf621_delivery", ["notification_id"])
    op.create_index(
        "ix_tmf621_delivery_due", "tmf621_delivery", ["subscription_id", "id"], postgresql_where=WAITING
    )
    op.create_index("ix_tmf621_delivery_give_up_at", "tmf621_delivery", ["give_up_at"], postgresql_where=WAITING)
    op.create_index(
        "ix_tmf621_delivery_ended_at",
        "tmf621_delivery",
        ["ended_at"],
        postgresql_where=sa.text("ended_at IS NOT NULL"),
    )
