"""Access tokens of an OAuth 2 or OpenID Connect issuer: RFC 9068 tokens, checked as RFC 8725 wants it."""

import hashlib
import re
import unicodedata
from collections import OrderedDict
from datetime import datetime
from typing import Any

import jwt

from careloop_gateway.errors import CredentialsInvalid
from careloop_gateway.identity.jwks import ALGORITHMS, KeySet
from careloop_gateway.identity.principal import KEY_SUBJECT, Principal
from careloop_gateway.identity.roles import scopes_of

LEEWAY = 60
LONGEST = 8192
_TYPES = ("at+jwt", "application/at+jwt")
_KEY_ID = re.compile(r"[A-Za-z0-9_.~=+-]{1,128}")
_CHECKED_SECONDS = 60
_CHECKED = 10_000
_REQUIRED = ["iss", "aud", "sub", "exp", "iat"]
_FARTHEST = 1 << 40
"""No token is good beyond this, in seconds since 1970: larger numbers are made to see what breaks."""


class AccessTokens:
    """Checks access tokens of one issuer; one that was checked is known for a minute."""

    def __init__(self, keys: KeySet, *, issuer: str, audience: str) -> None:
        self._keys = keys
        self._issuer = issuer
        self._audience = audience
        self._checked: OrderedDict[bytes, tuple[float, Principal]] = OrderedDict()

    async def authenticate(self, token: str, now: datetime) -> Principal:
        """Whom the token names; `CredentialsInvalid` when anything about it is wrong."""
        if len(token) > LONGEST:
            raise CredentialsInvalid("The access token is too long.")
        at = now.timestamp()
        digest = hashlib.sha256(token.encode()).digest()
        known = self._checked.get(digest)
        if known is not None and at < known[0]:
            return known[1]
        claims = self._claims(token, await self._key(token))
        principal = _principal(claims)
        self._checked[digest] = (min(at + _CHECKED_SECONDS, float(claims["exp"]) + LEEWAY), principal)
        if len(self._checked) > _CHECKED:
            self._checked.popitem(last=False)
        return principal

    async def _key(self, token: str) -> jwt.PyJWK:
        """The issuer's key that the header names. Keys and addresses in the header itself are never looked at."""
        try:
            header = jwt.get_unverified_header(token)
        except (jwt.InvalidTokenError, ValueError, RecursionError) as error:
            raise CredentialsInvalid("The access token cannot be read.") from error
        kind, algorithm, key_id = header.get("typ"), header.get("alg"), header.get("kid")
        if not isinstance(kind, str) or kind.lower() not in _TYPES:
            raise CredentialsInvalid("This is not an access token (`typ` must be at+jwt).")
        if algorithm not in ALGORITHMS or "crit" in header or "b64" in header:
            raise CredentialsInvalid("The access token is signed in a way that is not accepted.")
        if not isinstance(key_id, str) or not _KEY_ID.fullmatch(key_id):
            raise CredentialsInvalid("The access token names no usable key.")
        key = await self._keys.find(key_id, algorithm)
        if key is None:
            raise CredentialsInvalid("The access token is signed by an unknown key.")
        return key

    def _claims(self, token: str, key: jwt.PyJWK) -> dict[str, Any]:
        try:
            claims: dict[str, Any] = jwt.decode(
                token,
                key,
                algorithms=list(ALGORITHMS),
                audience=self._audience,
                issuer=self._issuer,
                leeway=LEEWAY,
                options={"require": _REQUIRED},
            )
        except jwt.ExpiredSignatureError as error:
            raise CredentialsInvalid("The access token has expired.") from error
        except (jwt.InvalidTokenError, ValueError, TypeError, OverflowError, RecursionError) as error:
            raise CredentialsInvalid("The access token is not valid.") from error
        if not isinstance(claims["exp"], int | float) or claims["exp"] > _FARTHEST:
            raise CredentialsInvalid("The access token is good for longer than anything is.")
        subject = claims["sub"]
        if not subject or len(subject) > 200 or subject.startswith(KEY_SUBJECT) or not _is_text(subject):
            raise CredentialsInvalid("The access token names nobody.")
        return claims


def _principal(claims: dict[str, Any]) -> Principal:
    roles = claims.get("roles", [])
    if not isinstance(roles, list) or not isinstance(claims.get("scope", ""), str):
        raise CredentialsInvalid("`roles` must be a list and `scope` a string.")
    named = tuple(sorted({role for role in roles if isinstance(role, str) and _is_text(role)}))
    scopes = scopes_of(frozenset(named), frozenset(claims.get("scope", "").split()))
    # A client that acts for itself has its own id as its subject (RFC 9068, section 2.2).
    kind = "service" if claims.get("client_id") == claims["sub"] else "user"
    name = str(claims.get("name", ""))[:200]
    return Principal(claims["sub"], kind, name if _is_text(name) else "", named, scopes)


def _is_text(value: str) -> bool:
    """Whether a database and a log can hold it: no control characters, no halves of characters."""
    return not any(unicodedata.category(letter) in {"Cc", "Cs"} for letter in value)
