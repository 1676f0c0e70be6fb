"""Which steps a clock has taken, on whatever ladder; since when a change is to blame; clocks that a case has no more."""

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for column in (
        sa.Column("steps", sa.Text(), nullable=False, server_default=""),
        sa.Column("lapsed", sa.Boolean(), nullable=False, server_default=sa.false()),
    ):
        op.add_column("sla_clock", column)
        op.alter_column("sla_clock", column.name, server_default=None)
    op.add_column("sla_clock", sa.Column("made_late_at", sa.DateTime(timezone=True)))
    op.execute("UPDATE sla_clock SET made_late_at = now() WHERE late_by_change")
    _name_steps()
    op.drop_column("sla_clock", "steps_taken")
    op.drop_column("sla_clock", "late_by_change")


def _name_steps() -> None:
    """So far a clock has taken the first so many steps of its ladder: there are few ladders."""
    bind = op.get_bind()
    found = bind.execute(
        sa.text(
            "SELECT c.policy_version, c.ladder, c.steps_taken, p.document->'ladders'->c.ladder AS steps FROM"
            " (SELECT DISTINCT policy_version, ladder, steps_taken FROM sla_clock WHERE steps_taken > 0) AS c"
            " JOIN sla_policy AS p ON p.version = c.policy_version"
        )
    )
    for version, ladder, taken, steps in found.all():
        bind.execute(
            sa.text(
                "UPDATE sla_clock SET steps = :steps"
                " WHERE (policy_version, ladder, steps_taken) = (:version, :ladder, :taken)"
            ),
            {
                "steps": " ".join(map(_mark, steps[:taken])),
                "version": version,
                "ladder": ladder,
                "taken": taken,
            },
        )


def _mark(step: Mapping[str, Any]) -> str:
    percent, silence = step.get("percent"), step.get("unacknowledged_seconds")
    after = step.get("after_seconds") or -(step.get("before_seconds") or 0)
    percent = 100 if percent is None else percent
    is_breach = percent == 100 and not after and silence is None
    if step["action"] == "notify" and step.get("level"):
        effect = step["level"]
    elif silence is not None:
        effect = f"{step['action']}~{silence:g}"
    else:
        effect = f"{step['action']}@{percent}{after:+g}"
    return f"{step['name']}{'!' if is_breach else ':'}{effect}"
