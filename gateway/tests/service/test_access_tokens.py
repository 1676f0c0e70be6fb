import base64
import json
from datetime import timedelta

import jwt
import pytest
from aiohttp import web
from careloop_common import clock
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

ISSUER = "https://id.example"
AUDIENCE = "careloop"


@pytest.fixture(scope="module")
def keys():
    return {
        "rsa": rsa.generate_private_key(public_exponent=65537, key_size=2048),
        "ec": ec.generate_private_key(ec.SECP256R1()),
        "ed": ed25519.Ed25519PrivateKey.generate(),
        "stranger": rsa.generate_private_key(public_exponent=65537, key_size=2048),
    }


@pytest.fixture(scope="module")
def key_set(keys):
    algorithms = {
        "rsa": jwt.algorithms.RSAAlgorithm,
        "ec": jwt.algorithms.ECAlgorithm,
        "ed": jwt.algorithms.OKPAlgorithm,
    }
    documents = [
        json.loads(algorithm.to_jwk(keys[name].public_key())) | {"kid": name, "use": "sig"}
        for name, algorithm in algorithms.items()
    ]
    documents.append({"kty": "oct", "kid": "shared", "k": "c2VjcmV0", "alg": "HS256"})
    return json.dumps({"keys": documents})


@pytest.fixture
def settings_overrides(settings_overrides, key_set, tmp_path):
    (tmp_path / "jwks.json").write_text(key_set)
    given = {"jwt_issuer": ISSUER, "jwt_audience": AUDIENCE, "jwks_file": str(tmp_path / "jwks.json")}
    return {**settings_overrides, **given, "refused_per_second": 100}


@pytest.fixture
def token(keys):
    """`token(alg="ES256", key="ec", headers={…}, without=("exp",), sub=…)`: an access token, good unless told otherwise."""

    def make(*, alg="RS256", key="rsa", kid=None, headers=None, without=(), **claims):
        now = clock.now()
        said = {
            "iss": ISSUER,
            "aud": AUDIENCE,
            "sub": "mei",
            "iat": now,
            "exp": now + timedelta(minutes=5),
            "jti": "1",
            "client_id": "desktop",
            "roles": ["agent"],
            "scope": "scores:run openid",
        } | claims
        for name in without:
            said.pop(name)
        top = {"typ": "at+jwt", "kid": kid or key} | (headers or {})
        return jwt.encode(said, keys.get(key, key), algorithm=alg, headers=top)

    return make


@pytest.fixture
def call(anyone):
    async def get(text, path="/v1/whoami"):
        return await anyone.get(path, headers={"authorization": f"Bearer {text}"})

    return get


@pytest.mark.parametrize(("alg", "key"), [("RS256", "rsa"), ("ES256", "ec"), ("EdDSA", "ed")])
async def test_a_good_token_tells_who_calls_and_what_he_may(call, token, alg, key):
    answer = await call(token(alg=alg, key=key, name="Mei Lin"))
    who = answer.json()
    assert answer.status_code == 200, who
    assert (who["id"], who["kind"], who["name"], who["roles"]) == ("mei", "user", "Mei Lin", ["agent"])
    assert {"tickets:write", "scores:run"} <= set(who["scopes"])
    assert "openid" not in who["scopes"]
    assert "policies:write" not in who["scopes"]


async def test_a_client_that_acts_for_itself_is_a_service(call, token):
    who = (await call(token(sub="crm", client_id="crm", roles=["integrator"]))).json()
    assert (who["id"], who["kind"]) == ("crm", "service")


async def test_small_differences_of_clocks_do_no_harm(call, token):
    now = clock.now()
    assert (await call(token(exp=now - timedelta(seconds=30)))).status_code == 200
    assert (await call(token(nbf=now + timedelta(seconds=30)))).status_code == 200
    assert (await call(token(aud=["other", AUDIENCE]))).status_code == 200


@pytest.mark.parametrize(
    "claims",
    [
        {"exp": 10**400},
        {"exp": 1e308},
        {"exp": "9999999999"},
        {"sub": "\ud800"},
        {"sub": "a\0b"},
        {"sub": "a\r\nb"},
        {"sub": "a\x7fb"},
    ],
    ids=str,
)
async def test_claims_that_nothing_could_hold_are_no_credentials(call, token, problem, claims):
    problem(await call(token(**claims)), 401, "credentials_invalid")


async def test_a_name_or_role_that_nothing_could_hold_is_left_out(call, token):
    who = (await call(token(name="a\0b", roles=["agent", "\ud800"]))).json()
    assert (who["name"], who["roles"]) == ("", ["agent"])


def encoded(value):
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


