"""Complaints as customers write them: a cause, a tier, a language, feelings, and typing mistakes."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from random import Random
from typing import Protocol

from careloop_local.simulator import wording
from careloop_local.simulator.dice import pick, stream

CHANNELS = {
    "hotline": 0.34,
    "app_android": 0.16,
    "app_ios": 0.1,
    "wechat_oa": 0.16,
    "store_pos": 0.08,
    "web": 0.08,
    "email": 0.04,
    "weibo": 0.04,
}


class Party(Protocol):
    """Whoever may complain: a simulated customer, or one that was imported from somewhere else."""

    @property
    def customer_no(self) -> str: ...
    @property
    def language(self) -> str: ...
    @property
    def left_on(self) -> date | None: ...
    @property
    def complaints_90d(self) -> int: ...


@dataclass(frozen=True, slots=True)
class Complaint:
    number: int
    customer_no: str
    channel: str
    language: str
    text: str
    cause: str  # what the text was written for: the yardstick of any classification
    tier: str


def simulate(customers: Sequence[Party], count: int, *, seed: int) -> list[Complaint]:
    """Who complains: customers still with the operator, the unhappy ones more often."""
    present = [customer for customer in customers if customer.left_on is None]
    if not present:
        return []
    dice = stream(seed, "complaints")
    weights = [0.4 + customer.complaints_90d for customer in present]
    return [
        _complaint(dice, number, customer)
        for number, customer in enumerate(dice.choices(present, weights=weights, k=count), start=1)
    ]


def _complaint(dice: Random, number: int, customer: Party) -> Complaint:
    cause, tier = pick(dice, wording.CAUSES), pick(dice, wording.TIERS)
    language = "en" if customer.language == "en" or dice.random() < 0.12 else "zh"
    text = write(dice, cause, tier, language)
    return Complaint(number, customer.customer_no, pick(dice, CHANNELS), language, text, cause, tier)


def write(dice: Random, cause: str, tier: str, language: str) -> str:
    if language == "en":
        phrase = dice.choice(wording.EN[cause][tier])
        opening, closing = dice.choice(wording.OPENINGS_EN), dice.choice(wording.CLOSINGS_EN)
        text = f"{opening}{phrase}{closing}"
        return _mistype(dice, text) if dice.random() < 0.2 else text
    text = (
        dice.choice(wording.OPENINGS_ZH)
        + dice.choice(wording.ZH[cause][tier])
        + dice.choice(wording.CLOSINGS_ZH)
    )
    if dice.random() < 0.15:
        text = _replace_one(dice, text, wording.MIXED)
    if dice.random() < 0.12:
        text = _replace_one(dice, text, wording.HOMOPHONES)
    return text


def _replace_one(dice: Random, text: str, replacements: dict[str, str]) -> str:
    present = [word for word in replacements if word in text]
    if not present:
        return text
    word = dice.choice(present)
    return text.replace(word, replacements[word], 1)


def _mistype(dice: Random, text: str) -> str:
    """One slip of the fingers: a letter lost, doubled, or swapped with its neighbour."""
    at = dice.randrange(1, len(text) - 1)
    match dice.randrange(3):
        case 0:
            return text[:at] + text[at + 1 :]
        case 1:
            return text[:at] + text[at] + text[at:]
        case _:
            return text[:at] + text[at + 1] + text[at] + text[at + 2 :]
