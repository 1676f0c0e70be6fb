"""Internal tokens: what services are told about the caller. Signed once per caller and half minute."""

from collections import OrderedDict
from datetime import datetime

import jwt
from careloop_common.tokens import AUDIENCE, ISSUER, TYPE
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from careloop_gateway.identity.principal import Principal

LIFETIME = 60
REUSE = 30
_CALLERS = 10_000


class Minter:
    """Signs internal tokens and keeps them while at least half of their life is left."""

    def __init__(self, private_key_pem: str) -> None:
        key = load_pem_private_key(private_key_pem.encode(), password=None)
        if not isinstance(key, Ed25519PrivateKey):
            raise TypeError("the internal private key must be Ed25519")
        self._key = key
        self._minted: OrderedDict[Principal, tuple[float, str]] = OrderedDict()

    def authorization(self, principal: Principal, now: datetime) -> str:
        """The `Authorization` header by which services know `principal`."""
        at = now.timestamp()
        known = self._minted.get(principal)
        if known is not None and at < known[0]:
            return known[1]
        header = f"Bearer {self._sign(principal, int(at))}"
        self._minted[principal] = (at + REUSE, header)
        self._minted.move_to_end(principal)
        if len(self._minted) > _CALLERS:
            self._minted.popitem(last=False)
        return header

    def _sign(self, principal: Principal, at: int) -> str:
        claims = {
            "iss": ISSUER,
            "aud": AUDIENCE,
            "sub": principal.id,
            "name": principal.name,
            "kind": principal.kind,
            "roles": list(principal.roles),
            "scopes": sorted(principal.scopes),
            "iat": at,
            "exp": at + LIFETIME,
        }
        return jwt.encode(claims, self._key, algorithm="EdDSA", headers={"typ": TYPE})
