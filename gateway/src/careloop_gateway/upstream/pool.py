"""The services behind the gateway, over one pool of connections."""

from collections.abc import Mapping

import aiohttp

from careloop_gateway.settings import Settings
from careloop_gateway.upstream.service import Upstream

_QUIET_SECONDS = 30.0
"""Longest silence of a service inside of an answer that flows."""
_KEEPALIVE_SECONDS = 30.0
"""Shorter than the services' 75 seconds, so that it is never they who close first."""


class Pool:
    """Opened with the first request, in the loop that serves it."""

    def __init__(self, settings: Settings) -> None:
        self._connect_seconds = settings.connect_seconds
        self._session: aiohttp.ClientSession | None = None
        addresses = {
            "profile": settings.profile_url,
            "ticketing": settings.ticketing_url,
            "campaign": settings.campaign_url,
            "scoring": settings.scoring_url,
        }
        self.upstreams: Mapping[str, Upstream] = {
            name: Upstream(name, base, self.session, places=settings.upstream_concurrency)
            for name, base in addresses.items()
        }

    def session(self) -> aiohttp.ClientSession:
        if self._session is None:
            # No limit here: the bulkheads have one for each service.
            connector = aiohttp.TCPConnector(limit=0, keepalive_timeout=_KEEPALIVE_SECONDS)
            self._session = aiohttp.ClientSession(
                connector=connector,
                cookie_jar=aiohttp.DummyCookieJar(),
                auto_decompress=False,
                requote_redirect_url=False,
                skip_auto_headers={"accept", "accept-encoding", "content-type", "user-agent"},
                timeout=aiohttp.ClientTimeout(
                    total=None, sock_connect=self._connect_seconds, sock_read=_QUIET_SECONDS
                ),
            )
        return self._session

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()
