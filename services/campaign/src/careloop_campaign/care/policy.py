"""What a retention warning asks for: which offer answers which driver, who calls, by when, and when it is a new episode."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum


class Driver(StrEnum):
    """What drives the customer away."""

    PRICE = "price"
    EXPERIENCE = "experience"
    NEED = "need"


class Outcome(StrEnum):
    REACHED_RETAINED = "reached_retained"
    REACHED_LOST = "reached_lost"
    UNREACHABLE = "unreachable"
    DECLINED = "declined"
    WRONG_NUMBER = "wrong_number"


class State(StrEnum):
    OPEN = "open"
    ASSIGNED = "assigned"
    COMPLETED = "completed"


@dataclass(frozen=True, slots=True)
class Offer:
    kind: str
    adviser: bool = False


OFFERS = {
    Driver.PRICE: Offer("discount"),
    Driver.EXPERIENCE: Offer("upgrade_voucher", adviser=True),
    Driver.NEED: Offer("new_bundle"),
}

KEY_ACCOUNT_TIERS = frozenset({"strategic"})
MESSAGE_PATIENCE = timedelta(days=3)


def offer_for(driver: str) -> Offer:
    """The suggested offer; a driver that is not known yet gets an adviser and no promise."""
    try:
        return OFFERS[Driver(driver)]
    except ValueError:
        return Offer("personal_consultation", adviser=True)


def queue_for(tier: str | None, *, vip: bool) -> str:
    return "key_accounts" if vip or tier in KEY_ACCOUNT_TIERS else "retention"


def same_episode(closed_at: datetime | None, now: datetime, gap: timedelta) -> bool:
    """Whether a warning at `now` still belongs to the episode whose task was closed at `closed_at`."""
    return closed_at is not None and now < closed_at + gap


def overdue(state: State, due_at: datetime, now: datetime) -> bool:
    return state is not State.COMPLETED and now >= due_at
