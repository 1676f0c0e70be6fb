"""Clocks by rule: any number of them, by working time, with instances, acknowledgement and reasons for pauses."""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("sla_clock", sa.Column("ladder", sa.Text()))
    op.execute(
        "UPDATE sla_clock SET ladder = p.document->'clocks'->sla_clock.name->>(CASE WHEN vip THEN 'vip_ladder' ELSE 'ladder' END)"
        " FROM sla_policy AS p WHERE p.version = policy_version"
    )
    op.alter_column("sla_clock", "ladder", nullable=False)
    for column in (
        sa.Column("instance", sa.SmallInteger(), nullable=False, server_default="1"),
        sa.Column("cancelled", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.Column("provisional", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.Column("late_by_change", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.Column("turned", sa.Boolean(), nullable=False, server_default=sa.true()),
        sa.Column("acknowledged", sa.Boolean(), nullable=False, server_default=sa.false()),
    ):
        op.add_column("sla_clock", column)
        op.alter_column("sla_clock", column.name, server_default=None)
    op.add_column("sla_clock", sa.Column("calendar", sa.Text()))
    op.add_column("sla_clock", sa.Column("calendar_version", sa.Integer()))
    op.add_column("sla_clock", sa.Column("last_step_at", sa.DateTime(timezone=True)))
    op.add_column("sla_clock", sa.Column("next_at", sa.DateTime(timezone=True)))
    op.execute(
        "UPDATE sla_clock SET next_at = t.due_at FROM timer AS t"
        " WHERE t.kind = 'sla' AND t.owner_id = subject_id AND t.step = name"
    )
    op.create_index(
        "ix_sla_clock_next_at", "sla_clock", ["next_at"], postgresql_where=sa.text("next_at IS NOT NULL")
    )
    op.drop_column("sla_clock", "tier")
    op.drop_column("sla_clock", "vip")
    op.add_column("sla_interval", sa.Column("instance", sa.SmallInteger(), nullable=False, server_default="1"))
    op.alter_column("sla_interval", "instance", server_default=None)
    op.add_column("sla_interval", sa.Column("evidence", sa.Text()))
    op.add_column("sla_interval", sa.Column("approved_by", sa.Text()))
    _rekey()
    op.create_index(
        "ix_sla_clock_calendar",
        "sla_clock",
        ["calendar", "calendar_version"],
        postgresql_where=sa.text("state <> 'stopped'"),
    )
    op.add_column("escalation", sa.Column("notice", sa.Boolean(), nullable=False, server_default=sa.true()))
    op.alter_column("escalation", "notice", server_default=None)
    # Steps of ladders change rows without touching an index, if there is room for the new version beside the old one.
    for table in ("ticket", "sla_clock"):
        op.execute(f"ALTER TABLE {table} SET (fillfactor = 80)")
    _rewrite_policies()


def _rekey() -> None:
    """A clock may have several instances now."""
    reference = op.f("fk_sla_interval_subject_id_clock")
    op.drop_constraint(reference, "sla_interval", type_="foreignkey")
    op.drop_constraint(op.f("pk_sla_interval"), "sla_interval", type_="primary")
    op.drop_constraint(op.f("pk_sla_clock"), "sla_clock", type_="primary")
    op.create_primary_key(op.f("pk_sla_clock"), "sla_clock", ["subject_id", "name", "instance"])
    op.create_primary_key(op.f("pk_sla_interval"), "sla_interval", ["subject_id", "clock", "instance", "seq"])
    op.create_foreign_key(
        op.f("fk_sla_interval_subject_id_clock_instance"),
        "sla_interval",
        "sla_clock",
        ["subject_id", "clock", "instance"],
        ["subject_id", "name", "instance"],
    )


def _rewrite_policies() -> None:
    policy = sa.table("sla_policy", sa.column("version", sa.Integer), sa.column("document", JSONB))
    bind = op.get_bind()
    for version, document in bind.execute(sa.select(policy.c.version, policy.c.document)).all():
        if any("vip_targets" in clock for clock in document["clocks"].values()):
            clocks = {name: _by_rule(name, clock) for name, clock in document["clocks"].items()}
            changed = sa.update(policy).where(policy.c.version == version)
            bind.execute(changed.values(document=document | {"clocks": clocks}))


_FIXED: dict[str, dict[str, Any]] = {
    "first_response": {"start": ["opened"], "stop": ["responded"]},
    "resolution": {
        "start": ["opened"],
        "stop": ["resolved"],
        "on_reopen": "continue",
        "pausable": '!vip && tier != "advanced"',
        "pauses": [{"reason": "waiting_for_customer"}, {"reason": "waiting_for_third_party"}],
    },
}


def _by_rule(name: str, clock: dict[str, Any]) -> dict[str, Any]:
    """What tables of targets by tier and class of customer said, as conditions."""
    of_vip = [
        {"when": f'vip && tier == "{tier}"', "seconds": seconds}
        for tier, seconds in clock["vip_targets"].items()
    ]
    *others, (_, last) = clock["targets"].items()
    rest = [{"when": f'tier == "{tier}"', "seconds": seconds} for tier, seconds in others]
    return {
        **_FIXED[name],
        "targets": [*of_vip, *rest, {"seconds": last}],
        "ladders": [{"when": "vip", "ladder": clock["vip_ladder"]}, {"ladder": clock["ladder"]}],
    }
