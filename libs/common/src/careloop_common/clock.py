"""The one place where the wall clock is read. Everything below the edges takes `now` as an argument."""

from datetime import UTC, datetime


def now() -> datetime:
    """The present instant, in UTC."""
    return datetime.now(UTC)  # noqa: TID251
