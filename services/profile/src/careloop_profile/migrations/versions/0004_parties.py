"""Who belongs to whom: relations, accounts, and the days on which something comes round."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0007"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "relationship",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("from_id", sa.Uuid(), nullable=False),
        sa.Column("to_id", sa.Uuid(), nullable=False),
        sa.Column("organization_id", sa.Uuid()),
        sa.Column("account_id", sa.Uuid()),
        sa.Column("subscription_id", sa.Uuid()),
        sa.Column("role", sa.Text()),
        sa.Column("title", sa.Text()),
        sa.Column("influence", sa.SmallInteger()),
        sa.Column("stance", sa.Text()),
        sa.Column("rapport", sa.SmallInteger()),
        sa.Column("preference", sa.Text()),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("evidence", sa.Text()),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date()),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("decided_at", INSTANT),
        sa.Column("decided_by", sa.Text()),
        sa.Column("ended_at", INSTANT),
        sa.Column("ended_by", sa.Text()),
        sa.Column("end_reason", sa.Text()),
        sa.CheckConstraint("from_id <> to_id OR account_id IS NOT NULL", name=op.f("ck_relationship_two")),
        sa.CheckConstraint("valid_to >= valid_from", name=op.f("ck_relationship_span")),
        sa.CheckConstraint("influence BETWEEN -5 AND 5", name=op.f("ck_relationship_influence")),
        sa.CheckConstraint("rapport BETWEEN 0 AND 5", name=op.f("ck_relationship_rapport")),
        sa.CheckConstraint(
            "state IN ('proposed', 'confirmed', 'dismissed')", name=op.f("ck_relationship_state")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_relationship")),
    )
    for column in ("from_id", "to_id", "organization_id", "account_id"):
        op.create_index(f"ix_relationship_{column}", "relationship", [column])
    op.create_index(
        "ix_relationship_proposed", "relationship", ["id"], postgresql_where=sa.text("state = 'proposed'")
    )
    op.create_table(
        "account",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("payer_id", sa.Uuid(), nullable=False),
        sa.Column("family", sa.Boolean(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("external_id", sa.Text()),
        sa.Column("opened_on", sa.Date(), nullable=False),
        sa.Column("closed_on", sa.Date()),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_account")),
    )
    op.create_index("ix_account_payer_id", "account", ["payer_id"])
    op.create_table(
        "birthday",
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("customer_id", name=op.f("pk_birthday")),
    )
    op.create_index("ix_birthday_key", "birthday", ["key", "customer_id"])
    op.create_table(
        "anniversary_sweep",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("planned_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("day", name=op.f("pk_anniversary_sweep")),
    )
    _index_days()


def _index_days() -> None:
    """The days by which customers, contracts and devices are found when they come round."""
    op.create_index(
        "ix_customer_joined_day",
        "customer",
        [sa.text("(extract(month FROM joined_on) * 100 + extract(day FROM joined_on))")],
        postgresql_where=sa.text("joined_on IS NOT NULL"),
    )
    op.create_index(
        "ix_subscription_ended_on",
        "subscription",
        ["ended_on"],
        postgresql_where=sa.text("ended_on IS NOT NULL"),
    )
    op.create_index(
        "ix_device_warranty_until",
        "device",
        ["warranty_until"],
        postgresql_where=sa.text("warranty_until IS NOT NULL"),
    )
