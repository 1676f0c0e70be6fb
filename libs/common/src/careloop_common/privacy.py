"""Personal data: sealed at rest and in events, looked up by blind index, shown masked.

A sealed value is AES-256-GCM under the key of its subject, where the subject has one, else under a key of the ring; it is
bound to its subject and field (a value moved to another row does not open). Keys of subjects are made, loaded and destroyed
by `careloop_common.subject_keys`: with its key all that is sealed for a subject is gone, wherever there are copies of it.

A blind index is an HMAC-SHA-256 of the normalised value under a key derived from the ring's last (oldest) key, so that
rotation leaves look-up intact.
"""

import base64
import hashlib
import hmac
import os
import time
from typing import NamedTuple
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from careloop_common.errors import SealBroken, SubjectKeyGone

_NONCE, _TAG, _KEY_ID = 12, 16, 8
_BYTES_V1 = b"\x01"
_WRAPPED = "subject-key"
_LIFE, _MOST = 600.0, 100_000
FRESH = 5.0
"""Seconds for which a key of a subject is taken for what it is without asking: so long one that was destroyed may open."""
OVERHEAD = len(_BYTES_V1) + _KEY_ID + _NONCE + _TAG
"""By how much sealed bytes are longer than what is in them."""


class _Held(NamedTuple):
    cipher: AESGCM
    asked: float
    """When it was asked for; 0 if whoever made it has not committed it."""
    since: float


class _SubjectKeys:
    """The keys of subjects that are at hand, those last that came last."""

    def __init__(self) -> None:
        self._held: dict[UUID, _Held] = {}

    def get(self, subject_id: UUID) -> AESGCM | None:
        held = self._held.get(subject_id)
        return held.cipher if held else None

    def fresh(self, subject_id: UUID) -> bool:
        held = self._held.get(subject_id)
        return held is not None and time.monotonic() - held.asked < FRESH

    def hold(self, subject_id: UUID, key: bytes, *, kept: bool) -> None:
        now = time.monotonic()
        self._held.pop(subject_id, None)
        self._held[subject_id] = _Held(AESGCM(key), now if kept else -FRESH, now)
        while len(self._held) > _MOST or now - next(iter(self._held.values())).since > _LIFE:
            del self._held[next(iter(self._held))]

    def drop(self, subject_id: UUID) -> None:
        self._held.pop(subject_id, None)


