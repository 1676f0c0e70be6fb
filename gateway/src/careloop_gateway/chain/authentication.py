from base64 import b64decode
from datetime import datetime

from careloop_common import clock
from careloop_common.errors import DomainError, Unauthenticated

from careloop_gateway.chain.rate import LimitRate
from careloop_gateway.chain.write_keys import said_in_body
from careloop_gateway.errors import CredentialsInvalid
from careloop_gateway.exchange import Exchange
from careloop_gateway.identity.access_tokens import AccessTokens
from careloop_gateway.identity.keyring import Keyring
from careloop_gateway.identity.minting import Minter
from careloop_gateway.identity.principal import Principal
from careloop_gateway.identity.secrets import PREFIX
from careloop_gateway.metrics import REFUSED_CREDENTIALS

AUTHORIZATION = b"authorization"
API_KEY = b"x-api-key"


class Authenticate:
    """Find out who is calling, and put it as services are told it."""

    def __init__(
        self, keyring: Keyring, tokens: AccessTokens | None, minter: Minter, rate: LimitRate
    ) -> None:
        self._keyring = keyring
        self._tokens = tokens
        self._minter = minter
        self._rate = rate

    async def __call__(self, exchange: Exchange) -> None:
        if exchange.matched.scope is None:
            return
        now = clock.now()
        try:
            credentials = await _credentials(exchange)
            principal = exchange.principal = await self._identify(credentials, now)
        except (CredentialsInvalid, Unauthenticated) as refusal:
            self._refused(exchange, refusal)
            raise
        exchange.authorization = self._minter.authorization(principal, now)

    async def _identify(self, credentials: str, now: datetime) -> Principal:
        if credentials.startswith(PREFIX):
            return await self._keyring.authenticate(credentials, now)
        if self._tokens is None:
            raise CredentialsInvalid("Only API keys are accepted here.")
        return await self._tokens.authenticate(credentials, now)

    def _refused(self, exchange: Exchange, refusal: DomainError) -> None:
        """Who keeps guessing is slowed down."""
        REFUSED_CREDENTIALS.labels(refusal.code).inc()
        self._rate.refused(exchange)


async def _credentials(exchange: Exchange) -> str:
    """The one credential of the request. Two of them would let a client and a proxy disagree about who calls."""
    given = [value for name, value in exchange.scope["headers"] if name in {AUTHORIZATION, API_KEY}]
    if not given:
        if key := await said_in_body(exchange):
            return key
        raise Unauthenticated("Send an API key or an access token: `Authorization: Bearer …`.")
    if len(given) > 1:
        raise CredentialsInvalid("Send one credential, in one header.")
    text: str = given[0].decode("latin-1").strip()
    if API_KEY in exchange.headers:
        if not text.startswith(PREFIX):
            raise CredentialsInvalid("X-API-Key takes an API key.")
        return text
    scheme, _, token = text.partition(" ")
    if scheme.lower() == "basic":
        return _user(token.strip())
    if scheme.lower() != "bearer" or not token.strip():
        raise CredentialsInvalid("The scheme must be Bearer or, with an API key, Basic.")
    return token.strip()


def _user(encoded: str) -> str:
    """The API key that a collecting SDK sends as a user without a password, which it calls its write key."""
    try:
        user, colon, password = b64decode(encoded, validate=True).decode("ascii").partition(":")
    except ValueError as error:
        raise CredentialsInvalid("Basic takes `key:` in base64.") from error
    if not user.startswith(PREFIX) or not colon or password:
        raise CredentialsInvalid("Basic takes an API key as the user, and no password.")
    return user
