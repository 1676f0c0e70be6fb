"""An application behind a real server, where the connection itself is the subject."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Iterator

import uvicorn
from starlette.types import ASGIApp

from careloop_common.patience import Patience
from careloop_common.protocol import ProblemProtocol


class _Server(uvicorn.Server):
    """A server that leaves the signals alone and says when it listens."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.listening = asyncio.Event()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.listening.set()


@contextlib.asynccontextmanager
async def serving(app: ASGIApp, patience: Patience | None = None) -> AsyncIterator[str]:
    """The address at which `app` answers inside the block."""
    patience = patience or Patience(connections=1000, head_seconds=10)
    server = _Server(
        uvicorn.Config(
            app,
            http=ProblemProtocol.with_patience(patience),  # type: ignore[arg-type]
            ws="none",
            port=0,
            log_config=None,
            access_log=False,
            proxy_headers=False,
            lifespan="off",
        )
    )
    running = asyncio.create_task(server.serve())
    await server.listening.wait()
    try:
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = server.force_exit = True
        await running
