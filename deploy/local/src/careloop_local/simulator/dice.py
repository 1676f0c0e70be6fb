"""Seeded chance: one independent stream per subject, so that more interactions do not change the customers."""

import math
from collections.abc import Mapping
from hashlib import sha256
from random import Random
from typing import TypeVar

K = TypeVar("K")


def stream(seed: int, subject: str) -> Random:
    digest = sha256(f"{seed}:{subject}".encode()).digest()
    return Random(int.from_bytes(digest[:8], "big"))  # noqa: S311 - simulation, not secrets


def pick(dice: Random, weights: Mapping[K, float]) -> K:
    return dice.choices(list(weights), weights=list(weights.values()))[0]


def poisson(dice: Random, mean: float) -> int:
    """Knuth's product of uniforms: right for the small means that counts of complaints have."""
    limit, product, count = math.exp(-mean), dice.random(), 0
    while product > limit:
        product *= dice.random()
        count += 1
    return count


def between(value: float, low: float, high: float) -> float:
    return max(low, min(high, value))
