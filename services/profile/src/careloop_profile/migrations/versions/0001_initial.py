"""Profile's tables, the plumbing, and the channels that every operator has."""

import sqlalchemy as sa
from alembic import op
from careloop_common import plumbing_migrations
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

CHANNELS = (
    ("web", "Website", "网站"),
    ("h5", "Mobile website", "H5 页面"),
    ("app_ios", "iOS app", "iOS 客户端"),
    ("app_android", "Android app", "安卓客户端"),
    ("wechat_oa", "WeChat official account", "微信公众号"),
    ("mini_program", "WeChat mini program", "微信小程序"),
    ("weibo", "Weibo", "微博"),
    ("douyin", "Douyin", "抖音"),
    ("store_pos", "Store", "营业厅"),
    ("kiosk", "Self-service kiosk", "自助终端"),
    ("field_service", "Door visit", "上门服务"),
    ("hotline", "Hotline", "客服热线"),
    ("ivr", "Voice menu", "语音导航"),
    ("video_agent", "Video agent", "视频客服"),
    ("live_chat", "Live chat", "在线客服"),
    ("sms", "SMS", "短信"),
    ("ussd", "USSD", "USSD"),
    ("wap", "WAP", "WAP"),
    ("email", "E-mail", "电子邮件"),
    ("push", "Push message", "推送"),
    ("crm", "CRM", "客户关系系统"),
    ("erp", "ERP", "企业资源系统"),
    ("bss", "Billing", "计费系统"),
    ("oss", "Network", "网络运维系统"),
    ("device_log", "Device log", "设备日志"),
    ("iot_gateway", "IoT gateway", "物联网网关"),
    ("partner", "Partner", "合作伙伴"),
)


