"""Clocks as they were before an act, as plain data that outlives the process, and put back as if the act had never been.

What has gone by since counts as it would have: a clock that ran has run on, one that waited has waited.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import fields, replace
from typing import Any, Final, get_type_hints
from uuid import UUID

import msgspec
from sqlalchemy.ext.asyncio import AsyncSession

from careloop_ticketing.calendars import service as calendars
from careloop_ticketing.sla import service as sla
from careloop_ticketing.sla.policy.clock import ROUND_THE_CLOCK, Clock, Hours
from careloop_ticketing.sla.policy.terms import Policy
from careloop_ticketing.sla.policy.watches import Watch, Watches

Kept = Mapping[str, Any]
_NOT_PUT_BACK: Final = {
    "subject_id", "name", "instance", "policy", "clock", "generation", "armed", "kept",
}  # fmt: skip
_WATCH: Final = {
    name: hint for name, hint in get_type_hints(Watch).items()
    if name in {one.name for one in fields(Watch)} - _NOT_PUT_BACK
}  # fmt: skip
_CLOCK: Final = {
    name: hint for name, hint in get_type_hints(Clock).items()
    if name in {one.name for one in fields(Clock)} - {"hours"}
}  # fmt: skip


def kept(watch: Watch) -> Kept:
    """Everything about a clock that an act can change."""
    found: Kept = msgspec.to_builtins(
        {
            "key": watch.key,
            "name": watch.name,
            "instance": watch.instance,
            "policy": watch.policy.version,
            "watch": {name: getattr(watch, name) for name in _WATCH},
            "clock": {name: getattr(watch.clock, name) for name in _CLOCK},
        }
    )
    return found


async def put_back(
    session: AsyncSession, watches: Watches, were: Sequence[Kept], *, begun: Collection[str]
) -> None:
    """Have clocks be as they were, and those that began with the act be none. To be stored like any other change."""
    # Those in whose place others have begun are not among the present ones.
    others = {*begun, *(one["key"] for one in were)} - watches.by_key.keys()
    for found in await sla.some(session, [(watches.subject_id, key) for key in others]):
        watches.hold(found)
    for key in begun:
        watches.drop(watches.by_key[key])
    for one in were:
        was = await _was(session, watches.subject_id, one)
        if is_now := watches.by_key.get(was.key):
            was = replace(was, generation=is_now.generation, armed=is_now.armed, kept=is_now.kept)
            if is_now.climb.taken != was.climb.taken:
                # Whoever was told meanwhile has been told: no step is taken twice.
                told = replace(was.climb, taken=is_now.climb.taken, last_at=is_now.climb.last_at)
                was = replace(was, climb=told)
        # Where it was dropped, its timer is too: either way it needs one.
        watches.put(was.rearmed())


async def _was(session: AsyncSession, subject_id: UUID, one: Kept) -> Watch:
    code = one["watch"]["calendar"]
    hours = await calendars.of(session, *code) if code else ROUND_THE_CLOCK
    return read(subject_id, one, await sla.policy_of(session, one["policy"]), hours)


def read(subject_id: UUID, one: Kept, policy: Policy, hours: Hours) -> Watch:
    """The clock of which this was kept."""
    return Watch(
        subject_id,
        one["name"],
        policy=policy,
        clock=Clock(hours=hours, **_values(one["clock"], _CLOCK)),
        instance=one["instance"],
        **_values(one["watch"], _WATCH),
    )


def _values(found: Mapping[str, Any], hints: Mapping[str, Any]) -> dict[str, Any]:
    return {name: msgspec.convert(value, hints[name]) for name, value in found.items() if name in hints}
