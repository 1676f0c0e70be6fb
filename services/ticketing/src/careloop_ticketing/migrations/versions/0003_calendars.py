"""Calendars of working time, and the two that a new installation starts with: `always` and `cn-business`."""

import sqlalchemy as sa
from alembic import op
from careloop_common import clock
from sqlalchemy.dialects import postgresql

from careloop_ticketing.calendars.models import stored
from careloop_ticketing.calendars.sources import holidays_of
from careloop_ticketing.defaults import calendars

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    calendar = op.create_table(
        "calendar",
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_calendar")),
    )
    version = op.create_table(
        "calendar_version",
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("document", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("holidays", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("valid_through", sa.Date(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["code"], ["calendar.code"], name=op.f("fk_calendar_version_code")),
        sa.PrimaryKeyConstraint("code", "version", name=op.f("pk_calendar_version")),
    )
    now = clock.now()
    for code, document in calendars().items():
        holidays = holidays_of(document.get("holidays", "none"), now.year)
        op.execute(sa.insert(calendar).values(code=code, version=1))
        op.execute(
            sa.insert(version).values(
                code=code,
                version=1,
                name=document["name"],
                document=document,
                holidays=stored(holidays),
                valid_through=holidays.valid_through,
                created_at=now,
                created_by="system",
            )
        )
