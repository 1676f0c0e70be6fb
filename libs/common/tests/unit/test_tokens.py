"""Internal tokens: one right way to be valid, many ways to be refused."""

import time
from datetime import UTC, datetime
from typing import Any

import jwt
import pytest
from careloop_common.errors import Unauthenticated
from careloop_common.tokens import AUDIENCE, ISSUER, TYPE, TokenVerifier
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

KEY = Ed25519PrivateKey.generate()
PEM = KEY.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def mint(key: Any = KEY, alg: str = "EdDSA", typ: str = TYPE, **claims: Any) -> str:
    at = int(time.time())
    body = {"iss": ISSUER, "aud": AUDIENCE, "sub": "agent-7", "iat": at, "exp": at + 60, "scopes": ["a:b"]}
    body |= claims
    return jwt.encode({k: v for k, v in body.items() if v is not None}, key, alg, {"typ": typ})


@pytest.fixture
def now() -> datetime:
    return datetime.fromtimestamp(time.time(), UTC)


def test_a_good_token_names_its_actor(now: datetime) -> None:
    actor = TokenVerifier(PEM).verify(mint(kind="user", roles=["agent"], name="Li"), now)
    assert (actor.id, actor.roles, actor.may("a:b"), actor.may("a:c")) == ("agent-7", ("agent",), True, False)


@pytest.mark.parametrize(
    "token",
    [
        mint(exp=int(time.time()) - 120),
        mint(aud="elsewhere"),
        mint(iss="elsewhere"),
        mint(typ="at+jwt"),
        mint(sub=None),
        mint(exp=None),
        mint(key=Ed25519PrivateKey.generate()),
        mint(key="secret-of-at-least-thirty-two-bytes!", alg="HS256"),
        mint(key="", alg="none"),
        mint()[:-4] + "AAAA",
        "a.b.c",
        "",
    ],
)
def test_anything_else_is_refused(token: str, now: datetime) -> None:
    with pytest.raises(Unauthenticated):
        TokenVerifier(PEM).verify(token, now)


def test_a_remembered_token_expires_too(now: datetime) -> None:
    verifier = TokenVerifier(PEM)
    token = mint(exp=int(now.timestamp()) - 30)
    assert verifier.verify(token, now).id == "agent-7"  # within the leeway for clock skew
    assert not [until for until, _ in verifier._seen.values() if until > now.timestamp()]
