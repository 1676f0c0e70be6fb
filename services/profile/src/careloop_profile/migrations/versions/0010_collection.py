"""Channels that messages are recognised by, whose word counts of a trait, and interactions put aside or put away."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)
RECOGNISED = {
    "mini_program": (
        10,
        [{"library.name": ["*mini*program*", "*weapp*", "analytics-wechat*"]}, {"app.platform": ["mini_program", "mp-*"]}],
    ),
    "kiosk": (20, [{"device.type": ["kiosk", "self_service*"]}]),
    "iot_gateway": (20, [{"device.type": ["iot*", "gateway"]}, {"source": ["*iot*"]}]),
    "device_log": (25, [{"library.name": ["*device-agent*"]}, {"source": ["*device*log*", "*terminal*"]}]),
    "app_ios": (
        30,
        [{"device.type": ["ios"]}, {"library.name": ["analytics-ios", "analytics-swift"]}, {"os.name": ["ios", "ipados"]}],
    ),
    "app_android": (
        30,
        [
            {"device.type": ["android", "harmony*"]},
            {"library.name": ["analytics-android", "analytics-kotlin"]},
            {"os.name": ["android", "harmony*", "openharmony*"]},
        ],
    ),
    "wechat_oa": (40, [{"userAgent": ["*micromessenger*"]}, {"source": ["*weixin*", "*wechat*"]}]),
    "h5": (50, [{"userAgent": ["*mobile*"]}]),
    "weibo": (60, [{"source": ["*weibo*"]}]),
    "douyin": (60, [{"source": ["*douyin*", "*tiktok*"]}]),
    "store_pos": (60, [{"source": ["*pos*", "*store*"]}]),
    "field_service": (60, [{"source": ["*field*"]}]),
    "hotline": (60, [{"source": ["*cti*", "*hotline*", "*acd*"]}]),
    "ivr": (55, [{"source": ["*ivr*"]}]),
    "video_agent": (55, [{"source": ["*video*"]}]),
    "live_chat": (60, [{"source": ["*chat*"]}]),
    "sms": (60, [{"source": ["*smsc*", "*sms*"]}]),
    "ussd": (60, [{"source": ["*ussd*"]}]),
    "wap": (60, [{"source": ["*wap*"]}]),
    "email": (60, [{"source": ["*mail*"]}]),
    "push": (60, [{"source": ["*push*"]}]),
    "crm": (70, [{"source": ["*crm*"]}]),
    "erp": (70, [{"source": ["*erp*"]}]),
    "bss": (70, [{"source": ["*bss*", "*billing*"]}]),
    "oss": (70, [{"source": ["*oss*", "*network*"]}]),
    "partner": (80, [{"source": ["*partner*"]}]),
    "web": (900, [{"protocol": ["segment"]}]),
}
"""By rank: what is told by the device comes before what is told by a name that may be part of others."""
KINDS = {
    "web": {"order_completed": "payment"},
    "h5": {"order_completed": "payment"},
    "app_ios": {"order_completed": "payment"},
    "app_android": {"order_completed": "payment"},
    "mini_program": {"order_completed": "payment"},
}


def upgrade() -> None:
    empty = {"nullable": False}
    op.add_column("channel", sa.Column("version", sa.Integer(), server_default="1", **empty))
    op.add_column("channel", sa.Column("active", sa.Boolean(), server_default=sa.true(), **empty))
    op.add_column("channel", sa.Column("rank", sa.Integer(), server_default="100", **empty))
    op.add_column("channel", sa.Column("matches", postgresql.JSONB(), server_default="[]", **empty))
    op.add_column("channel", sa.Column("kinds", postgresql.JSONB(), server_default="{}", **empty))
    channel = sa.table(
        "channel",
        sa.column("code", sa.Text()),
        sa.column("rank", sa.Integer()),
        sa.column("matches", postgresql.JSONB()),
        sa.column("kinds", postgresql.JSONB()),
    )
    for code, (rank, matches) in RECOGNISED.items():
        values = {"rank": rank, "matches": matches, "kinds": KINDS.get(code, {})}
        op.execute(channel.update().where(channel.c.code == code).values(values))
    for name in ("version", "active", "rank", "matches", "kinds"):
        op.alter_column("channel", name, server_default=None)
    op.create_table(
        "customer_trait",
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("occurred_at", INSTANT, nullable=False),
        sa.Column("message_uid", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("customer_id", "name", name=op.f("pk_customer_trait")),
        postgresql_with={"fillfactor": 80},
    )
    op.create_table(
        "interaction_dead_letter",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("form", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("body_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("times", sa.Integer(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("received_at", INSTANT, nullable=False),
        sa.Column("tried_at", INSTANT, nullable=False),
        sa.Column("replayed_at", INSTANT),
        sa.Column("replayed_by", sa.Text()),
        sa.CheckConstraint(
            "form IN ('interaction', 'segment', 'cloudevent')", name=op.f("ck_interaction_dead_letter_form")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_interaction_dead_letter")),
    )
    op.create_index("ix_interaction_dead_letter_received", "interaction_dead_letter", ["received_at", "id"])
    op.create_index(
        "ix_interaction_dead_letter_waiting",
        "interaction_dead_letter",
        ["reason", "received_at", "id"],
        postgresql_where=sa.text("replayed_at IS NULL"),
    )
    op.create_table(
        "interaction_archive",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("first", sa.Date(), nullable=False),
        sa.Column("last", sa.Date(), nullable=False),
        sa.Column("rows", sa.BigInteger(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("archived_at", INSTANT, nullable=False),
        sa.Column("restored_at", INSTANT),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_interaction_archive")),
    )


def downgrade() -> None:
    for table in ("interaction_archive", "interaction_dead_letter", "customer_trait"):
        op.drop_table(table)
    for name in ("kinds", "matches", "rank", "active", "version"):
        op.drop_column("channel", name)
