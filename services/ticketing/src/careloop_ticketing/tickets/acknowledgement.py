"""What the customer hears at once, in their language."""

from datetime import timedelta

from careloop_ticketing.vocabulary import Kind

_ZH = {Kind.COMPLAINT: "投诉", Kind.INQUIRY: "咨询", Kind.FAULT: "故障申告", Kind.SUGGESTION: "建议"}
_UNITS = ((86400, "天", "day"), (3600, "小时", "hour"), (60, "分钟", "minute"), (1, "秒", "second"))


def text(number: str, kind: Kind, *, language: str, within: timedelta | None) -> str:
    """The acknowledgement, with the number and, if that was promised, when the first answer comes."""
    if within is None:
        return _without_promise(number, kind, language)
    amount, zh_unit, en_unit = _in_words(within)
    if language.startswith("zh"):
        return f"您的{_ZH[kind]}已受理，编号 {number}，我们将在 {amount} {zh_unit}内与您联系。"
    plural = "" if amount == 1 else "s"
    return (
        f"We have received your {kind}, number {number}, and will get back to you"
        f" within {amount} {en_unit}{plural}."
    )


def _without_promise(number: str, kind: Kind, language: str) -> str:
    if language.startswith("zh"):
        return f"您的{_ZH[kind]}已受理，编号 {number}。"
    return f"We have received your {kind}, number {number}."


def _in_words(within: timedelta) -> tuple[int, str, str]:
    seconds = int(within.total_seconds())
    return next((seconds // size, zh, en) for size, zh, en in _UNITS if size == 1 or seconds % size == 0)
