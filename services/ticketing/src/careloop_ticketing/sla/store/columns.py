"""How a clock and its intervals lie in the database."""

import re
from typing import Final

from careloop_ticketing.sla.policy.ladder import Climb, Mark

CLOCK: Final = {
    "subject_id": "uuid",
    "name": "text",
    "instance": "int",
    "policy_version": "int",
    "ladder": "text",
    "calendar": "text",
    "calendar_version": "int",
    "target": "interval",
    "state": "text",
    "cancelled": "bool",
    "lapsed": "bool",
    "started_at": "timestamptz",
    "turned": "bool",
    "due_at": "timestamptz",
    "provisional": "bool",
    "breached_at": "timestamptz",
    "made_late_at": "timestamptz",
    "steps": "text",
    "last_step_at": "timestamptz",
    "acknowledged": "bool",
    "next_at": "timestamptz",
    "generation": "int",
}
INTERVAL: Final = {
    "subject_id": "uuid",
    "clock": "text",
    "instance": "int",
    "seq": "int",
    "activity": "text",
    "started_at": "timestamptz",
    "ended_at": "timestamptz",
    "actor_id": "text",
    "reason": "text",
    "evidence": "text",
    "approved_by": "text",
}

KEY: Final = "c.name || CASE WHEN c.instance > 1 THEN '#' || c.instance ELSE '' END"
"""`Watch.key` of a clock `c`."""

_MARK: Final = re.compile("([a-z0-9_]+)([:!])(.*)")


def taken_of(steps: str) -> tuple[tuple[Mark, ...], frozenset[str]]:
    """`reminder:remind@50+0 breach!manager -deputy`: what was taken, the breach among it, and what was passed."""
    taken, passed = [], set()
    for word in steps.split():
        if word.startswith("-"):
            passed.add(word[1:])
        else:
            name, kind, effect = _MARK.match(word).groups()  # type: ignore[union-attr]  # whatever is stored is one
            taken.append(Mark(name, effect, kind == "!"))
    return tuple(taken), frozenset(passed)


def steps_of(climb: Climb) -> str:
    taken = [f"{name}{'!' if is_breach else ':'}{effect}" for name, effect, is_breach in climb.taken]
    return " ".join([*taken, *(f"-{name}" for name in sorted(climb.passed))])
