"""From bytes to text, whatever they claim to be written in. At worst there are replacement characters; there is never an error."""

import codecs
import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from types import MappingProxyType
from typing import Final

_CODECS: Final[Mapping[str, str]] = MappingProxyType(
    {
        # Each in the widest form of its family: what calls itself the narrow one rarely keeps to it.
        **dict.fromkeys(("utf8", "utf8mb4", "unicode11utf8"), "utf-8"),
        **dict.fromkeys(
            ("gb2312", "gb231280", "gbk", "xgbk", "cp936", "ms936", "euccn", "gb18030"), "gb18030"
        ),
        **dict.fromkeys(("big5", "xbig5", "big5hkscs", "cp950", "ms950"), "big5hkscs"),
        **dict.fromkeys(
            ("iso2022jp", "iso2022jp1", "iso2022jp2", "iso2022jp3", "csiso2022jp"), "iso2022_jp_ext"
        ),
        **dict.fromkeys(("shiftjis", "xsjis", "sjis", "cp932", "windows31j", "ms932"), "cp932"),
        **dict.fromkeys(("eucjp", "xeucjp"), "euc_jp"),
        **dict.fromkeys(("euckr", "ksc56011987", "ksc5601", "cp949", "ms949"), "cp949"),
        **dict.fromkeys(("iso2022kr",), "iso2022_kr"),
        **dict.fromkeys(("hzgb2312", "hz"), "hz"),
        **dict.fromkeys(("utf7", "unicode11utf7"), "utf-7"),
        **dict.fromkeys(("utf16", "utf16le", "utf16be"), "utf-16"),
        **{f"windows{page}": f"cp{page}" for page in range(1250, 1259)},
        **{f"cp{page}": f"cp{page}" for page in range(1250, 1259)},
        **{f"iso8859{part}": f"iso8859_{part}" for part in (*range(2, 12), 13, 14, 15, 16)},
        **dict.fromkeys(("iso88591", "latin1"), "cp1252"),
        **dict.fromkeys(("koi8r", "koi8u"), "koi8_u"),
        "tis620": "tis_620",
    }
)
"""By names without case and punctuation. A table, for not all that Python decodes is a charset, or is done with soon."""

_SINGLE: Final = re.compile(r"cp125\d|iso8859_\d+|koi8_u|tis_620")
"""Every byte is a character of these, so that they read anything: UTF-8 that is called one of them is UTF-8."""
_FOREIGN: Final = re.compile(r"[^\x00-\x7f]")
_HIGH: Final = re.compile(rb"[\x80-\xff]")
_PAIR: Final = re.compile(rb"[\xa1-\xf7][\xa1-\xfe]")
_UNSEEN: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufeff]")
_BREAKS: Final = re.compile("\r\n?|[\u2028\u2029]")


def text_of(data: bytes, declared: str | None = None, *, whole: bool = True) -> str:
    """The text, by the charset that it declares if the bytes bear that out, else by one that they do.

    What is not the whole may end within a character, which is left out then.
    """
    codec = _CODECS.get(re.sub(r"[^a-z0-9]", "", (declared or "")[:40].lower()))
    for one in _candidates(codec, data):
        with suppress(UnicodeError):
            return codecs.getincrementaldecoder(one)().decode(data, final=whole)
        if one == codec and (damaged := _hardly_damaged(data.decode(one, "replace"))):
            return damaged
    return data.decode(codec or "utf-8", "replace")


def _candidates(codec: str | None, data: bytes) -> Iterator[str]:
    if codec and not _SINGLE.fullmatch(codec):
        # First what it says: 联通 in GBK is UTF-8 by chance.
        yield from (codec, "utf-8", "gb18030")
    elif codec:
        yield from ("utf-8", codec)
    else:
        yield from ("utf-8", *(("gb18030",) if _in_pairs(data) else ()), "cp1252")


def _hardly_damaged(text: str) -> str | None:
    """The text, if most that is not ASCII could be read."""
    foreign = len(_FOREIGN.findall(text))
    return text if text.count("\ufffd") * 2 <= foreign else None


def _in_pairs(data: bytes) -> bool:
    """Whether high bytes stand beside each other, as in Chinese, and not one by one between letters, as in French."""
    high = len(_HIGH.findall(data))
    return len(_PAIR.findall(data)) * 2 * 4 >= high * 3


def cleaned(text: str) -> str:
    """Without what nobody sees or no database keeps, and with one kind of line break."""
    return _UNSEEN.sub("", _BREAKS.sub("\n", text))
