"""Numbers as people read them."""

import math
from collections.abc import Mapping, Sequence
from datetime import datetime


def count(value: float) -> str:
    return f"{value:,.0f}"


def rate(amount: float, seconds: float) -> str:
    return f"{amount / max(seconds, 1e-9):,.0f}/s"


def share(part: float, whole: float) -> str:
    return f"{100 * part / whole:.1f} %" if whole else "-"


def duration(seconds: float) -> str:
    return f"{1000 * seconds:,.0f} ms" if abs(seconds) < 10 else f"{seconds:,.1f} s"


def quantile(values: Sequence[float], at: float) -> float:
    """The smallest value that at least this share of the values does not exceed."""
    ranked = sorted(values)
    return ranked[max(0, math.ceil(at * len(ranked)) - 1)]


def spread(values: Sequence[float]) -> str:
    if not values:
        return "-"
    parts = (duration(quantile(values, 0.5)), duration(quantile(values, 0.99)), duration(max(values)))
    return " / ".join(parts)


def counts(found: Mapping[str, int]) -> str:
    """`price 12, need 7`, the most frequent first."""
    ranked = sorted(found.items(), key=lambda item: (-item[1], item[0]))
    return ", ".join(f"{name} {count(number)}" for name, number in ranked) or "none"


def seconds_between(earlier: str, later: str) -> float:
    """The span between two instants as they stand in events."""
    return (datetime.fromisoformat(later) - datetime.fromisoformat(earlier)).total_seconds()
