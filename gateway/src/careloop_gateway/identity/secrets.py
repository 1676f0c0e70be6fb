"""The form of an API key: `clk_<key id>_<256-bit secret>`. Only the hash of the secret is ever stored."""

import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass

PREFIX = "clk_"
_KEY = re.compile(r"clk_([0-9a-z]{6,32})_([0-9A-Za-z_-]{43,64})")


@dataclass(frozen=True, slots=True)
class ApiKey:
    """A key as its holder has it."""

    id: str
    secret: str

    def __str__(self) -> str:
        return f"{PREFIX}{self.id}_{self.secret}"

    @property
    def hash(self) -> bytes:
        """What is stored. The secret is 256 random bits: a slow hash would protect nothing."""
        return hashlib.sha256(self.secret.encode()).digest()


def new_key(key_id: str | None = None) -> ApiKey:
    """A new key, or a new secret for an existing one."""
    return ApiKey(key_id or secrets.token_hex(6), secrets.token_urlsafe(32))


def parse_key(text: str) -> ApiKey | None:
    """The key in `text`, or None when it is none."""
    found = _KEY.fullmatch(text)
    return ApiKey(found[1], found[2]) if found else None


def same(left: bytes, right: bytes) -> bool:
    """Compare in constant time."""
    return hmac.compare_digest(left, right)
