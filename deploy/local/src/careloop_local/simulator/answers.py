"""What customers say when asked whether the matter was settled."""

from dataclasses import dataclass
from random import Random

from careloop_local.simulator.dice import pick

# Score -> share, for a ticket handled in time and for one that ran late.
IN_TIME = {5: 0.38, 4: 0.34, 3: 0.17, 2: 0.07, 1: 0.04}
LATE = {5: 0.06, 4: 0.14, 3: 0.27, 2: 0.28, 1: 0.25}

COMMENTS: dict[int, tuple[str, ...]] = {
    5: ("处理很快，谢谢！", "很满意，客服小姐姐很耐心", "Solved quickly, thank you"),
    4: ("还可以，希望再快一点", "基本解决了", "Good, could be faster"),
    3: ("一般吧", "问题解决了，但过程麻烦", "It was okay"),
    2: ("拖得太久了", "解释不清楚，不太满意", "Took far too long"),
    1: ("非常差，根本没解决", "再也不用了！", "Still not fixed, terrible"),
}


@dataclass(frozen=True, slots=True)
class Answer:
    score: int
    comment: str | None


def simulate(dice: Random, *, in_time: bool) -> Answer:
    score = pick(dice, IN_TIME if in_time else LATE)
    return Answer(score, dice.choice(COMMENTS[score]) if dice.random() < 0.45 else None)
