"""How many products of ours a person lives with."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True)
class Ecosystem:
    """`products` are kinds of things: a second telephone makes nobody more of a customer."""

    products: tuple[str, ...]
    strategic: bool


def ecosystem(
    subscriptions: Iterable[tuple[str, str, date | None]],
    devices: Iterable[tuple[str, str]],
    today: date,
    strategic_from: int,
) -> Ecosystem:
    """What is in use: subscriptions as (product, status, last day), devices as (type, status)."""
    used = {
        product
        for product, status, end in subscriptions
        if status == "active" and (end is None or end >= today)
    }
    used |= {type_ for type_, status in devices if status == "active"}
    return Ecosystem(tuple(sorted(used)), len(used) >= strategic_from)
