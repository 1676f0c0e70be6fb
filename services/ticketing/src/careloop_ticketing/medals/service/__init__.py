"""The use cases of medals: the catalogue, and who has which."""

from careloop_ticketing.medals.service.awarding import (
    Judged,
    Winner,
    award_by_hand,
    award_month,
    take_back,
    turn,
)
from careloop_ticketing.medals.service.catalogue import get_medal, put_medal
from careloop_ticketing.medals.service.showing import Held, held_by

__all__ = [
    "Held",
    "Judged",
    "Winner",
    "award_by_hand",
    "award_month",
    "get_medal",
    "held_by",
    "put_medal",
    "take_back",
    "turn",
]
