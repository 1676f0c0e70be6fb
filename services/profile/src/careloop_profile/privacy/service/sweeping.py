"""What of somebody is deleted after the first moment: much of it, or hidden in what is kept whole.

Each step is a timer and a transaction of its own, which arms the next: whatever dies in between goes on where it was.
"""

from collections.abc import Awaitable, Callable
from datetime import datetime
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import msgspec
import structlog
from careloop_common import timers
from careloop_common.privacy import Vault
from careloop_common.timers import DueTimer
from sqlalchemy.ext.asyncio import AsyncSession

from careloop_profile.customers import presence
from careloop_profile.imports.service.rejects import FIELD as REJECT
from careloop_profile.interactions.service import archiving
from careloop_profile.interactions.service.letters import FIELD as LETTER
from careloop_profile.privacy import policy, queries
from careloop_profile.privacy.models import ErasureRow
from careloop_profile.privacy.service import completing
from careloop_profile.privacy.service.erasing import SOUGHT, TIMER

log = structlog.get_logger()

_INTERACTIONS: Final = 25_000
_SEALED: Final = 500
_NOBODY: Final = UUID(int=0)
Data = dict[str, Any]
Step = Callable[[AsyncSession, ErasureRow, Data], Awaitable[Data | None]]


class Sweeper:
    """Does the steps of erasures."""

    def __init__(self, vault: Vault, archives: Path, services: tuple[str, ...]) -> None:
        self._vault, self._archives, self._services = vault, archives, services
        self._steps: dict[str, Step] = {
            "looks": self._looks,
            "left": self._left,
            "interactions": self._interactions,
            "letters": self._letters,
            "rejects": self._rejects,
            "messages": self._messages,
            "archives": self._archived,
        }

    async def on_due(self, session: AsyncSession, timer: DueTimer, now: datetime) -> None:
        """The next step of an erasure; after the last one it waits for the other services."""
        row = await queries.held(session, timer.owner_id)
        if row is None or row.state != "erasing":
            return
        name, _, number = timer.step.partition(" ")
        left = await self._steps[name](session, row, timer.data)
        if left is not None:
            step = f"{name} {int(number or 0) + 1}"
        elif (place := list(self._steps).index(name) + 1) < len(self._steps):
            step, left = list(self._steps)[place], {}
        else:
            row.state, row.erased_at, row.sought_sealed = "waiting", now, None
            await completing.complete(session, self._vault, row, self._services, now=now)
            log.info("erasure.done_here", request_id=str(row.id))
            return
        await session.flush()
        await timers.arm(session, kind=TIMER, owner_id=row.id, step=step, due_at=now, data=left)

    async def _looks(self, session: AsyncSession, *_: Any) -> Data | None:
        """Whoever writes about customers from now on knows that these are gone. It is a step for itself: what others wait
        for must not be held meanwhile."""
        await presence.all_have_left(session)
        return None

    async def _left(self, session: AsyncSession, row: ErasureRow, _: Data) -> Data | None:
        """What was written by those who looked at the person while it was erased."""
        _note(row, await queries.forget(session, row.customers, now=row.requested_at))
        return None

    async def _interactions(self, session: AsyncSession, row: ErasureRow, data: Data) -> Data | None:
        place = data.get("place", 0)
        number, more = await queries.forget_interactions(session, row.customers[place], _INTERACTIONS)
        _note(row, {"interaction": number})
        if more:
            return {"place": place}
        return {"place": place + 1} if place + 1 < len(row.customers) else None

    async def _letters(self, session: AsyncSession, row: ErasureRow, data: Data) -> Data | None:
        words = self._words(row)
        found = await queries.letters(session, UUID(data.get("after", _NOBODY.hex)), _SEALED)
        about = [
            one.id
            for one in found
            if policy.mentions(self._vault.open_bytes(one.id, LETTER, one.body_sealed), words)
        ]
        await queries.forget_letters(session, about)
        _note(row, {"interaction_dead_letter": len(about)})
        return {"after": found[-1].id.hex} if len(found) == _SEALED else None

    async def _rejects(self, session: AsyncSession, row: ErasureRow, data: Data) -> Data | None:
        words = self._words(row)
        start, line, column = data.get("after", [_NOBODY.hex, 0, ""])
        found = await queries.rejects(session, (UUID(start), line, column), _SEALED)
        about = [
            (one.import_id, one.line, one.column)
            for one in found
            if policy.mentions(self._vault.open(one.import_id, REJECT, one.value_sealed).encode(), words)
        ]
        await queries.empty_rejects(session, about)
        _note(row, {"import_reject": len(about)})
        last = found[-1] if found else None
        return (
            {"after": [last.import_id.hex, last.line, last.column]}
            if last and len(found) == _SEALED
            else None
        )

    async def _messages(self, session: AsyncSession, row: ErasureRow, _: Data) -> Data | None:
        _note(row, await queries.forget_messages(session, row.customers))
        return None

    async def _archived(self, session: AsyncSession, row: ErasureRow, data: Data) -> Data | None:
        """One file each time: it is written anew without the rows of who was erased."""
        name = await archiving.next_after(session, data.get("after", ""))
        if name is None:
            return None
        gone = await archiving.forget(session, self._archives, name, row.customers)
        _note(row, {"interaction_archive": gone})
        return {"after": name}

    def _words(self, row: ErasureRow) -> list[str]:
        if row.sought_sealed is None:
            return []
        return msgspec.json.decode(self._vault.open(row.id, SOUGHT, row.sought_sealed), type=list[str])


def _note(row: ErasureRow, more: dict[str, int]) -> None:
    row.done = policy.added(row.done, {name: number for name, number in more.items() if number})
