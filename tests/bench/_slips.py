"""What a slip of the finger makes of a value, whatever it is."""

from collections.abc import Callable
from random import Random

Corruption = tuple[str, bool, Callable[[Random, str], str | None]]
"""Its name, whether it can be undone, and what it makes of a value; None where it makes nothing."""


def sprinkled(marks: str) -> Callable[[Random, str], str]:
    def sprinkle(dice: Random, value: str) -> str:
        return "".join(character + (dice.choice(marks) if dice.random() < 0.2 else "") for character in value)

    return sprinkle


def dropped(dice: Random, value: str) -> str:
    place = dice.randrange(len(value))
    return value[:place] + value[place + 1 :]


def doubled(dice: Random, value: str) -> str:
    place = dice.randrange(len(value))
    return value[:place] + value[place] + value[place:]


def swapped(value: str, place: int) -> str | None:
    swapped = value[:place] + value[place + 1] + value[place] + value[place + 2 :]
    return swapped if swapped != value else None
