"""File names: data that is shown and given back, never a path of ours."""

import re
import unicodedata
from typing import Final
from urllib.parse import quote, unquote_to_bytes

from careloop_ticketing.attachments.policy.media import EXTENSIONS

LONGEST: Final = 200
_FALLBACK: Final = "attachment"
_HIDDEN: Final = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
"""Control characters, also those that turn the direction of writing: `gpj.exe` must not read as `exe.jpg`."""
_NOT_IN_NAMES: Final = re.compile(r'[<>:"|?*]')
_WORD: Final = r"[!#$%&'*+\-.^_`|~0-9A-Za-z]"
_EXTENDED: Final = re.compile(
    rf";\s*filename\*\s*=\s*(?i:(utf-8|iso-8859-1))'[^']*'({_WORD}*)", re.IGNORECASE
)
_PLAIN: Final = re.compile(rf';\s*filename\s*=\s*(?:"((?:[^"\\]|\\.)*)"|({_WORD}+))', re.IGNORECASE)


def cleaned(given: str | None, media_type: str) -> str:
    """The last part of the name, without what is invisible, with the ending that goes with the type."""
    text = unicodedata.normalize("NFC", given or "")
    visible = "".join(one for one in text if unicodedata.category(one) not in _HIDDEN)
    last = _NOT_IN_NAMES.sub("_", re.split(r"[/\\]", visible)[-1]).strip(" .\u3000\u00a0")
    endings = EXTENSIONS[media_type.partition(";")[0]]
    stem, dot, ending = last.rpartition(".")
    if not dot or ending.lower() not in endings:
        stem, ending = last, endings[0]
    return f"{(stem or _FALLBACK)[: LONGEST - len(ending) - 1].rstrip(' .')}.{ending}"


def of_disposition(header: str) -> str | None:
    """The file name of a Content-Disposition (RFC 6266): `filename*` goes before `filename`."""
    if found := _EXTENDED.search(header):
        return unquote_to_bytes(found[2]).decode(found[1].lower(), "replace")
    if found := _PLAIN.search(header):
        return _as_sent(re.sub(r"\\(.)", r"\1", found[1]) if found[1] is not None else found[2])
    return None


def _as_sent(value: str) -> str:
    """Many clients write UTF-8 into a header, which reads as Latin-1."""
    try:
        return value.encode("latin-1").decode()
    except UnicodeError:
        return value


def disposition(name: str) -> str:
    """The Content-Disposition under which a file is given out: to be kept, not to be shown."""
    plain = "".join(one if one.isascii() and one not in '"\\%' else "_" for one in name)
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"
