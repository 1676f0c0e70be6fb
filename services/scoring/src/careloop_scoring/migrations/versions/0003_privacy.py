"""Customers whose keys were destroyed."""

from careloop_common import plumbing_migrations

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    plumbing_migrations.create_subject_keys()
