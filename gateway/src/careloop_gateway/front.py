"""Everything that the gateway's requests share, put together once."""

from careloop_common.runtime import Runtime

from careloop_gateway.chain.authentication import Authenticate
from careloop_gateway.chain.matching import MatchRoute
from careloop_gateway.chain.origins import AdmitOrigins
from careloop_gateway.chain.policy import Policy
from careloop_gateway.chain.rate import REFUSED, LimitRate
from careloop_gateway.chain.scopes import demand_scope
from careloop_gateway.chain.size import limit_size
from careloop_gateway.identity import jwks
from careloop_gateway.identity.access_tokens import AccessTokens
from careloop_gateway.identity.keyring import KeyRecord, Keyring
from careloop_gateway.identity.minting import Minter
from careloop_gateway.identity.principal import KEY_SUBJECT, Principal
from careloop_gateway.identity.roles import ROLES, Role
from careloop_gateway.identity.secrets import parse_key
from careloop_gateway.keys.store import DatabaseKeys
from careloop_gateway.limits.gcra import Quota
from careloop_gateway.limits.limiter import Limiter
from careloop_gateway.routes import ROUTES
from careloop_gateway.routing import Limit, RouteTree
from careloop_gateway.settings import Settings
from careloop_gateway.upstream.pool import Pool
from careloop_gateway.upstream.proxy import Proxy


class Front:
    """The parts of the data path of one process."""

    def __init__(self, runtime: Runtime[Settings]) -> None:
        settings = runtime.settings
        self.pool = Pool(settings)
        runtime.on_close(self.pool.close)
        rate = LimitRate(Limiter(_quotas(settings)))
        keyring = Keyring(DatabaseKeys(runtime.database), fixed=_fixed(settings))
        minter = Minter(settings.internal_private_key.get_secret_value())
        self.policies: tuple[Policy, ...] = (
            limit_size,
            MatchRoute(RouteTree(ROUTES)),
            AdmitOrigins(settings.collect_origins),
            Authenticate(keyring, self._access_tokens(settings), minter, rate),
            demand_scope,
            rate,
        )

        self.proxy = Proxy(self.pool.upstreams)

    def _access_tokens(self, settings: Settings) -> AccessTokens | None:
        if settings.jwt_issuer is None:
            return None
        if settings.jwks_file is not None:
            fetch = jwks.from_file(settings.jwks_file)
        elif settings.jwks_url is not None:
            fetch = jwks.from_url(settings.jwks_url, self.pool.session)
        else:
            raise ValueError("GATEWAY_JWT_ISSUER needs GATEWAY_JWKS_URL or GATEWAY_JWKS_FILE")
        return AccessTokens(jwks.KeySet(fetch), issuer=settings.jwt_issuer, audience=settings.jwt_audience)


def _quotas(settings: Settings) -> dict[str, Quota]:
    rates = {
        Limit.READ: settings.read_per_second,
        Limit.WRITE: settings.write_per_second,
        Limit.INGEST: settings.ingest_per_second,
        Limit.ADMIN: settings.admin_per_second,
        Limit.PUBLIC: settings.public_per_second,
        REFUSED: settings.refused_per_second,
    }
    return {str(name): Quota(rate, max(1, round(2 * rate))) for name, rate in rates.items()}


def _fixed(settings: Settings) -> list[KeyRecord]:
    """The administrator's key of the settings, good for as long as it is set."""
    if settings.admin_key is None:
        return []
    key = parse_key(settings.admin_key.get_secret_value())
    if key is None:
        raise ValueError("GATEWAY_ADMIN_KEY must have the form clk_<id>_<secret of 43 characters>")
    principal = Principal(
        f"{KEY_SUBJECT}{key.id}", "api_key", "administrator", (Role.ADMIN,), ROLES[Role.ADMIN]
    )
    return [KeyRecord(key.id, principal, key.hash)]
