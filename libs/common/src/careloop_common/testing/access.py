"""Keys and internal tokens for tests: what the gateway would have signed."""

import base64
import secrets
from collections.abc import Iterable
from datetime import timedelta

import jwt
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from careloop_common import clock
from careloop_common.tokens import AUDIENCE, ISSUER, TYPE


class Signer:
    """An Ed25519 key pair made for one test run."""

    def __init__(self) -> None:
        self._key = Ed25519PrivateKey.generate()
        self.public_pem = (
            self._key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
        )

    @property
    def private_pem(self) -> str:
        """What signs: for a gateway that stands before a service under test."""
        return self._key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()

    def token(
        self,
        scopes: Iterable[str],
        *,
        actor_id: str = "test-user",
        kind: str = "user",
        name: str = "Test User",
        roles: Iterable[str] = (),
        lifetime: timedelta = timedelta(minutes=10),
    ) -> str:
        """An internal token for an actor; a negative `lifetime` makes one that has expired."""
        now = clock.now()
        claims = {
            "iss": ISSUER,
            "aud": AUDIENCE,
            "sub": actor_id,
            "kind": kind,
            "name": name,
            "roles": list(roles),
            "scopes": sorted(scopes),
            "iat": now,
            "exp": now + lifetime,
        }
        return jwt.encode(claims, self._key, algorithm="EdDSA", headers={"typ": TYPE})


def data_keys() -> str:
    """A key ring of one fresh key, in the form of the setting `data_keys`."""
    return f"test:{base64.b64encode(secrets.token_bytes(32)).decode()}"
