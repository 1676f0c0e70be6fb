"""Why a status changed, as far as a client says so in a word that we have; nothing is made up for it."""

from enum import StrEnum
from typing import TypeVar

from careloop_ticketing.tickets.policy import Unstated

R = TypeVar("R", bound=StrEnum)


def stated(words: type[R], said: str | None) -> R | Unstated:
    """The reason, if what was said is one of these words; what else was said is a note, and no reason."""
    try:
        return words((said or "").strip().lower())
    except ValueError:
        return Unstated.NOT_STATED
