"""What somebody wrote themselves: without what they answer, and without what their program writes under everything."""

import re
from collections.abc import Sequence
from typing import Final

_LINES_ABOVE: Final = 3
"""Over how many lines `On … wrote:` may go."""
_LONGEST_ABOVE: Final = 400
_HEAD_LINES: Final = 6
"""Within how many lines a second field of a quoted head has to come."""
_BAR: Final = re.compile(
    r"[-_=—–\s]{2,}\s*(?:original\s+message|original\s+appointment|forwarded\s+message|replied\s+message"
    r"|原始?邮件(?:原件)?|邮件原件|原邮件|回复的原?邮件|转发的?邮件(?:信息)?|原始信息|原訊息|原始郵件)\s*[-_=—–\s]{2,}",
    re.IGNORECASE,
)
_WROTE: Final = re.compile(
    r"(?:on\s.{0,300}?\bwrote\s*[:：]|(?:在|于|於).{1,300}?(?:写道|寫道|写到|來信|来信)\s*[:：]|[^\n]{0,300}\d[^\n]{0,300}(?:写道|寫道)\s*[:：])",
    re.IGNORECASE | re.DOTALL,
)
_ENDS_ABOVE: Final = re.compile(r"(?:wrote|写道|寫道|写到|来信|來信)\s{0,9}[:：]\s{0,9}\Z", re.IGNORECASE)
"""Looked for first: few lines end so, and the whole pattern takes a while."""
_FIELD: Final = re.compile(
    r"[\s*]*(?:from|sent|date|to|cc|subject|发件人|寄件者|寄件人|发送时间|发送日期|日期|收件人|收件者|抄送|副本|主题|主旨)\s*[*]*\s*[:：]",
    re.IGNORECASE,
)
_FROM: Final = re.compile(r"[\s*]*(?:from|发件人|寄件者|寄件人)\s*[*]*\s*[:：]", re.IGNORECASE)
_SIGNED: Final = re.compile(
    r"(?:--|sent from my .{1,40}|sent from (?:mail|outlook|yahoo mail).{0,60}|get outlook for .{1,20}.{0,80}"
    r"|(?:发|發)自我的.{1,40}|从我的.{1,30}发送|從我的.{1,30}傳送|来自我的.{1,40}|发自(?:网易邮箱|QQ邮箱|Outlook|新浪邮箱).{0,60}|从 ?windows.{0,20}(?:邮件|mail).{0,20}发送)",
    re.IGNORECASE,
)


def own_words(text: str) -> str:
    """The text without quotations and signature; all of it, where nothing else is left."""
    lines = text.split("\n")
    kept: list[str] = []
    place = 0
    while place < len(lines):
        length = _opens_quotation(lines, place)
        if length and _is_quoted(lines, place + length):
            place += length  # The marked lines go by themselves; below them may be an answer.
        elif length:
            break
        elif lines[place].lstrip().startswith(">"):
            place += 1
        elif _SIGNED.fullmatch(lines[place][:_LONGEST_ABOVE].strip(" ")):
            break
        else:
            kept.append(lines[place])
            place += 1
    return re.sub(r"\n{3,}", "\n\n", "\n".join(kept)).strip() or text.strip()


def _opens_quotation(lines: Sequence[str], place: int) -> int:
    """How many lines from here on say that what follows is quoted; 0 where none does."""
    line = lines[place].strip()
    if len(line) > _LONGEST_ABOVE:
        return 0
    if _BAR.fullmatch(line):
        return 1
    if _FROM.match(line) and _fields(lines[place : place + _HEAD_LINES]) >= 2:
        return 1
    for length in range(1, _LINES_ABOVE + 1):
        above = lines[place : place + length]
        if not above[-1].strip() or sum(map(len, above)) > _LONGEST_ABOVE:
            return 0
        if _ENDS_ABOVE.search(above[-1][-30:]) and _WROTE.fullmatch("\n".join(above).strip()):
            return length
    return 0


def _fields(lines: Sequence[str]) -> int:
    return sum(1 for line in lines if _FIELD.match(line[:_LONGEST_ABOVE]))


def _is_quoted(lines: Sequence[str], place: int) -> bool:
    """Whether the next line with something on it is marked as quoted."""
    following = next((line for line in lines[place : place + 3] if line.strip()), "")
    return following.lstrip().startswith(">")
