"""Names of people, Chinese and others: what is written down, and what equal names share.

Order, titles and full-width forms are settled; letters stay as they are: nobody can tell 李丽 from 李莉 by Li Li, or how
McDonald writes himself by MCDONALD.
"""

import re
from typing import Final

from careloop_profile.identifiers.policy.outcome import Outcome, Reason, flagged, refused, repair
from careloop_profile.identifiers.policy.text import clean, is_placeholder

_HAN = r"㐀-䶿一-鿿〇\U00020000-\U0003134f"
_USUAL = re.compile(rf"[{_HAN}]{{2,4}}")
_SPACED = re.compile(rf"(?<=[{_HAN}])\s+(?=[{_HAN}])")
_DOT = re.compile(rf"(?<=[{_HAN}])\s*[.．・•‧∙●·]\s*(?=[{_HAN}])")
_HAN_ONLY = re.compile(rf"[{_HAN}·]+")
_CHINESE_TITLE = ("先生", "女士", "小姐", "太太", "老师", "经理", "师傅")
_TITLE = re.compile(r"(先生|女士|小姐|太太|老师|经理|师傅)$|^(mr|mrs|ms|miss|dr|prof)\b\.?", re.IGNORECASE)
_FAMILY_FIRST = re.compile(r"([^\W\d_][^\d,]*),\s*([^\W\d_][^\d,]*)")
_SUFFIX = re.compile(r"(jr|sr|ii|iii|iv|phd|md|esq)\.?", re.IGNORECASE)
_DIGIT, _LOST = re.compile(r"\d"), re.compile(r"[?？\ufffd□]")
_FORMULA = ("=", "+", "-", "@")
"""How cells begin that spreadsheets run."""
_SEPARATORS = re.compile(r"[\s.,·•・\-']+")
_EXAMPLES = frozenset({"张三", "李四", "王五", "赵六", "某某", "某某某", "john doe", "jane doe"})
"""Who is in examples everywhere. There are people with these names, so they are only pointed at."""
COMPOUND_FAMILY_NAMES: Final = frozenset(
    {
        *("欧阳", "司马", "上官", "诸葛", "司徒", "东方", "皇甫", "尉迟", "公孙", "慕容", "长孙", "宇文"),
        *("夏侯", "端木", "令狐", "南宫", "轩辕", "百里", "呼延", "东郭", "独孤", "拓跋", "闻人", "澹台"),
    }
)


def normalise_name(raw: str) -> Outcome:
    """The name of a person as it is written down, or the reason why it is none."""
    if _USUAL.fullmatch(raw) and raw[-2:] not in _CHINESE_TITLE and not is_placeholder(raw):
        return flagged(Outcome(raw), "example_name") if raw in _EXAMPLES else Outcome(raw)
    text = _DOT.sub("·", _SPACED.sub("", clean(raw))).strip(" ,;")
    if is_placeholder(text):
        return refused(Reason.PLACEHOLDER if text else Reason.EMPTY)
    if not any(map(str.isalpha, text)):
        return refused(Reason.UNREADABLE if _LOST.search(text) else Reason.SYNTAX)
    return _doubted(_in_order(_without_title(text)))


def split_name(name: str) -> tuple[str, str] | None:
    """Family and given name of a Chinese name in characters; None of others, whose order nobody can tell."""
    if not _USUAL.fullmatch(name):
        return None
    size = 2 if len(name) > 2 and name[:2] in COMPOUND_FAMILY_NAMES else 1
    return name[:size], name[size:]


def _without_title(text: str) -> Outcome:
    bare = _TITLE.sub("", text).strip()
    if bare == text:
        return Outcome(text)
    if _is_family_name(bare):
        return flagged(Outcome(text), "family_name_only")
    return repair(Outcome(text), bare, "title", 1.0)


def _is_family_name(text: str) -> bool:
    if _HAN_ONLY.fullmatch(text):
        return len(text) == 1 or text in COMPOUND_FAMILY_NAMES
    return not re.search(r"[\s,]", text)


def _in_order(written: Outcome) -> Outcome:
    """Smith, John is John Smith."""
    match = _FAMILY_FIRST.fullmatch(written.value or "")
    if match is None or _SUFFIX.fullmatch(match[2].strip()):
        return written
    return repair(written, f"{match[2].strip()} {match[1].strip()}", "order", 0.9995)


def _doubted(written: Outcome) -> Outcome:
    name = written.value or ""
    doubts = (
        ("unreadable_characters", _LOST.search(name)),
        ("digits", _DIGIT.search(name)),
        ("formula", name.startswith(_FORMULA)),
        ("example_name", name.casefold() in _EXAMPLES),
        ("family_name_only", len(name) == 1),
    )
    for flag, found in doubts:
        if found and flag not in written.flags:
            written = flagged(written, flag)
    return written


def comparable_name(raw: str) -> str | None:
    """A spelling that equal names share, whatever their titles, blanks and order; None for what names nobody.

    A family name with a title (张先生) names nobody: one in fourteen Chinese is a 张.
    """
    text = _TITLE.sub("", clean(raw).casefold()).strip()
    if is_placeholder(text):
        return None
    if text.isascii():
        return " ".join(sorted(filter(None, _SEPARATORS.split(text)))) or None
    joined = _SEPARATORS.sub("", text)
    return joined if len(joined) > 1 else None
