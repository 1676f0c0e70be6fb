import re

from careloop_profile.identifiers.policy.text import clean, is_placeholder

_TITLE = re.compile(r"(先生|女士|小姐|太太|老师|经理|师傅)$|^(mr|mrs|ms|miss|dr|prof)\b\.?", re.IGNORECASE)
_SEPARATORS = re.compile(r"[\s.,·•・\-']+")


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
