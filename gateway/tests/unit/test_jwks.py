import json

import jwt
import pytest
from careloop_gateway.identity.jwks import KEEP_SECONDS, REFETCH_SECONDS, KeySet
from cryptography.hazmat.primitives.asymmetric import rsa


def document(key_id):
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048).public_key()
    return json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(key)) | {"kid": key_id, "use": "sig"}


class Issuer:
    def __init__(self):
        self.keys = [document("one")]
        self.asked = 0
        self.now = 0.0
        self.down = False

    async def fetch(self):
        self.asked += 1
        if self.down:
            raise ConnectionRefusedError
        return json.dumps({"keys": self.keys}).encode()


@pytest.fixture
def issuer():
    return Issuer()


@pytest.fixture
def keys(issuer):
    return KeySet(issuer.fetch, clock=lambda: issuer.now)


async def test_an_unknown_key_makes_us_ask_at_most_twice_a_minute(keys, issuer):
    assert await keys.find("one", "RS256")
    for _ in range(100):
        assert await keys.find("two", "RS256") is None
    assert issuer.asked == 1
    issuer.keys.append(document("two"))
    issuer.now += REFETCH_SECONDS
    assert await keys.find("two", "RS256")
    assert issuer.asked == 2


async def test_a_key_is_good_for_its_own_algorithm_only(keys):
    assert await keys.find("one", "ES256") is None
    assert await keys.find("one", "RS256")


async def test_a_key_that_the_issuer_withdrew_ends(keys, issuer):
    assert await keys.find("one", "RS256")
    issuer.keys = [document("two")]
    issuer.now += KEEP_SECONDS + 1
    assert await keys.find("one", "RS256") is None
    assert await keys.find("two", "RS256")


async def test_an_issuer_that_is_down_locks_nobody_out(keys, issuer):
    assert await keys.find("one", "RS256")
    issuer.down = True
    issuer.now += KEEP_SECONDS + 1
    assert await keys.find("one", "RS256")


@pytest.mark.parametrize(
    "odd",
    [
        {"kty": "oct", "kid": "odd", "k": "c2VjcmV0"},
        {"kty": "RSA", "kid": "odd", "n": "!", "e": "AQAB"},
        {"kty": "RSA", "n": "AQAB", "e": "AQAB"},
        {"kty": "RSA", "kid": "odd", "use": "enc", "n": "AQAB", "e": "AQAB"},
        {"kty": "RSA", "kid": "odd", "alg": "ES256"},
        {"kid": "odd"},
        "no object",
    ],
)
async def test_other_keys_of_the_issuer_are_left_aside(keys, issuer, odd):
    issuer.keys.append(odd)
    assert await keys.find("one", "RS256")
    assert await keys.find("odd", "RS256") is None