def bad_tokens(token, keys):
    """What RFC 8725 warns of, and what people try."""
    now = clock.now()
    good = token()
    head, body, signature = good.split(".")
    claims = jwt.decode(good, options={"verify_signature": False})
    public = keys["rsa"].public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    swapped = f"{encoded({'typ': 'at+jwt', 'alg': 'HS256', 'kid': 'rsa'})}.{body}"
    yield "alg none", f"{encoded({'typ': 'at+jwt', 'alg': 'none', 'kid': 'rsa'})}.{body}."
    yield "alg None", f"{encoded({'typ': 'at+jwt', 'alg': 'None', 'kid': 'rsa'})}.{body}.{signature}"
    forged = base64.urlsafe_b64encode(hmac_of(public, swapped)).rstrip(b"=").decode()
    yield "public key as a shared secret", f"{swapped}.{forged}"
    yield (
        "shared secret of the set",
        jwt.encode(claims, b"secret" * 6, algorithm="HS256", headers={"typ": "at+jwt", "kid": "shared"}),
    )
    yield "another algorithm of the family", token(alg="RS512")
    yield "key of another kind", token(alg="ES256", key="ec", kid="rsa")
    yield "unknown key", token(key="stranger", kid="stranger")
    yield "strange key under a known id", token(key="stranger", kid="rsa")
    yield "no key id", f"{encoded({'typ': 'at+jwt', 'alg': 'RS256'})}.{body}.{signature}"
    yield "path as key id", token(kid="../../etc/passwd")
    yield "query as key id", token(kid="rsa' OR '1'='1")
    yield "number as key id", f"{encoded({'typ': 'at+jwt', 'alg': 'RS256', 'kid': 7})}.{body}.{signature}"
    yield (
        "own key in the header",
        token(
            key="stranger",
            kid="mine",
            headers={"jwk": json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(keys["stranger"].public_key()))},
        ),
    )
    yield "own key set in the header", token(key="stranger", kid="x", headers={"jku": "http://127.0.0.1:1/"})
    yield "critical extension", token(headers={"crit": ["exp"]})
    yield "wrong issuer", token(iss="https://evil.example")
    yield "wrong audience", token(aud="other")
    yield "no audience", token(without=["aud"])
    yield "identity token", token(headers={"typ": "JWT"})
    yield "no type", token(headers={"typ": None})
    yield "internal token", token(headers={"typ": "internal+jwt"})
    yield "expired", token(exp=now - timedelta(minutes=5))
    yield "never expires", token(without=["exp"])
    yield "not yet good", token(nbf=now + timedelta(minutes=5))
    yield "issued in the future", token(iat=now + timedelta(hours=1))
    yield "nobody", token(without=["sub"])
    yield "empty subject", token(sub="")
    yield "an API key's subject", token(sub="key:abcdef")
    yield "roles that are no list", token(roles="admin")
    yield "scopes that are no string", token(scope=["scores:run"])
    yield "changed body", f"{head}.{encoded(claims | {'roles': ['admin']})}.{signature}"
    yield "no signature", f"{head}.{body}."
    yield "truncated", good[:-10]
    yield "two parts", f"{head}.{body}"
    yield "five parts", f"{head}.{body}.{signature}.{body}.{body}"
    yield "garbage", "eyJ!!!.%%%.@@@"
    yield "deep", f"{base64.urlsafe_b64encode(b'[' * 4000).decode()}.{body}.{signature}"
    yield "huge", token(name="x" * 9000)
    yield "empty parts", ".."


def hmac_of(key, text):
    import hashlib
    import hmac

    return hmac.new(key, text.encode(), hashlib.sha256).digest()


async def test_bad_tokens_are_refused(call, token, keys, problem, backend):
    count = 0
    for name, text in bad_tokens(token, keys):
        answer = await call(text, "/v1/tickets")
        assert answer.status_code == 401, name
        problem(answer, 401, "credentials_invalid")
        assert answer.headers["www-authenticate"].startswith("Bearer realm="), name
        count += 1
    assert count >= 20
    assert not backend.requests


async def test_a_token_may_be_good_and_yet_not_allowed(call, token, problem, backend):
    problem(await call(token(roles=[], scope=""), "/v1/tickets"), 403, "scope_missing")
    assert not backend.requests


class TestFromTheIssuersAddress:
    @pytest.fixture
    def settings_overrides(self, settings_overrides, backend, key_set):
        async def publish(request):
            if request.path == "/jwks":
                return web.json_response(text=key_set)
            return web.json_response({})

        backend.answer = publish
        return {**settings_overrides, "jwks_file": None, "jwks_url": f"{backend.url}/jwks"}

    async def test_keys_are_read_once_from_where_the_issuer_publishes_them(self, call, token, backend):
        for key, alg in (("rsa", "RS256"), ("ec", "ES256"), ("rsa", "RS256")):
            assert (await call(token(key=key, alg=alg))).status_code == 200
        assert [request.path for request in backend.requests] == ["/jwks"]
        assert "authorization" not in backend.last.headers

    async def test_without_the_issuer_nobody_gets_in_and_nothing_breaks(self, call, token, backend, problem):
        await backend.stop()
        problem(await call(token()), 401, "credentials_invalid")


async def test_a_new_key_of_the_issuer_is_not_looked_for_at_once_again(call, token, keys, key_set, tmp_path):
    assert (await call(token())).status_code == 200
    path = tmp_path / "jwks.json"
    new = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(keys["stranger"].public_key())) | {"kid": "stranger"}
    path.write_text(json.dumps({"keys": [*json.loads(key_set)["keys"], new]}))
    assert (await call(token(key="stranger"))).status_code == 401, "asked less than 30 seconds ago"
