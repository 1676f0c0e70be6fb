"""Internal tokens: what the gateway says about the caller, signed with Ed25519 and valid for a minute at most."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from careloop_common.errors import Unauthenticated

ISSUER = "careloop-gateway"
AUDIENCE = "careloop-internal"
TYPE = "internal+jwt"
_LEEWAY_SECONDS = 60
"""Clock skew between machines that a token survives."""
_CACHE = 4096


@dataclass(frozen=True, slots=True)
class Actor:
    """Who is asking. `scopes` decide; `roles` are for display and audit."""

    id: str
    kind: str = "user"
    name: str = ""
    roles: tuple[str, ...] = ()
    scopes: frozenset[str] = frozenset()

    def may(self, scope: str) -> bool:
        """Whether the actor holds `scope`."""
        return scope in self.scopes


SYSTEM = Actor(id="system", kind="system", name="CareLoop")


class TokenVerifier:
    """Checks internal tokens; a token already checked costs one dictionary look-up until it expires."""

    def __init__(self, public_key_pem: str) -> None:
        key = load_pem_public_key(public_key_pem.encode())
        if not isinstance(key, Ed25519PublicKey):
            raise TypeError("the internal public key must be Ed25519")
        self._key = key
        self._seen: dict[str, tuple[float, Actor]] = {}

    def verify(self, token: str, now: datetime) -> Actor:
        """The actor whom `token` names; `Unauthenticated` when anything about it is wrong."""
        at = now.timestamp()
        if (hit := self._seen.get(token)) and hit[0] > at:
            return hit[1]
        claims = self._claims(token)
        actor = Actor(
            id=str(claims["sub"]),
            kind=str(claims.get("kind", "user")),
            name=str(claims.get("name", "")),
            roles=tuple(claims.get("roles", ())),
            scopes=frozenset(claims.get("scopes", ())),
        )
        if len(self._seen) >= _CACHE:
            self._seen.clear()
        self._seen[token] = (float(claims["exp"]), actor)
        return actor

    def _claims(self, token: str) -> dict[str, Any]:
        try:
            if jwt.get_unverified_header(token).get("typ") != TYPE:
                raise Unauthenticated("Not an internal token.")
            claims: dict[str, Any] = jwt.decode(
                token,
                self._key,
                algorithms=["EdDSA"],
                audience=AUDIENCE,
                issuer=ISSUER,
                leeway=_LEEWAY_SECONDS,
                options={"require": ["exp", "iat", "sub"]},
            )
        except jwt.InvalidTokenError as error:
            raise Unauthenticated("The internal token is not valid.") from error
        return claims
