"""HTML as the text that somebody reads in it: no styles, no scripts, links with their addresses, quotations marked with `>`."""

import re
from collections.abc import Mapping
from html.parser import HTMLParser
from typing import Final

LONGEST: Final = 512 << 10
"""Characters of markup that are looked at."""
_PIECE: Final = 16 << 10
_UNREAD: Final = frozenset({"script", "style", "head", "title", "template", "svg"})
_BLOCK: Final = re.compile(
    "address|article|aside|blockquote|center|d[dlt]|div|fieldset|figure|footer|form|h[1-6r]|header|li|main|nav|[ou]l|p|pre"
    "|section|table|t(?:body|foot|head|r)"
)
_APART: Final = frozenset({"p", "h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "table", "blockquote", "pre"})
_NOISE: Final = re.compile(r"<!--.*?(?:-->|\Z)|<!\[.*?(?:\]>|\Z)|<\?.*?(?:>|\Z)", re.DOTALL)
"""Comments, what Word puts into them, and instructions: out before the parser sees them, which is slow where they never end."""

_LONE: Final = re.compile(r"<(?![a-zA-Z/][^<>]*>)")
"""A bracket that begins no tag that ends: the parser would look for the end of each of them anew."""


def text_of(markup: str, *, most: int) -> str:
    """The text, one line for each block; about its first `most` characters, for the parser takes its time."""
    reader, whole = _Reader(), _LONE.sub("&lt;", _NOISE.sub("", markup[:LONGEST]))
    for place in range(0, len(whole), _PIECE):
        if reader.length < most:
            reader.feed(whole[place : place + _PIECE])
    reader.close()
    return reader.text()


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self._lines: list[str] = []
        self._line: list[str] = []
        self._unread: list[str] = []
        self._quoted = 0
        self.length = 0
        """Of what was read by now."""
        self._link: tuple[str, int] | None = None

    def text(self) -> str:
        self._break()
        return re.sub(r"\n{3,}", "\n\n", "\n".join(self._lines)).strip()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "body":
            self._unread.clear()  # Not everybody ends their head.
        if tag in _UNREAD:
            self._unread.append(tag)
        elif not self._unread:
            self._begin(tag, dict(attrs))

    def _begin(self, tag: str, given: Mapping[str, str | None]) -> None:
        if tag == "br":
            self._break(blank=True)
        elif _BLOCK.fullmatch(tag):
            self._break(apart=tag in _APART)
        if tag == "blockquote":
            self._quoted += 1
        elif tag == "li":
            self._line.append("- ")
        elif tag in {"td", "th"} and self._line:
            self._line.append("\t")
        elif tag == "img" and given.get("alt"):
            self._line.append(f"[{given['alt']}]")
        elif tag == "a":
            self._link = (given.get("href") or "").strip(), len(self._line)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in _UNREAD:
            self.handle_starttag(tag, attrs)

    def handle_endtag(self, tag: str) -> None:
        if self._unread:
            if tag in self._unread:
                del self._unread[self._unread.index(tag) :]
            return
        if tag == "a":
            self._end_link()
        elif _BLOCK.fullmatch(tag):
            self._break(apart=tag in _APART)
        if tag == "blockquote":
            self._quoted = max(0, self._quoted - 1)

    def handle_data(self, data: str) -> None:
        if not self._unread:
            self._line.append(re.sub(r"\s+", " ", data))
            self.length += len(data)

    def _end_link(self) -> None:
        target, begin = self._link or ("", 0)
        shown = "".join(self._line[begin:]).strip()
        told = target.partition(":")[2].strip("/") in shown
        if target.lower().startswith(("http://", "https://", "mailto:", "tel:")) and not told:
            self._line.append(f" <{target[:2000]}>")
        self._link = None

    def _break(self, *, blank: bool = False, apart: bool = False) -> None:
        """End the line, if there is something on it; an empty one is kept where it is meant, or sets a block apart."""
        line = re.sub(" {2,}", " ", "".join(self._line)).strip()
        if line or blank:
            self._lines.append("> " * min(self._quoted, 9) + line)
        if apart and self._lines and self._lines[-1]:
            self._lines.append("")
        self._line.clear()
        if self._link:
            self._link = self._link[0], 0
