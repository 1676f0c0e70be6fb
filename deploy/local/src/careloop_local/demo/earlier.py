"""What was in force before the demo, in a file of the home until it is in force again: a demo may be killed."""

import fcntl
import json
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from careloop_local.errors import LocalError
from careloop_local.waiting import TooLate, until

NAME = "earlier-policies.json"
LOCK_WITHIN = 10.0


class DemoRuns(LocalError):
    """Two demos at once would take each other's policies for the operator's."""

    status = 4


@dataclass(frozen=True, slots=True)
class Earlier:
    """The operator's two policies, remembered in the directory of the demo."""

    directory: Path

    @asynccontextmanager
    async def held(self, within: float = LOCK_WITHIN) -> AsyncIterator[None]:
        """Be the only demo of this home, for as long as the block lasts."""
        self.directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        with (self.directory / "lock").open("a") as file:

            async def locked() -> bool | None:
                try:
                    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except OSError:
                    return None
                return True

            try:
                await until(locked, within, "the end of another demo")
            except TooLate as error:
                raise DemoRuns(f"another demo is running in {self.directory.parent}") from error
            yield

    def recall(self) -> dict[str, Any] | None:
        """Both policies, if a demo was killed before it could put them back."""
        with suppress(OSError, ValueError):
            found = json.loads((self.directory / NAME).read_text(encoding="utf-8"))
            if isinstance(found, dict) and {"clocks", "contact"} <= found.keys():
                return found
        return None

    def remember(self, *, clocks: dict[str, Any], contact: dict[str, Any]) -> None:
        """On the disk before anything is changed."""
        part = self.directory / f"{NAME}.part"
        with part.open("w", encoding="utf-8") as file:
            json.dump({"clocks": clocks, "contact": contact}, file, ensure_ascii=False, indent=2)
            file.flush()
            os.fsync(file.fileno())
        part.rename(self.directory / NAME)

    def forget(self) -> None:
        (self.directory / NAME).unlink(missing_ok=True)
