"""How old somebody is, and what that asks for."""

from datetime import date
from typing import Final

ADULT: Final = 18
"""From this age on somebody may be a guardian."""


def age_on(born: date, day: date) -> int:
    """Complete years; who was born on 29 February becomes older on 1 March where there is none."""
    return day.year - born.year - ((day.month, day.day) < (born.month, born.day))


def is_minor(born: date | None, day: date, under: int) -> bool:
    """Whether somebody needs a guardian; nobody does of whom no birth date is known."""
    return born is not None and age_on(born, day) < under
