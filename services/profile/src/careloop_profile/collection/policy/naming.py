import re
import unicodedata
from hashlib import blake2b
from typing import Final

_MOST: Final = 48
_HASHED: Final = 8
_HUMPS: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_OTHER: Final = re.compile(r"[^a-z0-9.]+")
_NO_CODE: Final = re.compile(r"[^A-Za-z0-9._-]+")
_SOURCE: Final = 40


def kind_of(name: str) -> str:
    """What an event of somebody else's words is called here: `Order Completed` and `orderCompleted` → `order_completed`.

    What has no Latin letter, or is too long, is told apart by a hash: `提交订单` → `event_4f…`.
    """
    plain = "".join(char for char in unicodedata.normalize("NFKD", name) if not unicodedata.combining(char))
    slug = _OTHER.sub("_", _HUMPS.sub("_", plain).lower()).strip("_.")
    if not slug or not re.search("[a-z]", slug) or _foreign(plain):
        return f"event_{_hash(name)}"
    if not slug[0].isalpha():
        slug = f"event_{slug}"
    return slug if len(slug) <= _MOST else f"{slug[: _MOST - _HASHED - 1]}_{_hash(name)}"


def key_of(name: str) -> str:
    """The name of a trait as attributes are named: `firstName` → `first_name`; empty if nothing is left."""
    slug = _OTHER.sub("_", _HUMPS.sub("_", name).lower()).replace(".", "_").strip("_")
    return slug if len(slug) <= 64 and slug[:1].isalpha() and name.isascii() else ""


def source_of(name: str, actor_id: str) -> str:
    """The source that messages under a key come from: what the key is called. Two keys of one name are one source."""
    slug = _NO_CODE.sub("-", name).strip("-._").lower()[:_SOURCE]
    foreign = not name.isascii()
    return slug if slug and not foreign else _NO_CODE.sub("-", actor_id).strip("-._")[:_SOURCE]


def _foreign(text: str) -> bool:
    """Whether there are letters that the slug would drop; accents are none."""
    return any(not char.isascii() and char.isalpha() for char in text)


def _hash(name: str) -> str:
    return blake2b(name.encode(), digest_size=_HASHED // 2).hexdigest()


def record_of(source: str, role: str) -> str:
    """The source of the records that are not users: an anonymous visitor may be called as a user is, and a group too."""
    return source if role == "user" else f"{source}.{role}"
