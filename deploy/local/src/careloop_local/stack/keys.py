"""Secrets of a local platform: made once, each in a file of its own that only its owner may read."""

import base64
import os
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from careloop_local.errors import LocalError


@dataclass(frozen=True, slots=True)
class Keys:
    """The directory of secrets; a process is given paths, not contents."""

    directory: Path

    @property
    def internal_private(self) -> Path:
        """Ed25519 key by which the gateway signs internal tokens."""
        return self.directory / "internal.key"

    @property
    def internal_public(self) -> Path:
        """The key that checks them."""
        return self.directory / "internal.pub"

    @property
    def data(self) -> Path:
        """Key ring that seals personal data."""
        return self.directory / "data.keys"

    @property
    def admin(self) -> Path:
        """The first administrator's API key."""
        return self.directory / "admin.key"

    def password(self, database: str) -> str:
        """Password of a database role, made when it is first asked for."""
        path = self.directory / f"{database}.password"
        _once(path, lambda: secrets.token_urlsafe(24))
        return path.read_text().strip()

    def ensure(self, *, data_exist: bool) -> None:
        """Make what is missing; refuse when there are data that a lost key had sealed."""
        if data_exist and not self.data.exists():
            raise LocalError(
                f"{self.data} is missing, and the stored personal data cannot be read without it. "
                "Put it back, or delete the data with `careloop reset`."
            )
        self.directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        _once(self.internal_private, _private_pem)
        _once(self.internal_public, lambda: _public_pem(self.internal_private.read_bytes()))
        _once(self.data, lambda: f"k1:{base64.b64encode(secrets.token_bytes(32)).decode()}")
        _once(self.admin, lambda: f"clk_{secrets.token_hex(6)}_{secrets.token_urlsafe(32)}")


def _once(path: Path, make: Callable[[], str]) -> None:
    """Write the file unless it is there; complete or not at all."""
    if path.exists():
        return
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    part = path.with_name(path.name + ".part")
    part.unlink(missing_ok=True)
    with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(make() + "\n")
    part.rename(path)


def _private_pem() -> str:
    key = Ed25519PrivateKey.generate()
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode().strip()


def _public_pem(private_pem: bytes) -> str:
    key = load_pem_private_key(private_pem, password=None).public_key()
    return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode().strip()
