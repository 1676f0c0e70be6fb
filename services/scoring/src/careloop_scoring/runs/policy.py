"""When to run, when to train."""

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

MAX_ATTEMPTS = 5
"""A run that was taken up this often without getting any further is given up."""

LABEL_GROWTH = 1.2
"""Leavers known now against those of the active model's training, from which on training again pays."""


class State(StrEnum):
    QUEUED = "queued"
    RUNNING = "running"
    COMPLETED = "completed"
    FAILED = "failed"


class Phase(StrEnum):
    TRAINING = "training"
    CUTTING = "cutting"
    SCORING = "scoring"
    DONE = "done"


class Train(StrEnum):
    AUTO = "auto"
    YES = "yes"
    NO = "no"


@dataclass(frozen=True, slots=True)
class Trained:
    """What decides whether the active model is still good enough."""

    at: datetime
    leavers: int


def should_train(train: str, active: Trained | None, leavers: int, now: datetime, retrain_days: int) -> bool:
    if train != Train.AUTO:
        return train == Train.YES
    if active is None:
        return True
    return now - active.at > timedelta(days=retrain_days) or leavers >= LABEL_GROWTH * active.leavers


@dataclass(frozen=True, slots=True)
class Schedule:
    every: timedelta | None
    daily_at: time | None
    zone: ZoneInfo

    def next_after(self, now: datetime) -> datetime | None:
        """The next run, in `now`'s zone; the wall clock decides for a daily one, also where it jumps."""
        if self.every is not None:
            return now + self.every
        if self.daily_at is None:
            return None
        local = now.astimezone(self.zone)
        today = datetime.combine(local.date(), self.daily_at, self.zone)
        due = today.astimezone(now.tzinfo)
        if due > now:
            return due
        return datetime.combine(local.date() + timedelta(days=1), self.daily_at, self.zone).astimezone(
            now.tzinfo
        )
