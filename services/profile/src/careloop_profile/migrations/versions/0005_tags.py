"""What is said of a person in a word: definitions, facts, values, history, and counts by the day."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0005"
down_revision = "0012"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)
TEXTS = postgresql.ARRAY(sa.Text())
DOCUMENT = postgresql.JSONB()


def upgrade() -> None:
    _definitions()
    _facts()
    op.create_table(
        "person_tag",
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("group", sa.SmallInteger(), nullable=False),
        sa.Column("held", DOCUMENT, nullable=False),
        sa.PrimaryKeyConstraint("person_id", "group", name=op.f("pk_person_tag")),
        postgresql_with={"fillfactor": 80},
    )
    op.create_table(
        "tag_history",
        sa.Column("number", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("before", DOCUMENT),
        sa.Column("after", DOCUMENT),
        sa.Column("cause", DOCUMENT, nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_tag_history")),
    )
    op.create_index("ix_tag_history_person", "tag_history", ["person_id", sa.text("number DESC")])
    op.create_table(
        "tag_given",
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("value", DOCUMENT, nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("expires_at", INSTANT),
        sa.PrimaryKeyConstraint("customer_id", "code", name=op.f("pk_tag_given")),
    )
    op.create_table(
        "tag_walk",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("cursor", sa.Uuid()),
        sa.Column("started_at", INSTANT, nullable=False),
        sa.Column("done_at", INSTANT),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_tag_walk")),
    )
    _counts()


def _definitions() -> None:
    op.create_table(
        "tag_definition",
        sa.Column("number", sa.Integer(), sa.Identity(), nullable=False),
        *(
            sa.Column(name, sa.Text(), nullable=False)
            for name in ("code", "name", "name_zh", "description", "category", "pack", "kind", "value_type")
        ),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("content", DOCUMENT, nullable=False),
        sa.Column("depends_on", TEXTS, nullable=False),
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("sensitivity", sa.Text(), nullable=False),
        sa.Column("ttl_days", sa.Integer()),
        sa.Column("group", sa.SmallInteger(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("published_at", INSTANT),
        sa.Column("published_by", sa.Text()),
        sa.Column("switched_at", INSTANT),
        sa.Column("ended_at", INSTANT),
        sa.Column("cursor", sa.Uuid()),
        sa.Column("asked", sa.Integer(), nullable=False),
        sa.Column("having", sa.Integer(), nullable=False),
        sa.Column("swept_at", INSTANT),
        sa.CheckConstraint(
            "state IN ('proposed', 'filling', 'active', 'superseded', 'retired')",
            name=op.f("ck_tag_definition_state"),
        ),
        sa.CheckConstraint(
            "kind IN ('rule', 'aggregate', 'manual', 'import', 'score')", name=op.f("ck_tag_definition_kind")
        ),
        sa.CheckConstraint(
            "value_type IN ('bool', 'number', 'text')", name=op.f("ck_tag_definition_value_type")
        ),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_tag_definition")),
    )
    op.create_index("uq_tag_definition_version", "tag_definition", ["code", "version"], unique=True)
    for state in ("active", "filling"):
        op.create_index(
            f"uq_tag_definition_{state}",
            "tag_definition",
            ["code"],
            unique=True,
            postgresql_where=sa.text(f"state = '{state}'"),
        )


def _facts() -> None:
    def columns(kind, *names):
        return [sa.Column(name, kind) for name in names]

    op.create_table(
        "person_fact",
        sa.Column("person_id", sa.Uuid(), nullable=False),
        *columns(sa.Text(), "kind", "status", "stage", "tier", "region", "language"),
        *columns(sa.Boolean(), "vip", "do_not_disturb"),
        *columns(sa.Integer(), "age", "customers", "subscriptions", "ended_subscriptions", "devices"),
        *columns(sa.Double(), "monthly_fee"),
        *columns(INSTANT, "known_at", "joined_at", "left_at", "stage_since"),
        *columns(INSTANT, "contract_started_at", "contract_ends_at", "device_bought_at", "warranty_ends_at"),
        *columns(INSTANT, "first_seen_at", "last_seen_at"),
        *columns(TEXTS, "care_flags", "accessibility", "sources", "identifiers", "consents", "refusals"),
        *columns(TEXTS, "products", "plans", "contracts", "device_types", "device_brands", "device_systems"),
        *columns(TEXTS, "relations", "channels"),
        *(
            sa.Column(name, DOCUMENT, server_default="{}", nullable=False)
            for name in ("attributes", "metrics", "lasts", "given")
        ),
        *columns(INSTANT, "evaluated_at", "due_at"),
        sa.PrimaryKeyConstraint("person_id", name=op.f("pk_person_fact")),
        postgresql_with={"fillfactor": 80},
    )


def _counts() -> None:
    op.create_table(
        "metric_bucket",
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("amount", sa.Double(), nullable=False),
        sa.Column("last_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("customer_id", "day", "channel", "kind", name=op.f("pk_metric_bucket")),
        postgresql_with={"fillfactor": 80},
    )
    op.create_index("ix_metric_bucket_day", "metric_bucket", ["day"], postgresql_using="brin")
    op.create_table(
        "interaction_news",
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.Column("occurred_at", INSTANT, nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("amount", sa.Double()),
        postgresql_with={"autovacuum_vacuum_scale_factor": 0.0, "autovacuum_vacuum_threshold": 20_000},
    )
    # What was stored before is counted like what comes.
    op.execute("""
        INSERT INTO metric_bucket (customer_id, day, channel, kind, count, amount, last_at)
        SELECT customer_id, CAST(occurred_at AT TIME ZONE 'UTC' AS date), channel, kind, count(*),
               coalesce(sum(amount), 0), max(occurred_at)
        FROM interaction WHERE occurred_at > now() - interval '400 days' GROUP BY 1, 2, 3, 4
    """)


def downgrade() -> None:
    for table in (
        *("interaction_news", "metric_bucket", "tag_walk", "tag_given", "tag_history"),
        *("person_tag", "person_fact", "tag_definition"),
    ):
        op.drop_table(table)
