"""Phrases of rules, and how they are found in a text.

A phrase is literal: English at word borders, Chinese anywhere; `*` stands for up to twelve characters of the same clause.
There are no regular expressions for a rule to go wrong in: the time it takes grows with the text, whatever the phrase.
"""

import re
import unicodedata
from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from operator import add

from careloop_ticketing.classification.characters import simplified
from careloop_ticketing.classification.errors import InvalidRuleSet

Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Phrase:
    needle: str
    """The longest word of the phrase: looking for it first makes a miss, the usual case, cheap."""
    others: tuple[str, ...]
    """The other words of a phrase with asterisks, without which it need not be looked for either."""
    parts: tuple[re.Pattern[str], ...]
    """What stands between the asterisks."""
    near: re.Pattern[str] | None
    """Both sides of one asterisk at once. Of several it would take a time that grows with each."""

    def is_in(self, text: str) -> bool:
        if self.near:
            return self.near.search(text) is not None
        for part in self.parts:
            if not part.search(text):
                return False
        return len(self.parts) == 1 or bool(self.places(text))

    def places(self, text: str) -> Sequence[Span]:
        """Where the phrase stands, by where it ends; places may overlap."""
        if self.needle not in text or (self.near and not self.near.search(text)):
            return ()
        found = _places(self.parts[0], text)
        for part in self.parts[1:]:
            ends = [end for _, end in found]
            reached = [
                (found[before][0], end)
                for start, end in _places(part, text)
                if (before := _before(start, ends, text)) is not None
            ]
            found = sorted(reached, key=_end)
        return found


@dataclass(frozen=True, slots=True)
class Index:
    """Phrases by two neighbouring characters that each of them has: most are ruled out without being looked for."""

    by_pair: Mapping[str, Sequence[tuple[int, Phrase]]]

    def possible(self, text: str, pairs: set[str]) -> Mapping[int, Sequence[Phrase]]:
        """By number of the rule, the phrases of it that may be in a text of these `pairs`."""
        found: dict[int, list[Phrase]] = defaultdict(list)
        for pair in self.by_pair.keys() & pairs:
            for number, phrase in self.by_pair[pair]:
                if phrase.needle in text and all(map(text.__contains__, phrase.others)):
                    found[number].append(phrase)
        return found


def index(rules: Iterable[Iterable[Phrase]]) -> Index:
    """The phrases of rules, by number of the rule, under the rarest pair of each."""
    owned = [(number, phrase) for number, phrases in enumerate(rules) for phrase in phrases]
    common = Counter(pair for _, phrase in owned for pair in _pairs(phrase.needle))
    by_pair: dict[str, list[tuple[int, Phrase]]] = defaultdict(list)
    for number, phrase in owned:
        by_pair[min(_pairs(phrase.needle), key=lambda pair: common[pair])].append((number, phrase))
    return Index(dict(by_pair))


def pairs(text: str) -> set[str]:
    """All that an index looks for in a text."""
    return set(map(add, text, text[1:])).union(text)


def _pairs(word: str) -> Sequence[str]:
    return list(map(add, word, word[1:])) or [word]


def normalise(text: str) -> str:
    """Full-width to half-width, traditional to simplified, lower case, white space and apostrophes unified."""
    folded = simplified(unicodedata.normalize("NFKC", text)).lower().replace("’", "'")
    return " ".join(folded.split())


_NAMES = re.compile(
    r"《[^《》]{1,30}》|“[^“”]{1,20}”|「[^「」]{1,20}」|『[^『』]{1,20}』"
    r'|(?<![a-z0-9])"[^"]{1,20}"(?![a-z0-9])'
)


def without_names(text: str) -> str:
    """A normalised text without titles and what stands in short quotes: names of things, and others' words."""
    return _NAMES.sub(_HOLE, text)


_DENIED = re.compile(
    r"(?<!是)不是(?!说)[^,.!?;，。！？；、]{1,12}(?=[,，]? ?(?:而|就|只)?是)"
    r"|(?:is|it's|was) not (?:the|my|about) [^,.!?;，。！？；、]{1,30}(?=[,，;]? ?(?:but|it's|it is)\b)"
)


def without_denied(text: str) -> str:
    """A normalised text without what it is said not to be: 不是宽带，而是手机. Whoever only says what it is not is heard."""
    return _DENIED.sub(_HOLE, text) if "不是" in text or " not " in text else text


def without(phrases: Iterable[Phrase], text: str) -> str:
    """A normalised text with a hole wherever one of the phrases stands, with all of a word of which it has a part."""
    places = sorted(place for phrase in phrases for place in phrase.places(text))
    if not places:
        return text
    left, covered = list(text), 0
    for place in places:
        if place[1] > covered:
            start, covered = _whole_words(place, text)
            left[start:covered] = _HOLE * (covered - start)
    return "".join(left)


def _whole_words(place: Span, text: str) -> Span:
    start, end = place
    while start > 0 and _is_word(text[start]) and _is_word(text[start - 1]):
        start -= 1
    while end < len(text) and _is_word(text[end - 1]) and _is_word(text[end]):
        end += 1
    return start, end


_HOLE = ";"
"""Ends a clause, so that nothing is found across it."""
_GAP = 12
_CLAUSE_END = re.compile("[,.!?;，。！？；、]")
_BETWEEN = f"[^,.!?;，。！？；、]{{0,{_GAP}}}"


def _places(part: re.Pattern[str], text: str) -> list[Span]:
    found, start = [], 0
    while place := part.search(text, start):
        found.append(place.span())
        start = place.start() + 1
    return found


def _end(place: Span) -> int:
    return place[1]


def _before(start: int, ends: Sequence[int], text: str) -> int | None:
    """Which of the `ends`, in ascending order, is near before `start` and in the same clause: the last, if any."""
    before = bisect_right(ends, start) - 1
    near = before >= 0 and start - ends[before] <= _GAP and not _CLAUSE_END.search(text, ends[before], start)
    return before if near else None


def read(written: str) -> Phrase:
    phrase = normalise(written)
    words = phrase.replace("*", " ").split()
    if not words:
        raise InvalidRuleSet(f"The phrase {written!r} has no word in it.", pointer="/rules")
    parts = [re.escape(part).replace(r"\ ", r"[\s-]+") for part in phrase.split("*") if part.strip()]
    if _is_word(phrase[0]):
        # A pattern that begins with its letters is looked for ten times as fast as one that begins with a border.
        first = re.escape(words[0])
        parts[0] = f"{first}(?<![a-z0-9]{first}){parts[0][len(first) :]}"
    if _is_word(phrase[-1]):
        parts[-1] += r"(?![a-z0-9])"
    needle = max(words, key=len)
    others = tuple(word for word in words if word != needle) if len(parts) > 1 else ()
    near = re.compile(f"{parts[0]}{_BETWEEN}{parts[1]}") if len(parts) == 2 else None
    return Phrase(needle, others, tuple(map(re.compile, parts)), near)


def _is_word(character: str) -> bool:
    return character.isascii() and character.isalnum()