def upgrade() -> None:
    plumbing_migrations.create()
    op.create_table(
        "channel",
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("name_zh", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_channel")),
    )
    op.create_table(
        "consent",
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("granted", sa.Boolean(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "channel IN ('sms', 'email', 'push', 'call', 'wechat')", name=op.f("ck_consent_channel")
        ),
        sa.CheckConstraint("purpose IN ('service', 'care', 'marketing')", name=op.f("ck_consent_purpose")),
        sa.PrimaryKeyConstraint(
            "customer_id", "purpose", "channel", "at", "granted", name=op.f("pk_consent")
        ),
    )
    op.create_table(
        "customer",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("external_id", sa.Text(), nullable=True),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("joined_on", sa.Date(), nullable=True),
        sa.Column("left_on", sa.Date(), nullable=True),
        sa.Column("region", sa.Text(), nullable=True),
        sa.Column("language", sa.Text(), nullable=True),
        sa.Column("vip", sa.Boolean(), nullable=False),
        sa.Column("care_flags", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("name_sealed", sa.Text(), nullable=True),
        sa.Column("do_not_disturb", sa.Boolean(), nullable=False),
        sa.Column("quiet_hours", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=True),
        sa.Column("declared_devices", sa.Integer(), nullable=False),
        sa.Column("attributes", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "kind IN ('individual', 'household', 'enterprise')", name=op.f("ck_customer_kind")
        ),
        sa.CheckConstraint("status IN ('prospect', 'active', 'left')", name=op.f("ck_customer_status")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_customer")),
    )
    op.create_index("ix_customer_created_at", "customer", ["created_at", "id"], unique=False)
    op.create_index(
        "ix_customer_external_id",
        "customer",
        ["external_id"],
        unique=False,
        postgresql_where=sa.text("external_id IS NOT NULL"),
    )
    op.create_table(
        "customer_activity",
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("interactions", sa.Integer(), nullable=False),
        sa.Column("payments", sa.Integer(), nullable=False),
        sa.Column("amount", sa.Numeric(precision=16, scale=4), nullable=False),
        sa.Column("complaints", sa.Integer(), nullable=False),
        sa.Column("first_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("customer_id", "channel", name=op.f("pk_customer_activity")),
        postgresql_with={"fillfactor": 70},
    )
    op.create_table(
        "device",
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.Column("device_id", sa.Uuid(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("brand", sa.Text(), nullable=True),
        sa.Column("model", sa.Text(), nullable=True),
        sa.Column("os", sa.Text(), nullable=True),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("bought_on", sa.Date(), nullable=True),
        sa.Column("warranty_until", sa.Date(), nullable=True),
        sa.Column("serial_sealed", sa.Text(), nullable=True),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("customer_id", "device_id", name=op.f("pk_device")),
    )
    op.create_table(
        "identifier",
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("blind_index", sa.Text(), nullable=False),
        sa.Column("sealed", sa.Text(), nullable=False),
        sa.CheckConstraint("kind IN ('phone', 'email')", name=op.f("ck_identifier_kind")),
        sa.PrimaryKeyConstraint("customer_id", "kind", name=op.f("pk_identifier")),
    )
    op.create_index("ix_identifier_blind_index", "identifier", ["blind_index"], unique=False)
    op.create_table(
        "import_job",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("filename", sa.Text(), nullable=False),
        sa.Column("format", sa.Text(), nullable=False),
        sa.Column("encoding", sa.Text(), nullable=False),
        sa.Column("mapping_name", sa.Text(), nullable=True),
        sa.Column("mapping", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("declared_size", sa.BigInteger(), nullable=True),
        sa.Column("declared_sha256", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("dialect", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=True),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("line", sa.BigInteger(), nullable=False),
        sa.Column("skipping", sa.Boolean(), nullable=False),
        sa.Column("rows_read", sa.BigInteger(), nullable=False),
        sa.Column("rows_total", sa.BigInteger(), nullable=True),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.Column("updated", sa.BigInteger(), nullable=False),
        sa.Column("unchanged", sa.BigInteger(), nullable=False),
        sa.Column("rejected", sa.BigInteger(), nullable=False),
        sa.Column("quality", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("failure_code", sa.Text(), nullable=True),
        sa.Column("failure_detail", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "state IN ('uploading', 'queued', 'running', 'completed', 'failed')",
            name=op.f("ck_import_job_state"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_import_job")),
    )
    op.create_index("ix_import_job_created_at", "import_job", ["created_at", "id"], unique=False)
    op.create_table(
        "import_key",
        sa.Column("import_id", sa.Uuid(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("import_id", "key", name=op.f("pk_import_key")),
    )
    op.create_table(
        "import_mapping",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("definition", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_by", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_import_mapping")),
    )
    op.create_table(
        "import_part",
        sa.Column("import_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("import_id", "number", name=op.f("pk_import_part")),
    )
    op.create_table(
        "import_reject",
        sa.Column("import_id", sa.Uuid(), nullable=False),
        sa.Column("line", sa.BigInteger(), nullable=False),
        sa.Column("column", sa.Text(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("whole_row", sa.Boolean(), nullable=False),
        sa.Column("value_sealed", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("import_id", "line", "column", name=op.f("pk_import_reject")),
    )
    op.create_table(
        "interaction",
        sa.Column("message_uid", sa.Uuid(), nullable=False),
        sa.Column("occurred_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("direction", sa.Text(), nullable=True),
        sa.Column("amount", sa.Numeric(precision=16, scale=4), nullable=True),
        sa.Column("properties", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("time_suspect", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("message_uid", "occurred_at", name=op.f("pk_interaction")),
        postgresql_partition_by="RANGE (occurred_at)",
    )
    op.create_index(
        "ix_interaction_suspect",
        "interaction",
        ["message_uid"],
        unique=False,
        postgresql_where=sa.text("time_suspect"),
    )
    op.create_index(
        "ix_interaction_timeline",
        "interaction",
        ["customer_id", sa.literal_column("occurred_at DESC")],
        unique=False,
    )
    op.create_table(
        "interaction_unresolved",
        sa.Column("message_uid", sa.Uuid(), nullable=False),
        sa.Column("occurred_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("customer_id", sa.Uuid(), nullable=True),
        sa.Column("blind_index", sa.Text(), nullable=True),
        sa.Column("label", sa.Text(), nullable=True),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("direction", sa.Text(), nullable=True),
        sa.Column("amount", sa.Numeric(precision=16, scale=4), nullable=True),
        sa.Column("properties", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("time_suspect", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("message_uid", name=op.f("pk_interaction_unresolved")),
    )
    op.create_index(
        "ix_interaction_unresolved_customer", "interaction_unresolved", ["customer_id"], unique=False
    )
    op.create_index(
        "ix_interaction_unresolved_index", "interaction_unresolved", ["blind_index"], unique=False
    )
    op.create_index(
        "ix_interaction_unresolved_received",
        "interaction_unresolved",
        ["received_at", "message_uid"],
        unique=False,
    )
    op.create_table(
        "subscription",
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.Column("subscription_id", sa.Uuid(), nullable=False),
        sa.Column("product", sa.Text(), nullable=False),
        sa.Column("plan", sa.Text(), nullable=True),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("monthly_fee", sa.Numeric(precision=12, scale=2), nullable=True),
        sa.Column("currency", sa.Text(), nullable=True),
        sa.Column("contract", sa.Text(), nullable=True),
        sa.Column("started_on", sa.Date(), nullable=True),
        sa.Column("ended_on", sa.Date(), nullable=True),
        sa.PrimaryKeyConstraint("customer_id", "subscription_id", name=op.f("pk_subscription")),
    )
    # ### end Alembic commands ###
    op.execute("CREATE TABLE interaction_default PARTITION OF interaction DEFAULT")
    # Parts are read in pieces: compressed, every piece would cost the whole part.
    op.execute("ALTER TABLE import_part ALTER COLUMN data SET STORAGE EXTERNAL")
    channel = sa.table("channel", sa.column("code"), sa.column("name"), sa.column("name_zh"))
    rows = [{"code": code, "name": name, "name_zh": name_zh} for code, name, name_zh in CHANNELS]
    op.bulk_insert(channel, rows)


def downgrade() -> None:
    op.drop_table("subscription")
    op.drop_index("ix_interaction_unresolved_received", table_name="interaction_unresolved")
    op.drop_index("ix_interaction_unresolved_index", table_name="interaction_unresolved")
    op.drop_index("ix_interaction_unresolved_customer", table_name="interaction_unresolved")
    op.drop_table("interaction_unresolved")
    op.drop_index("ix_interaction_timeline", table_name="interaction")
    op.drop_index(
        "ix_interaction_suspect", table_name="interaction", postgresql_where=sa.text("time_suspect")
    )
    op.drop_table("interaction")
    op.drop_table("import_reject")
    op.drop_table("import_part")
    op.drop_table("import_mapping")
    op.drop_table("import_key")
    op.drop_index("ix_import_job_created_at", table_name="import_job")
    op.drop_table("import_job")
    op.drop_index("ix_identifier_blind_index", table_name="identifier")
    op.drop_table("identifier")
    op.drop_table("device")
    op.drop_table("customer_activity")
    op.drop_index(
        "ix_customer_external_id", table_name="customer", postgresql_where=sa.text("external_id IS NOT NULL")
    )
    op.drop_index("ix_customer_created_at", table_name="customer")
    op.drop_table("customer")
    op.drop_table("consent")
    op.drop_table("channel")
    plumbing_migrations.drop()
