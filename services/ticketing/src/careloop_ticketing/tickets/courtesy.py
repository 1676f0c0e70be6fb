"""What a customer says out of courtesy (客套话), which asks for nothing: 谢谢, 收到, 好的, thank you, OK."""

import re
from typing import Final

_SAYS_IT: Final = (
    "谢谢|多谢|感谢|谢了|谢啦|辛苦了|费心了|收到|好的|好嘞|知道了|明白了|了解了|解决了|已解决|已经解决|已经好了|没问题了|"
    "thank you|thank u|thanks|thx|cheers|okay|ok|got it|received|understood|great|perfect|it works now|it works|works now|solved|"
    "all good"
)
_GOES_WITH_IT: Final = (
    "非常|十分|万分|太|真|很|已|您们|你们|大家|您|你|啦|啊|哦|的|了|帮助|帮忙|支持|耐心|"
    "so much|very much|many|a lot|for your help|for the help|for your support|for everything|again|all|everyone|very"
)
# Taken word by word, the longest first, and never given back: otherwise a text of 好的好的… takes for ever to refuse.
_WORDS: Final = "|".join(sorted(f"{_SAYS_IT}|{_GOES_WITH_IT}".split("|"), key=len, reverse=True))
_ONLY: Final = re.compile(rf"[\s\W_]*+(?:(?>{_WORDS})[\s\W_]*+)++", re.IGNORECASE)
_SOME: Final = re.compile(_SAYS_IT, re.IGNORECASE)
_ASKS: Final = re.compile(r"[?？]")


def is_courtesy(text: str) -> bool:
    """Whether a message says nothing but thanks, or that something was received or is well now.

    Each of its words has to be one of courtesy: `谢谢,但是还没好` is none, nor is what asks, nor a mere greeting.
    """
    return bool(_ONLY.fullmatch(text) and _SOME.search(text)) and not _ASKS.search(text)