class Vault:
    """Seals and opens personal data; `ring` is `id:base64(32 bytes)`, comma separated, newest first."""

    def __init__(self, ring: str) -> None:
        keys: dict[str, bytes] = {}
        for entry in filter(None, (part.strip() for part in ring.split(","))):
            name, _, encoded = entry.partition(":")
            keys[name] = base64.b64decode(encoded, validate=True)
            if len(keys[name]) != 32:
                raise ValueError(f"data key {name!r} must be 32 bytes")
        if not keys:
            raise ValueError("the data key ring is empty")
        self._ciphers = {name: AESGCM(key) for name, key in keys.items()}
        self._newest = next(iter(keys))
        self._by_id = {_key_id(name): cipher for name, cipher in self._ciphers.items()}
        self._keys = keys
        self._subjects = _SubjectKeys()
        self._index_key = hmac.digest(list(keys.values())[-1], b"careloop blind index", "sha256")

    def keys_for(self, purpose: str) -> dict[str, bytes]:
        """The ring's keys as they are for one other purpose, by id, newest first: none of them opens what is sealed."""
        return {name: hmac.digest(key, purpose.encode(), "sha256") for name, key in self._keys.items()}

    def new_key(self, subject_id: UUID) -> bytes:
        """A key for a subject, wrapped as it is stored."""
        return self.seal_bytes(subject_id, _WRAPPED, os.urandom(32))

    def hold(self, subject_id: UUID, wrapped: bytes, *, kept: bool = True) -> None:
        """Have a subject's key at hand; one that is not `kept` yet is asked for again by whoever comes next."""
        self._subjects.hold(subject_id, self.open_bytes(subject_id, _WRAPPED, wrapped), kept=kept)

    def drop(self, subject_id: UUID) -> None:
        """Have a subject's key no more."""
        self._subjects.drop(subject_id)

    def holds(self, subject_id: UUID) -> bool:
        """Whether a subject's key is at hand, and was asked for a moment ago."""
        return self._subjects.fresh(subject_id)

    def seal(self, subject_id: UUID, field: str, value: str) -> str:
        """Ciphertext of `value`, a printable token: `v2.<base64>` under the subject's key, `v1.<key id>.<base64>` under
        one of the ring."""
        nonce = os.urandom(_NONCE)
        own = self._subjects.get(subject_id)
        sealed = (own or self._ciphers[self._newest]).encrypt(
            nonce, value.encode(), _bound(subject_id, field)
        )
        encoded = base64.urlsafe_b64encode(nonce + sealed).decode()
        return f"v2.{encoded}" if own else f"v1.{self._newest}.{encoded}"

    def open(self, subject_id: UUID, field: str, token: str) -> str:
        """The value that `seal` was given; `SealBroken` for another subject, field or key."""
        try:
            version, _, rest = token.partition(".")
            name, _, encoded = rest.rpartition(".")
            raw = base64.urlsafe_b64decode(encoded)
            cipher = self._cipher(subject_id, version, name)
            opened = cipher.decrypt(raw[:_NONCE], raw[_NONCE:], _bound(subject_id, field))
        except (ValueError, KeyError, InvalidTag) as error:
            raise SealBroken from error
        return opened.decode()

    def _cipher(self, subject_id: UUID, version: str, name: str) -> AESGCM:
        if version == "v2" and not name:
            if own := self._subjects.get(subject_id):
                return own
            raise SubjectKeyGone
        if version == "v1":
            return self._ciphers[name]
        raise SealBroken

    def seal_bytes(self, subject_id: UUID, field: str, value: bytes) -> bytes:
        """Ciphertext of `value`, always longer by `OVERHEAD`, so that a part of many can be found by counting."""
        nonce = os.urandom(_NONCE)
        sealed = self._ciphers[self._newest].encrypt(nonce, value, _bound(subject_id, field))
        return b"".join((_BYTES_V1, _key_id(self._newest), nonce, sealed))

    def open_bytes(self, subject_id: UUID, field: str, sealed: bytes) -> bytes:
        """The bytes that `seal_bytes` was given; `SealBroken` for anything else."""
        key, rest = sealed[1 : 1 + _KEY_ID], sealed[1 + _KEY_ID :]
        try:
            if sealed[:1] != _BYTES_V1:
                raise SealBroken
            return self._by_id[key].decrypt(rest[:_NONCE], rest[_NONCE:], _bound(subject_id, field))
        except (ValueError, KeyError, InvalidTag) as error:
            raise SealBroken from error

    def blind_index(self, kind: str, value: str) -> str:
        """Hex HMAC by which a normalised `value` of this `kind` can be found without being readable."""
        return hmac.new(self._index_key, f"{kind}\0{value}".encode(), hashlib.sha256).hexdigest()


def _bound(subject_id: UUID, field: str) -> bytes:
    return subject_id.bytes + field.encode()


def _key_id(name: str) -> bytes:
    return hashlib.sha256(name.encode()).digest()[:_KEY_ID]


def mask_phone(value: str) -> str:
    """`+8613812345678` → `+86138****5678`: enough to recognise, too little to dial."""
    return value if len(value) < 8 else f"{value[:-8]}****{value[-4:]}"


def mask_email(value: str) -> str:
    """`zhang.wei@example.com` → `z***@example.com`."""
    local, _, domain = value.rpartition("@")
    return f"{local[:1]}***@{domain}"


def mask_name(value: str) -> str:
    """`张伟` → `张*`, `Wei Zhang` → `W*** Z***`."""
    if value.isascii():
        return " ".join(f"{word[:1]}***" for word in value.split())
    return value[:1] + "*" * (len(value) - 1)
