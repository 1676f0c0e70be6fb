"""Signatures that others can check: Ed25519, under keys that are derived from the ring for one purpose."""

from base64 import b64encode

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from careloop_common.privacy import Vault


class Signer:
    """Signs under the newest key of a ring."""

    def __init__(self, keys: Vault, purpose: str) -> None:
        self.key_id, seed = next(iter(keys.keys_for(purpose).items()))
        self._key = Ed25519PrivateKey.from_private_bytes(seed)
        public = self._key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        self.public_key = b64encode(public).decode()

    def sign(self, message: bytes) -> str:
        """The signature, in base64."""
        return b64encode(self._key.sign(message)).decode()
