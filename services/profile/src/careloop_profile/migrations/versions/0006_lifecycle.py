"""Where a person stands with us: terms, moves, tiers, lists."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)
LISTS = (
    (
        "silent_pool",
        "Silent pool",
        "沉默池",
        'stage in ["silent_30", "silent_60", "silent_90"]',
    ),
    (
        "loyal",
        "Loyal customers",
        "忠诚客户",
        'status == "active" && days_since(joined_at) >= 1825 && count("complaint", "90d") == 0',
    ),
    (
        "dissatisfied",
        "Dissatisfied customers",
        "不满意客户",
        'attribute("satisfaction") < 3 || count("complaint", "90d") >= 2 || attribute("nps") <= 6',
    ),
    (
        "koc",
        "Key opinion consumers",
        "KOC名单",
        'attribute("followers") >= 5000 || attribute("referrals") >= 3 && attribute("nps") >= 9',
    ),
    (
        "enterprise_prospects",
        "Enterprise prospects",
        "政企潜客",
        'kind == "enterprise" && status == "prospect"',
    ),
)


def upgrade() -> None:
    op.create_table(
        "lifecycle_terms",
        sa.Column("version", sa.Integer(), sa.Identity(), nullable=False),
        sa.Column("document", postgresql.JSONB(), nullable=False),
        sa.Column("valid_from", INSTANT, nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("version", name=op.f("pk_lifecycle_terms")),
    )
    op.create_table(
        "lifecycle_move",
        sa.Column("number", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("before", sa.Text()),
        sa.Column("after", sa.Text()),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("because", sa.Text(), nullable=False),
        sa.Column("terms_version", sa.Integer()),
        sa.CheckConstraint("kind IN ('stage', 'tier')", name=op.f("ck_lifecycle_move_kind")),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_lifecycle_move")),
    )
    op.create_index("ix_lifecycle_move_person", "lifecycle_move", ["person_id", sa.text("number DESC")])
    op.create_table(
        "lifecycle_rank",
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("tier", sa.Text(), nullable=False),
        sa.Column("due", sa.Text()),
        sa.Column("periods", sa.SmallInteger(), nullable=False),
        sa.Column("value", sa.Double(), nullable=False),
        sa.Column("period", sa.Date(), nullable=False),
        sa.PrimaryKeyConstraint("person_id", name=op.f("pk_lifecycle_rank")),
    )
    op.create_table(
        "lifecycle_period",
        sa.Column("period", sa.Date(), nullable=False),
        sa.Column("bounds", postgresql.ARRAY(sa.Double()), nullable=False),
        sa.Column("persons", sa.Integer(), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("period", name=op.f("pk_lifecycle_period")),
    )
    lists = op.create_table(
        "person_list",
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("name", "name_zh", "rule", "owner")),
        sa.Column("updated_at", INSTANT, nullable=False),
        sa.Column("updated_by", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_person_list")),
    )
    for code, name, name_zh, rule in LISTS:
        texts = {"code": code, "name": name, "name_zh": name_zh, "rule": rule, "owner": "careloop"}
        stamp = {"version": 1, "updated_at": sa.func.now(), "updated_by": "system"}
        op.execute(lists.insert().values(**texts, **stamp))


def downgrade() -> None:
    for table in ("person_list", "lifecycle_period", "lifecycle_rank", "lifecycle_move", "lifecycle_terms"):
        op.drop_table(table)
