"""Room for a second version beside each ticket.

Tickets that were opened together fall due together, a page of them in one statement. While a page has no room, each new
version goes elsewhere and touches the twenty indexes of its table. Rows that are there stay where they are.
"""

from alembic import op

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("ALTER TABLE ticket SET (fillfactor = 50)")


def downgrade() -> None:
    op.execute("ALTER TABLE ticket SET (fillfactor = 80)")
