"""When it is told, in histories and events, that a counted number moved. What a tag says is always the latest number."""

from collections.abc import Set as AbstractSet
from datetime import datetime, timedelta
from typing import Final

from careloop_profile.tags.policy.registry import Verdicts

REST: Final = timedelta(minutes=1)
"""To whom something happens all the time, the steps of so long are told as one."""


def telling(
    verdicts: Verdicts,
    counted: AbstractSet[int],
    *,
    counted_at: datetime | None,
    tell_at: datetime | None,
    now: datetime,
    aloud: bool = True,
) -> tuple[Verdicts, datetime | None]:
    """What of the verdicts is told now, and when the rest is to be. `counted` are the definitions that are counted numbers,
    `counted_at` is when something happened before, and `tell_at` when steps are to be told that were not yet. Where nothing
    is told `aloud`, steps wait for the next time."""
    steps = verdicts.keys() & counted
    if not steps:
        return verdicts, None
    if tell_at is None and counted_at is not None and now - counted_at < REST:
        tell_at = now + REST
    if aloud and (tell_at is None or now >= tell_at):
        return verdicts, None
    return {number: value for number, value in verdicts.items() if number not in steps}, tell_at or now
