"""The end of the chain for the gateway's own routes: the application behind it is called as a service would be."""

from starlette.types import ASGIApp, Message

from careloop_gateway.exchange import Exchange
from careloop_gateway.upstream.headers import to_service


class Own:
    """Calls the inner application with the headers that a service would get."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, exchange: Exchange) -> None:
        headers = to_service(exchange).items()
        raw = [(name.lower().encode(), value.encode("latin-1")) for name, value in headers]

        async def send(message: Message) -> None:
            if message["type"] == "http.response.start":
                exchange.status = message["status"]
                given = {name for name, _ in message["headers"]}
                added = [pair for pair in exchange.answer_headers if pair[0] not in given | {b"x-request-id"}]
                message = {**message, "headers": [*message["headers"], *added]}
            await exchange.send(message)

        await self._app({**exchange.scope, "headers": raw}, exchange.receive, send)
