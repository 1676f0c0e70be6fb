"""What a reply means: a score from 1 to 5, as a digit or in the words that customers send by text message.

A reply is understood if it can mean one thing only. `5 - thanks`, `5分` and `很好` can; `15`, `5 or 1`, `5 very dissatisfied`
and `5天了没人管` cannot. What stands after a digit, behind a space or a sign, is the customer's comment.
"""

import re
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

DISSATISFIED = 2
_WORDS: Final = {
    5: "很好|非常好|很满意|非常满意|十分满意|五|five|very good|very satisfied|very happy|excellent",
    4: "好|满意|四|four|good|satisfied|happy",
    3: "一般|三|three|so-so|so so|neither|neutral|average",
    2: "不满意|不太满意|二|two|dissatisfied|not satisfied|unhappy",
    1: "差|很差|非常差|很不满意|非常不满意|十分不满意|一|one|poor|bad|very bad|very dissatisfied|very unhappy",
}
_NOT_VISITED: Final = "未去过|没去过|没有去过|not visited|never visited|have not been there"
_SIGNS: Final = " \t\r\n\u3000-–—~～,，.。;；:：、!！()（）[]【】\"“”'‘’"
_SIGN: Final = f"[{re.escape(_SIGNS)}]"
_UNIT: Final = r"\s*(?:颗?星|分(?!钟)|stars?\b|points?\b|out of (?:5|five)\b)"
_DIGIT: Final = re.compile(
    rf"[(（\[【\"“'‘\s]*(\d)\ufe0f?\u20e3?(?:{_UNIT})?(.*)",
    re.DOTALL | re.IGNORECASE,
)
_THANKS: Final = re.compile(rf"{_SIGN}+(?:谢谢|thanks|thank you){_SIGN}*", re.IGNORECASE)
_CLAUSE: Final = re.compile(r"[,，.。;；:：、!！?？\n]")
_OR: Final = re.compile(rf"(?:(?:or|to|and|maybe)\b|或者?|还是|到|至|和|也许){_SIGN}*", re.IGNORECASE)
_SECOND_SCORE: Final = re.compile(rf"(?<!\w)\d(?:{_UNIT}|(?!\w)(?!\s+[^\W\d]))", re.IGNORECASE)
"""A digit that counts nothing: `2 waited 3 days` has none, `5 maybe 4` has one."""


class Outcome(StrEnum):
    ARCHIVE = "archive"
    REOPEN = "reopen"
    RECORD = "record"


@dataclass(frozen=True, slots=True)
class Said:
    """An answer; without a score, it is that the customer was never there (未去过) and has nothing to rate."""

    score: int | None
    comment: str | None = None


_MEANINGS: Final = {word: Said(score) for score, words in _WORDS.items() for word in words.split("|")} | {
    word: Said(None) for word in _NOT_VISITED.split("|")
}


def understand(reply: str) -> Said | None:
    """What the customer says, or none if it could be anything else."""
    if said := _in_words(_THANKS.sub("", reply)):
        return said
    found = _DIGIT.fullmatch(reply.rstrip())
    if found is None or not 1 <= int(found[1]) <= 5:
        return None
    score, rest = int(found[1]), found[2]
    if not rest.strip(_SIGNS):
        return Said(score)
    first, comment = _clause(rest.strip(_SIGNS))
    said = _in_words(first)
    if said is not None:
        return Said(score, comment) if said.score == score else None
    if rest[0] not in _SIGNS or _offers_another(rest.strip(_SIGNS)):
        return None
    return Said(score, rest.strip(_SIGNS))


def outcome(
    score: int | None, *, open_until: datetime | None, reopened_before: bool, now: datetime
) -> Outcome:
    """A late answer is only recorded; a dissatisfied one reopens the ticket, once; any other closes it."""
    if open_until is None or now >= open_until:
        return Outcome.RECORD
    dissatisfied = score is not None and score <= DISSATISFIED
    return Outcome.REOPEN if dissatisfied and not reopened_before else Outcome.ARCHIVE


def _in_words(text: str) -> Said | None:
    return _MEANINGS.get(" ".join(text.strip(_SIGNS).casefold().split()))


def _clause(text: str) -> tuple[str, str | None]:
    """Up to the first sign that ends a clause, and what follows it."""
    first, _, rest = re.sub(_CLAUSE, "\0", text, count=1).partition("\0")
    return first, rest.strip(_SIGNS) or None


def _offers_another(comment: str) -> bool:
    """Whether what stands after a digit may be a second answer."""
    while linked := _OR.match(comment):
        comment = comment[linked.end() :]
        if _in_words(_clause(comment)[0]):
            return True
    return comment[:1].isdigit() or _SECOND_SCORE.search(comment) is not None
