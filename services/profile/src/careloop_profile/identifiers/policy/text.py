import re
import unicodedata

_INVISIBLE = re.compile(
    "[\u00ad\u034f\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u206f\ufeff]"
)
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]+")
_SPACES = re.compile(r"\s+")

NOTHING = frozenset(
    {
        *("", "-", "--", "---", "?", "??", "/", "\\", "#n/a", "#ref!", "#value!", "(null)"),
        *("n/a", "na", "nan", "nil", "none", "null", "undefined", "无", "没有", "暂无", "空"),
    }
)
"""How files spell that there is no value."""
PLACEHOLDERS = NOTHING | frozenset(
    {
        *(".", "0", "x", "xx", "xxx", "unknown", "anonymous", "test", "tbd"),
        *("未知", "不详", "待补充", "未填", "未填写", "匿名", "测试"),
    }
)
"""What people type where they must type something."""


def tidy(raw: str) -> str:
    """Invisible and control characters gone, runs of blanks made one; the wording is left alone."""
    if raw.isascii() and raw.isprintable():
        return (_SPACES.sub(" ", raw) if "  " in raw else raw).strip()
    return _SPACES.sub(" ", _CONTROL.sub(" ", _INVISIBLE.sub("", raw))).strip()


def clean(raw: str) -> str:
    """As `tidy`, with compatibility forms folded: full-width digits and letters become plain ones."""
    return tidy(raw if raw.isascii() else unicodedata.normalize("NFKC", raw))


def is_placeholder(text: str) -> bool:
    return text.casefold() in PLACEHOLDERS


def is_nothing(text: str) -> bool:
    return text.casefold() in NOTHING
