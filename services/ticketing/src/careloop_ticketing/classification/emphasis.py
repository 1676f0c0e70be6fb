"""How somebody writes, whatever the words: exclamation marks in a row, or words in capitals."""

import re
from typing import Final

_MARKS: Final = re.compile("[!！]{2}")
_SHOUTED: Final = re.compile(r"(?<![A-Za-z])(?:[A-Z]{2,}[\W\d]{1,8}){3}[A-Z]{2}")
"""Four words in a row: product names are shorter."""


def is_emphatic(text: str) -> bool:
    """Whether a text raises its voice. More text never lowers it."""
    return _MARKS.search(text) is not None or _SHOUTED.search(text) is not None
