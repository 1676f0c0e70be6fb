"""Keys of customers, and who saw what of whom."""

from careloop_common import plumbing_migrations

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None


def upgrade() -> None:
    plumbing_migrations.create_subject_keys()
    plumbing_migrations.create_disclosures()
