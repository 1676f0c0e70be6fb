"""What a customer says out of courtesy (客套话), which asks for nothing: 谢谢, 收到, 好的, thank you, OK, 👍."""

import re
import unicodedata
from typing import Final

_SAYS_IT: Final = (
    "谢谢|谢谢帮忙|多谢|感谢|谢了|谢啦|辛苦了|费心了|收到|好的|好嘞|好滴|知道了|明白了|了解了|好了|可以了|没事了|没问题|没问题了|搞定了"
    "|解决了|已解决|已经解决|问题已解决|问题已经解决|问题解决了|恢复了|已恢复|已经恢复|恢复正常了|已恢复正常|正常了|网络恢复了|网络已恢复"
    "|很好|非常好|很满意|非常满意|十分满意"
    "|謝謝|多謝|感謝|謝了|謝啦|費心了|沒事了|沒問題|沒問題了|解決了|已解決|已經解決|問題已解決|問題解決了|恢復了|已恢復|恢復正常了|已恢復正常|很滿意|非常滿意"
    "|thank you|thank you again|thank u|thanks|thanks again|thx|tks|cheers|much appreciated|okay|ok|got it|received|noted"
    "|understood|great|perfect|it works now|it works again|it works|works now|works again|it['’]?s working now|it is working now"
    "|working now|problem solved|problem resolved|issue resolved|solved|resolved|fixed|all good|very good|very satisfied"
    r"|[👍🙏👌🤝]|\[强\]|\[玫瑰\]|\[抱拳\]|\[合十\]|\[ok\]"
)
_GOES_WITH_IT: Final = (
    "您好|你好|客服|非常|十分|万分|萬分|太|真|很|已经|已經|已|您们|你们|您們|你們|大家|您|你|啦|啊|哦|哈|嗯|的|了"
    "|帮助|的帮忙|支持|耐心|解答|幫助|的幫忙|hi|hello|dear|team|sir|madam|so much|very much|many|a lot|all|everyone"
    "|for your help|for the help|for your assistance|for your support|for everything|for your reply|for the reply"
    "|for your quick reply|for the quick reply|for your prompt reply|for your quick response|for your prompt response"
    r"|best regards|kind regards|regards|[😊😀😄😁🌹💐❤🎉👏]|[:;](?:-?\))?|\^_?\^"
)
# Taken word by word, the longest first, and never given back: otherwise a text of 好的好的… takes for ever to refuse.
_WORDS: Final = "|".join(sorted(f"{_SAYS_IT}|{_GOES_WITH_IT}".split("|"), key=len, reverse=True))
_SIGNS: Final = r"[\s.,!。、~\"'“”‘’—–\-\ufe0f\U0001f3fb-\U0001f3ff]*+"
"""No others: `收到 😡`, `已解决 ❌` and `OK :(` say something else, and so does whatever asks."""
_ONLY: Final = re.compile(rf"{_SIGNS}(?:(?>{_WORDS}){_SIGNS})++", re.IGNORECASE)
_SOME: Final = re.compile(_SAYS_IT, re.IGNORECASE)


def is_courtesy(text: str) -> bool:
    """Whether a message says nothing but thanks, or that something was received or is well now.

    Each of its words has to be one of courtesy: `谢谢,但是还没好` is none, nor is a mere greeting.
    """
    text = unicodedata.normalize("NFKC", text)
    return bool(_ONLY.fullmatch(text) and _SOME.search(text))
